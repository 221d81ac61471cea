/** Warehouses in files of other storage versions, and what any DuckDB finds in them. */
import { DuckDBInstance } from "@duckdb/node-api";
import { quoteIdentifier as id } from "../../schemas/names.ts";
import { codeBlocks, readPage, section } from "./markdown.ts";
import type { Scratch } from "./warehouse.ts";

/** What docs/operations.md says of DuckDB's versions. */
export const READERS_PAGE = section(readPage("docs/operations.md"), "Which DuckDB reads it");

/** The statements of that page that copy a warehouse into a file of another storage version. */
export function copyStatements(from: string, to: string, storage: string): string[] {
  const [block] = codeBlocks(READERS_PAGE);
  const code = block?.code.replace("signals.duckdb", from).replace("older.duckdb", to).replace("v1.2.0", storage) ?? "";
  return code.split(";\n").filter((statement) => statement.trim() !== "");
}

/** Copies a warehouse that nobody has open for writing, as the page says, with our own DuckDB. */
export async function copyInto(from: string, to: string, storage: string): Promise<void> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  for (const statement of copyStatements(from, to, storage)) await connection.run(statement);
  connection.disconnectSync();
  instance.closeSync();
}

/** The storage version of a file, as DuckDB tells it. */
export async function storageVersion(path: string): Promise<string> {
  const instance = await DuckDBInstance.create(path, { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  const result = await connection.runAndReadAll("SELECT tags['storage_version'] FROM duckdb_databases() WHERE NOT internal");
  connection.disconnectSync();
  instance.closeSync();
  return String(result.getRows()[0]?.[0]);
}

/**
 * Statements that say what is in every table and view, one for each: how many rows, and of each column how many values and what they add up to (their lengths, where they are no
 * numbers); of tables also the least and the greatest, and how many rows a filter finds. All of it as text, and the same in every DuckDB since 1.3.
 */
export async function sumStatements(scratch: Scratch): Promise<string[]> {
  const tables = await scratch.values("SELECT format('{}.{}', schema_name, table_name) FROM duckdb_tables() ORDER BY ALL");
  const views = await scratch.values("SELECT format('{}.{}', schema_name, view_name) FROM duckdb_views() WHERE NOT internal ORDER BY ALL");
  const statements: string[] = [];
  for (const relation of [...tables, ...views].map(String)) {
    const columns = await scratch.rows(`SELECT column_name AS name, column_type AS type FROM (DESCRIBE ${relation})`);
    const sums = columns.flatMap((column) => {
      const name = id(String(column["name"]));
      const summed = /^(DECIMAL|BIGINT|UBIGINT|INTEGER)/.test(String(column["type"])) ? name : `length(${name}::VARCHAR)`;
      const more = [`min(${name})`, `max(${name})`, `(SELECT count(*) FROM ${relation} WHERE ${name} IS NULL)`];
      return [`count(${name})`, `sum(${summed})`, ...(tables.includes(relation) ? more : [])];
    });
    statements.push(`SELECT ${["count(*)", ...sums].map((sum) => `${sum}::VARCHAR`).join(", ")} FROM ${relation}`);
  }
  return statements;
}
