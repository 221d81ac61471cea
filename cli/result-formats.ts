/** A query's result as text, row by row, however many there are. A value has the same text in each of them. */
import type { Json } from "@duckdb/node-api";
import { oneLine } from "../schemas/characters.ts";
import { uniqueNames } from "../sinks/query/rows.ts";
import type { QueryResult } from "../sinks/query/run.ts";
import { cellOf, textOf } from "../sinks/query/texts.ts";

export type Write = (text: string) => Promise<void>;

export interface FormatOptions {
  /** Whether texts that a spreadsheet would take for formulas get an apostrophe before them, in CSV. */
  spreadsheetSafe?: boolean | undefined;
}

/** Prints all rows, and says how many they are. */
export type Format = (result: QueryResult, write: Write, options: FormatOptions) => Promise<number>;

export const STREAMED = { line: lineFormat, json: jsonFormat, jsonl: jsonlFormat, csv: csvFormat, markdown: markdownFormat } satisfies Record<
  string,
  Format
>;

/** A list of one object for each row. */
async function jsonFormat(result: QueryResult, write: Write): Promise<number> {
  let separator = "[\n  ";
  const count = await eachBatch(result, (rows) => {
    const text = separator + rows.map(jsonObject(result)).join(",\n  ");
    separator = ",\n  ";
    return write(text);
  });
  await write(count === 0 ? "[]\n" : "\n]\n");
  return count;
}

/** An object a line. */
async function jsonlFormat(result: QueryResult, write: Write): Promise<number> {
  return eachBatch(result, (rows) => write(asLines(rows.map(jsonObject(result)))));
}

/** RFC 4180, but for line ends, which are LF. An empty field is NULL, `""` is the empty text. */
async function csvFormat(result: QueryResult, write: Write, { spreadsheetSafe = false }: FormatOptions): Promise<number> {
  const field = (value: Json | undefined) => {
    if (value === null || value === undefined) return "";
    const text = spreadsheetSafe ? withoutFormula(textOf(value)) : textOf(value);
    return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const line = (cells: readonly (Json | undefined)[]) => cells.map(field).join(",");
  await write(asLines([line(result.columns.map(({ name }) => name))]));
  return eachBatch(result, (rows) => write(asLines(rows.map(line))));
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Text that no spreadsheet takes for a formula, which could run something. */
export const withoutFormula = (text: string): string => (/^[=+\-@\t\r]/.test(text) && !NUMBER.test(text) ? `'${text}` : text);

async function markdownFormat(result: QueryResult, write: Write): Promise<number> {
  const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", String.raw`\|`)).join(" | ")} |`;
  if (!result.isPlan) {
    const rules = result.columns.map(({ isNumber }) => (isNumber ? "---:" : "---"));
    await write(asLines([row(result.columns.map(({ name }) => oneLine(name))), row(rules)]));
    return eachBatch(result, (rows) => write(asLines(rows.map((values) => row(values.map((value) => cellOf(value)))))));
  }
  await write("```text\n");
  const count = await planFormat(result, write);
  await write("```\n");
  return count;
}

/** A line for each value, for rows that are wider than a terminal. */
async function lineFormat(result: QueryResult, write: Write): Promise<number> {
  if (result.isPlan) return planFormat(result, write);
  const names = result.columns.map(({ name }) => oneLine(name));
  const width = Math.max(...names.map((name) => name.length));
  let isFirst = true;
  return eachBatch(result, (rows) => {
    const blocks = rows.map((row) => asLines(names.map((name, index) => `${name.padStart(width)} = ${cellOf(row[index])}`)));
    const text = (isFirst ? "" : "\n") + blocks.join("\n");
    isFirst = false;
    return write(text);
  });
}

/** A plan is a drawing, and stands as it is. */
export async function planFormat(result: QueryResult, write: Write): Promise<number> {
  return eachBatch(result, (rows) => write(asLines(rows.map((row) => textOf(row.at(-1) ?? null).trimEnd()))));
}

const asLines = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");

async function eachBatch({ rows }: QueryResult, write: (rows: Json[][]) => Promise<void>): Promise<number> {
  let count = 0;
  for await (const batch of rows) {
    if (batch.length > 0) await write(batch);
    count += batch.length;
  }
  return count;
}

function jsonObject({ columns }: QueryResult): (row: readonly (Json | undefined)[]) => string {
  const names = uniqueNames(columns.map(({ name }) => name)).map((name) => JSON.stringify(name));
  return (row) => `{${names.map((name, index) => `${name}:${JSON.stringify(row[index] ?? null)}`).join(",")}}`;
}
