/** How many threads DuckDB has. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { onlyRow } from "./sql.ts";

/** So many rows take several threads a shorter time than it takes to start them. */
export const MANY_ROWS = 100_000;

/** Gives DuckDB so many threads, if they are more than one, for a while: whatever else is under way has them, too. */
export async function withThreads<T>(connection: DuckDBConnection, threads: number, work: () => Promise<T>): Promise<T> {
  if (threads === 1) return work();
  const { before } = await onlyRow<{ before: bigint }>(connection, "SELECT current_setting('threads') AS before");
  await connection.run(`SET threads = ${threads}`);
  try {
    return await work();
  } finally {
    // A transaction that has failed takes no statement; its error is the one to tell.
    await connection.run(`SET threads = ${before}`).catch(() => undefined);
  }
}
