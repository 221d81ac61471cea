/** Proving that nothing is left of somebody: each text of each table is read, and each file is searched, byte by byte. */
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteIdentifier as id, quoteText } from "../../schemas/names.ts";
import { literalPath, onlyRow, rows } from "../sql.ts";
import type { Needles } from "./needles.ts";

/** A place where something is left. */
export interface Trace {
  /** A table, with its schema where that is not main, or a file. */
  place: string;
  /** Rows of a table or of a Parquet file; null of a file's bytes. */
  rows: number | null;
}

/** What was searched. */
export interface Search {
  /** Tables that were read; none where nothing says who it was that stands nowhere by chance. */
  tables: number;
  /** Files that were searched byte by byte, and Parquet files, which are read. */
  files: number;
  /** Whether files were searched byte by byte: where a text that stays has it as a part of a longer word, their bytes say nothing. */
  bytes: boolean;
  found: Trace[];
}

/** Columns with texts in them, by their types. */
const TEXTS = /VARCHAR|JSON|BLOB|STRUCT|MAP|UNION|ENUM|BIT/;

/** Some rows of texts. */
interface Texts {
  place: string;
  from: string;
  columns: readonly string[];
}

/** What reading has found. */
interface Reading {
  found: Trace[];
  /** Whether a longer word, or a description, has one of the values in it: then bytes say nothing. */
  isPart: boolean;
}

/** Reads all tables of a warehouse. Memory: DuckDB's limit. */
export async function readTables(connection: DuckDBConnection, needles: Needles): Promise<Reading & { tables: number }> {
  const columns = await rows<{ schema: string; name: string; column: string; type: string }>(
    connection,
    `SELECT c.schema_name AS schema, c.table_name AS name, column_name AS "column", data_type AS type
     FROM duckdb_columns() c JOIN duckdb_tables() t USING (database_name, schema_name, table_name)
     WHERE database_name = current_database() AND NOT t.temporary ORDER BY ALL`,
  );
  const tables = new Map<string, Texts & { columns: string[] }>();
  for (const { schema, name, column, type } of columns) {
    const from = `${id(schema)}.${id(name)}`;
    const table = tables.get(from) ?? { place: schema === "main" ? name : `${schema}.${name}`, from, columns: [] };
    if (TEXTS.test(type)) table.columns.push(column);
    tables.set(from, table);
  }
  const reading = await readTexts(connection, [...tables.values()], needles);
  return { ...reading, isPart: reading.isPart || (await isDescribed(connection, needles)), tables: needles.distinct === undefined ? 0 : tables.size };
}

/** Whether a description of a column has one of the values in it, such as an example. */
async function isDescribed(connection: DuckDBConnection, { parts }: Needles): Promise<boolean> {
  if (parts === undefined) return false;
  const { found } = await onlyRow<{ found: boolean }>(
    connection,
    "SELECT EXISTS (FROM duckdb_columns() WHERE database_name = current_database() AND regexp_matches(comment, $1)) AS found",
    [parts],
  );
  return found;
}

/** Reads Parquet files. */
export async function readParquet(connection: DuckDBConnection, files: readonly string[], needles: Needles): Promise<Reading> {
  const texts: Texts[] = [];
  for (const file of files) {
    const from = `read_parquet(${quoteText(literalPath(file))}, hive_partitioning = false)`;
    const columns = await rows<{ column_name: string; column_type: string }>(connection, `DESCRIBE FROM ${from}`);
    texts.push({ place: file, from, columns: columns.flatMap((column) => (TEXTS.test(column.column_type) ? [column.column_name] : [])) });
  }
  return readTexts(connection, texts, needles);
}

async function readTexts(connection: DuckDBConnection, texts: readonly Texts[], { distinct, parts }: Needles): Promise<Reading> {
  const found: Trace[] = [];
  let isPart = false;
  if (distinct === undefined || parts === undefined) return { found, isPart };
  await connection.run("SET VARIABLE proof_parts = $1", [parts]);
  await connection.run("SET VARIABLE proof_words = $1", [distinct]);
  for (const { place, from, columns } of texts) {
    if (columns.length === 0) continue;
    const any = (pattern: string) =>
      columns.map((column) => `regexp_matches(CAST(${id(column)} AS VARCHAR), getvariable('${pattern}'))`).join(" OR ");
    const { part, words } = await onlyRow<{ part: bigint; words: bigint }>(
      connection,
      `SELECT count(*) AS part, count(*) FILTER (${any("proof_words")}) AS words FROM ${from} WHERE ${any("proof_parts")}`,
    );
    if (part > words) isPart = true;
    if (words > 0n) found.push({ place, rows: Number(words) });
  }
  return { found, isPart };
}

/** Searches files for the values in all their spellings, in any case. What is compressed has to be read. Memory: some MB. */
export async function searchFiles(files: readonly string[], { spellings }: Needles): Promise<Trace[]> {
  const wanted = spellings.map(bytesOf);
  const longest = Math.max(0, ...wanted.map(({ length }) => length));
  const found: Trace[] = [];
  for (const file of wanted.length === 0 ? [] : files) {
    let end = "";
    // As one character a byte, in lower case: the same of both.
    for await (const chunk of createReadStream(file, { highWaterMark: 4 * 1024 * 1024 })) {
      const text = end + (chunk as Buffer).toString("latin1").toLowerCase();
      if (wanted.some((bytes) => text.includes(bytes))) {
        found.push({ place: file, rows: null });
        break;
      }
      end = text.slice(-longest);
    }
  }
  return found;
}

const bytesOf = (text: string): string => Buffer.from(text, "utf8").toString("latin1").toLowerCase();

/** All files of a warehouse: its own, and those that signalhouse and DuckDB keep beside it, whatever is added to its name. */
export async function filesBeside(warehouse: string): Promise<string[]> {
  const folder = dirname(warehouse);
  const names = (await readdir(folder)).filter((name) => name === basename(warehouse) || name.startsWith(`${basename(warehouse)}.`));
  return (await Promise.all(names.map((name) => filesBelow(join(folder, name))))).flat();
}

/** All files at a path, and in the folders below it, each once, whatever number of names it has. */
export async function filesBelow(path: string, seen = new Set<string>()): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) {
    const files: string[] = [];
    for (const name of (await readdir(path)).toSorted()) files.push(...(await filesBelow(join(path, name), seen)));
    return files;
  }
  const identity = `${found?.dev} ${found?.ino}`;
  if (!found?.isFile() || seen.has(identity)) return [];
  seen.add(identity);
  return [path];
}
