import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";

/**
 * The rows of a query as plain JavaScript: BIGINT is bigint, TIMESTAMPTZ is Date, NULL is null.
 * DECIMAL would become a float: a query casts it to VARCHAR.
 */
export async function plainRows<T>(connection: DuckDBConnection, sql: string, values: DuckDBValue[] = []): Promise<T[]> {
  const result = await connection.runAndReadAll(sql, values);
  return result.getRowObjectsJS() as T[];
}
