import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import { quoteText } from "../schemas/names.ts";

/** The rows of a query as objects. BIGINT comes as bigint, timestamps as DuckDB's own value classes. */
export async function rows<T>(connection: DuckDBConnection, sql: string, values: DuckDBValue[] = []): Promise<T[]> {
  const result = await connection.runAndReadAll(sql, values);
  return result.getRowObjects() as T[];
}

/** The first row of a query that always has one. */
export async function onlyRow<T>(connection: DuckDBConnection, sql: string, values: DuckDBValue[] = []): Promise<T> {
  const [row] = await rows<T>(connection, sql, values);
  if (row === undefined) throw new Error(`no row from ${sql}`);
  return row;
}

/** Makes a temporary table, or makes it anew. @returns how many rows it has */
export async function made(connection: DuckDBConnection, table: string, select: string): Promise<number> {
  const { Count: count } = await onlyRow<{ Count: bigint }>(connection, `CREATE OR REPLACE TEMP TABLE ${table} AS ${select}`);
  return Number(count);
}

/**
 * Conditions by which rows are taken in parts of some size, where a statement could not hold all of them in its memory.
 * @param key SQL: rows that have it in common are in the same part
 */
export function partsOf(rows: number, size: number, key: string): string[] {
  const parts = Math.ceil(rows / size);
  return parts <= 1 ? ["true"] : Array.from({ length: parts }, (_, part) => `hash(${key}) % ${parts} = ${part}`);
}

/** The columns of a table of the schema `main`, in their order. Of one table: duckdb_columns() looks at each column of each view, too, which takes five times as long. */
export async function tableColumnNames(connection: DuckDBConnection, table: string): Promise<string[]> {
  const found = await rows<{ name: string }>(connection, `SELECT name FROM pragma_table_info(${quoteText(`main.${table}`)}) ORDER BY cid`);
  return found.map(({ name }) => name);
}

/**
 * DuckDB's client takes U+FEFF at a text's start for a byte order mark, and drops it. A text that must come as it is is asked for behind a sign, and freed of it with bare().
 */
export const guarded = (text: string): string => `'.' || ${text}`;
export const bare = (text: string): string => text.slice(1);

/** A path as DuckDB's readers take it for nothing but itself: `[`, `*` and `?` in a file's name are no pattern. What DuckDB writes, it takes as it is. */
export const literalPath = (path: string): string => path.replace(/[[*?]/g, "[$&]");
