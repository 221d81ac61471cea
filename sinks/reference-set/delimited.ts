/** Staging a delimited text file: DuckDB reads it, strictly, and says which lines it cannot read. */
import { createReadStream } from "node:fs";
import type { DuckDBConnection } from "@duckdb/node-api";
import { parse } from "csv-parse";
import { messageOf, SignalhouseError } from "../../schemas/errors.ts";
import { quoteText } from "../../schemas/names.ts";
import { DELIMITER_NAMES, type DelimiterName, DELIMITERS, type Violation } from "../../schemas/reference-set.ts";
import { rows } from "../sql.ts";
import { columnNames, type SourceColumn } from "./source.ts";

export interface StagedFile {
  columns: SourceColumn[];
  /** Lines that are no rows. */
  violations: Violation[];
}

/**
 * Stages a file with a header row. Lines that cannot be read are left out, and are violations.
 * @param most lines that are told; reading ends there
 * @throws SignalhouseError not_found, usage where there is no header
 */
export async function stageDelimited(connection: DuckDBConnection, file: string, delimiter: DelimiterName, most: number): Promise<StagedFile> {
  const names = await headerOf(file, DELIMITERS[delimiter]);
  const columns = names.map((name, index): SourceColumn => ({ name, column: `c${index + 1}`, kind: "text", proposal: "look" }));
  const options = [
    quoteText(file),
    "auto_detect = false, all_varchar = true, header = true, quote = '\"', escape = '\"', strict_mode = true, parallel = false, max_line_size = 4194304, buffer_size = 16777216",
    `delim = ${quoteText(DELIMITERS[delimiter])}`,
    `columns = {${columnNames(names.length)
      .map((name) => `'${name}': 'VARCHAR'`)
      .join(", ")}}`,
    `store_rejects = true, rejects_limit = ${most}`,
  ];
  await connection.run(`CREATE TABLE source AS SELECT * FROM read_csv(${options.join(", ")})`);
  const found = await rows<{ line: bigint; column_name: string | null; error_type: string; csv_line: string | null; error_message: string }>(
    connection,
    "SELECT line, column_name, error_type::VARCHAR AS error_type, csv_line, error_message FROM reject_errors ORDER BY line, column_idx",
  );
  return { columns, violations: found.map((reject) => violation(reject, names, delimiter)) };
}

function violation(
  {
    line,
    column_name,
    error_type,
    csv_line,
    error_message,
  }: { line: bigint; column_name: string | null; error_type: string; csv_line: string | null; error_message: string },
  names: readonly string[],
  delimiter: DelimiterName,
): Violation {
  const value = csv_line ?? "";
  const at = `line ${line}`;
  if (error_type === "INVALID ENCODING") {
    const column = names[Number(column_name?.slice(1)) - 1];
    return { rule: "encoding", ...(column === undefined ? {} : { column }), value, message: `${at} is not UTF-8; save the file as UTF-8` };
  }
  const other = DELIMITER_NAMES.find((name) => name !== delimiter && value.includes(DELIMITERS[name]) && !value.includes(DELIMITERS[delimiter]));
  const why = other ? `it has a ${other} where the file's delimiter is the ${delimiter}` : error_message.split("\n")[0];
  return { rule: "delimiter", value, message: `${at} cannot be read as ${names.length} fields: ${why}` };
}

/** The names in the first row. */
async function headerOf(file: string, delimiter: string): Promise<string[]> {
  const records = createReadStream(file).pipe(parse({ bom: true, delimiter, to: 1, relax_column_count: true }));
  try {
    for await (const record of records as AsyncIterable<string[]>) return record;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new SignalhouseError(
      missing ? "not_found" : "usage",
      missing ? `there is no file ${file}` : `the header row of ${file} cannot be read: ${messageOf(error)}`,
      missing ? "Check the path." : "The first row has the columns' names, with the file's delimiter between them.",
      error,
    );
  }
  throw new SignalhouseError("usage", `${file} is empty`, "The first row has the columns' names; rows follow.");
}
