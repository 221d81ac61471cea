import { extname } from "node:path";
import type { Json } from "@duckdb/node-api";
import { oneLine } from "../schemas/characters.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import { FILE_FORMATS, type FileFormat, type QueryResult, runQuery, writeQuery } from "../sinks/query.ts";
import { defineCommand } from "./command.ts";
import { EXIT } from "./failures.ts";
import { count, number, table } from "./format.ts";
import { reading } from "./warehouse.ts";
import type { Output } from "./output.ts";
import { localPath } from "./world.ts";

const FORMATS = ["table", "json", "csv"] as const;
/** A table is for looking at; everything comes in the other formats. */
const TABLE_ROWS = 1000;
const CELL_WIDTH = 100;

export const command = defineCommand({
  usage: '"SQL" [options]',
  about:
    "Runs one SQL statement that reads the warehouse: SELECT, SHOW, DESCRIBE, SUMMARIZE, EXPLAIN. It reaches no other file and no network. " +
    "Times are in UTC. In JSON, decimals are text, and so are integers beyond 2^53, so that no digit is lost. A table shows at most 1,000 rows.",
  options: {
    format: { type: "string", value: "FORMAT", choices: FORMATS, help: `${FORMATS.join(", ")}; table by default` },
    output: { type: "string", short: "o", value: "FILE", help: "write to a file: csv, json or parquet by its ending" },
  },
  examples: [
    'query "SELECT signal_type, count(*) FROM behavior_signals GROUP BY ALL ORDER BY 2 DESC"',
    'query "SELECT * FROM orders" -o orders.parquet',
    'query --format csv "FROM email_clicks" | head',
  ],
  positionals: [1, 1],
  async run(context, { values, positionals: [sql = ""] }) {
    const { out } = context;
    const format = values.format ?? (out.json ? "json" : "table");
    const file = values.output === undefined ? undefined : { path: localPath(context, values.output), format: fileFormat(values.output) };
    return reading(
      context,
      async (connection) => {
        out.log("debug", "querying");
        if (file) {
          const rows = await writeQuery(connection, sql, file.path, file.format);
          out.result({ file: file.path, rows }, () => [`Wrote ${count(rows, "row")} to ${file.path}`]);
        } else {
          await PRINT[format](await runQuery(connection, sql), out);
        }
        return EXIT.done;
      },
      { mayLack: "anything" },
    );
  },
});

function fileFormat(path: string): FileFormat {
  const format = FILE_FORMATS.find((known) => extname(path).toLowerCase() === `.${known}`);
  if (format) return format;
  throw new SignalhouseError(
    "usage",
    `"${path}" does not say which format to write`,
    `Let the name end in ${FILE_FORMATS.map((known) => `.${known}`).join(", ")}.`,
  );
}

const PRINT: Record<(typeof FORMATS)[number], (result: QueryResult, out: Output) => Promise<void>> = {
  table: printTable,
  json: printJson,
  csv: printCsv,
};

async function printTable({ columns, rows }: QueryResult, out: Output): Promise<void> {
  const shown: Json[][] = [];
  for await (const batch of rows) {
    shown.push(...batch.slice(0, TABLE_ROWS + 1 - shown.length));
    if (shown.length > TABLE_ROWS) break;
  }
  const cell = (value: Json | undefined) => (value === null || value === undefined ? "NULL" : oneLine(text(value), CELL_WIDTH));
  const headings = columns.map(({ name, isNumber }) => (isNumber ? { right: name } : name));
  const lines = table(
    headings,
    shown.slice(0, TABLE_ROWS).map((row) => row.map(cell)),
  );
  await out.write(`${lines.join("\n")}\n`);
  const cut = shown.some((row) => row.some((value) => text(value).length > CELL_WIDTH));
  if (shown.length > TABLE_ROWS) out.note(`only the first ${number(TABLE_ROWS)} rows are shown; --format csv, --format json and -o FILE give all`);
  if (cut) out.note("long values are cut; --format csv, --format json and -o FILE give them whole");
}

async function printJson({ columns, rows }: QueryResult, out: Output): Promise<void> {
  const names = uniqueNames(columns.map(({ name }) => name));
  let separator = "[";
  for await (const batch of rows) {
    const objects = batch.map((row) => JSON.stringify(Object.fromEntries(names.map((name, index) => [name, row[index]]))));
    await out.write(`${separator}\n  ${objects.join(",\n  ")}`);
    separator = ",";
  }
  await out.write(separator === "[" ? "[]\n" : "\n]\n");
}

/** RFC 4180. An empty field is NULL, `""` is the empty text. */
async function printCsv({ columns, rows }: QueryResult, out: Output): Promise<void> {
  const line = (cells: readonly (Json | undefined)[]) => `${cells.map(csvField).join(",")}\r\n`;
  await out.write(line(columns.map(({ name }) => name)));
  for await (const batch of rows) await out.write(batch.map(line).join(""));
}

function csvField(value: Json | undefined): string {
  if (value === null || value === undefined) return "";
  const field = text(value);
  return field === "" || /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** Lists and structures are JSON. */
function text(value: Json): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A result may have the same name twice, an object may not: `id`, `id_2`. */
function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let number = 2; taken.has(unique); number++) unique = `${name}_${number}`;
    taken.add(unique);
    return unique;
  });
}
