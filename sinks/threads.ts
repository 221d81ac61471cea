/** How many threads DuckDB has. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { onlyRow } from "./sql.ts";

/** Gives DuckDB so many threads; whatever else is under way has them, too. */
export const useThreads = (connection: DuckDBConnection, threads: number) => connection.run(`SET threads = ${threads}`);

/** Runs `work`, which may give DuckDB more threads, and leaves no transaction open: then it has as many as before, however `work` ends. */
export async function keepingThreads<T>(connection: DuckDBConnection, work: () => Promise<T>): Promise<T> {
  const { before } = await onlyRow<{ before: bigint }>(connection, "SELECT current_setting('threads') AS before");
  try {
    return await work();
  } finally {
    // After a fatal error DuckDB does nothing any more; that error is the one to tell.
    await useThreads(connection, Number(before)).catch(() => undefined);
  }
}
