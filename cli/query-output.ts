/** Where a query's result goes: printed, or into a file, by the same formats. */
import { stat } from "node:fs/promises";
import { extname } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { SignalhouseError } from "../schemas/errors.ts";
import { isDamage } from "../sinks/damage.ts";
import { type QueryOptions, type QueryResult, readResult, runQuery, writeParquet } from "../sinks/query/run.ts";
import { replaceBy, writeRefused } from "../sinks/whole-file.ts";
import type { Output } from "./output.ts";
import { type FormatOptions, STREAMED } from "./result-formats.ts";
import { printTable } from "./result-table.ts";

export const FORMATS = ["table", "line", "json", "jsonl", "csv", "markdown"] as const;
export type FormatName = (typeof FORMATS)[number];

/** By their endings. */
export const FILE_FORMATS = ["csv", "json", "jsonl", "parquet"] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

/** Which format a file's name says. @throws SignalhouseError usage */
export function fileFormat(path: string): FileFormat {
  const format = FILE_FORMATS.find((known) => extname(path).toLowerCase() === `.${known}`);
  if (format) return format;
  throw new SignalhouseError(
    "usage",
    `"${path}" does not say which format to write`,
    `Let the name end in ${FILE_FORMATS.map((known) => `.${known}`).join(", ")}.`,
  );
}

/** Refuses to put a result in the place of what signalhouse itself needs, under whatever name. @param own files, by what they are @throws SignalhouseError usage */
export async function assertNotOver(path: string, own: Readonly<Record<string, string | undefined>>): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  for (const [what, file] of found ? Object.entries(own) : []) {
    const other = file === undefined ? undefined : await stat(file).catch(() => undefined);
    if (other?.dev === found?.dev && other?.ino === found?.ino)
      throw new SignalhouseError("usage", `${path} is ${what} itself`, "Name another file with -o.");
  }
}

export async function printResult(result: QueryResult, format: FormatName, out: Output, options: FormatOptions): Promise<void> {
  if (format === "table") await printTable(result, out);
  else await STREAMED[format](result, (text) => out.write(text), options);
}

/**
 * Writes a result into a file. One that is there is replaced, once all is written; a named pipe is none.
 * @param path absolute
 * @returns the rows written
 * @throws SignalhouseError as runQuery, query_failed where the file cannot be written
 */
export async function writeResult(
  connection: DuckDBConnection,
  sql: string,
  { path, format }: { path: string; format: FileFormat },
  options: QueryOptions & FormatOptions,
): Promise<number> {
  // The rows may be personal data.
  return replaceBy(path, 0o600, async (file, at) => {
    if (format === "parquet") return writeParquet(connection, sql, at, options);
    const result = readResult(await runQuery(connection, sql, options));
    return STREAMED[format](result, (text) => file.writeFile(text), options);
  }).catch((error: unknown) => {
    throw isDamage(error) ? error : writeRefused(path, error, "Name another file with -o; a pipe takes what --format csv prints.", "query_failed");
  });
}
