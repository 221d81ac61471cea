import type { DuckDBConnection } from "@duckdb/node-api";

/**
 * Runs `work`, whose statements an abort ends. An interruption is lost on a connection that happens to be between two statements, so it is said until `work` has ended.
 * @throws what `work` throws, DuckDB's own error for the statement that was ended among it
 */
export async function interruptible<T>(connection: DuckDBConnection, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  let insisting: NodeJS.Timeout | undefined;
  const stop = () => {
    insisting = setInterval(() => connection.interrupt(), 50);
  };
  signal.addEventListener("abort", stop);
  try {
    signal.throwIfAborted();
    return await work();
  } finally {
    signal.removeEventListener("abort", stop);
    clearInterval(insisting);
  }
}
