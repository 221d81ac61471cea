import type { Reading } from "../pipeline/read-copy.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import { assertParams } from "../sinks/query/params.ts";
import { readQuery } from "../sinks/query/run.ts";
import { defineCommand } from "./command.ts";
import { EXIT } from "./failures.ts";
import { count } from "./format.ts";
import { paramsOf, sqlOf } from "./query-input.ts";
import { assertNotOver, FILE_FORMATS, fileFormat, printResult, writeResult } from "./query-output.ts";
import { RESULT_OPTIONS } from "./result-options.ts";
import { foldersOf, readingEither } from "./read-copy.ts";
import { localPath } from "./world.ts";

export const command = defineCommand({
  usage: '"SQL" | -f FILE | - [options]',
  about:
    "Runs SQL that reads the warehouse: SELECT, SHOW, DESCRIBE, SUMMARIZE, PIVOT, EXPLAIN. Statements before the last one may set up: CREATE TEMP TABLE, TEMP VIEW, " +
    "TEMP MACRO, SET VARIABLE. It reaches no other file and no network. Times are in UTC, or in --timezone. In JSON, decimals are text, and so are integers beyond " +
    "2^53, so that no digit is lost. A table shows at most 1,000 rows.",
  options: {
    file: { type: "string", short: "f", value: "FILE", help: "read the SQL from a file; - is standard input" },
    param: { type: "string", multiple: true, value: "NAME=VALUE", help: "the text that $NAME in the SQL stands for; may be repeated" },
    ...RESULT_OPTIONS,
    output: {
      type: "string",
      short: "o",
      value: "FILE",
      help: `write to a file: ${FILE_FORMATS.slice(0, -1).join(", ")} or ${FILE_FORMATS.at(-1)} by its ending`,
    },
    "spreadsheet-safe": { type: "boolean", help: "in CSV, put an apostrophe before texts that a spreadsheet would run as formulas" },
  },
  examples: [
    'query "SELECT signal_type, count(*) FROM behavior_signals GROUP BY ALL ORDER BY 2 DESC"',
    'query "SELECT * FROM orders" -o orders.parquet',
    'query --format csv "FROM email_clicks" | head',
    "query -f monthly.sql --param month=2025-09-01 --format markdown",
    'query "FROM orders LIMIT 1" --format line --timezone Europe/Berlin',
    `query "SELECT column_name, data_type, comment FROM duckdb_columns() WHERE table_name = 'orders'"`,
  ],
  positionals: [0, 1],
  async run(context, { values, positionals: [argument] }) {
    const { out } = context;
    const sql = await sqlOf(argument, values.file, context);
    const params = paramsOf(values.param);
    assertParams(sql, params);
    const given = { params, zone: values.timezone, spreadsheetSafe: values["spreadsheet-safe"] };
    const file = values.output === undefined ? undefined : { path: localPath(context, values.output), format: fileFormat(values.output) };
    const format = values.format ?? file?.format ?? (out.json ? "json" : "table");
    if (file && format !== file.format) {
      throw new SignalhouseError(
        "usage",
        `--format is ${format}, and ${file.path} is to be ${file.format}`,
        "Take --format away: the name's ending says it.",
      );
    }
    if (given.spreadsheetSafe && format !== "csv") {
      throw new SignalhouseError("usage", "--spreadsheet-safe is for CSV", "Add --format csv, or -o with a name that ends in .csv.");
    }
    const { config, file: configFile } = await context.config();
    if (file) await assertNotOver(file.path, { "the warehouse": config.warehouse, "the configuration": configFile });
    const work = async ({ connection, copy }: Reading) => {
      out.log("debug", "querying");
      const options = { ...given, ...foldersOf(copy) };
      if (file) {
        const rows = await writeResult(connection, sql, file, options);
        out.result({ file: file.path, rows }, () => [`Wrote ${count(rows, "row")} to ${file.path}`]);
      } else if (format !== "parquet") {
        await printResult(await readQuery(connection, sql, options), format, out, options);
      }
      return EXIT.done;
    };
    return readingEither(context, config, work, { mayLack: "anything" });
  },
});
