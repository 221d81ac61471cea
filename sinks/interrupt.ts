import type { DuckDBConnection } from "@duckdb/node-api";

/**
 * From now on an abort ends the statements of a connection. An interruption is lost on one that happens to be between two statements, so it is said until the caller
 * is done with it.
 * @returns what the caller says then
 */
export function interruptOnAbort(connection: DuckDBConnection, signal: AbortSignal): () => void {
  let insisting: NodeJS.Timeout | undefined;
  const stop = () => {
    insisting = setInterval(() => connection.interrupt(), 50).unref();
  };
  signal.addEventListener("abort", stop);
  return () => {
    signal.removeEventListener("abort", stop);
    clearInterval(insisting);
  };
}

/** Runs `work`, whose statements an abort ends. @throws what `work` throws, DuckDB's own error for the statement that was ended among it */
export async function interruptible<T>(connection: DuckDBConnection, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const done = interruptOnAbort(connection, signal);
  try {
    signal.throwIfAborted();
    return await work();
  } finally {
    done();
  }
}
