/** How DuckDB is set while plain rows are written. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { bytesOf, useMemory } from "../memory.ts";
import { onlyRow } from "../sql.ts";

/**
 * What DuckDB has use for, by itself and for each thread, which has a row group of its own in memory. With more it is as quick, and keeps in memory what it has written: a large file would take all that there is, for
 * nothing.
 */
const USEFUL_BYTES = { own: 64_000_000, thread: 96_000_000 };

export interface WritingSettings {
  /** Threads that will write. */
  threads: number;
  /** Memory that DuckDB may use, in its own spelling, of which it may do with less; undefined where it is to keep all that it has. */
  memory: string | undefined;
}

/**
 * Has DuckDB do with less memory, where it may have more.
 * @param connect gives a connection that is in no transaction
 * @returns what sets all of it back but the memory, and must be called: the merge that comes next gives all of it where it needs more, and the end of the load in any case (sinks/load.ts)
 */
export async function setForWriting(connect: () => Promise<DuckDBConnection>, { threads, memory }: WritingSettings): Promise<() => Promise<void>> {
  const connection = await connect();
  const before = await onlyRow<{ threads: bigint; most: string }>(
    connection,
    "SELECT current_setting('threads') AS threads, current_setting('memory_limit') AS most",
  );
  const useful = USEFUL_BYTES.own + threads * USEFUL_BYTES.thread;
  // Where more is in use already, and is no cache, it stays so.
  if (memory !== undefined && bytesOf(before.most) > useful) await useMemory(connection, `${useful} bytes`).catch(() => undefined);
  return async () => {
    // After a fatal error DuckDB does nothing any more, and whoever calls this tells that error.
    await connection.run(`SET threads = ${before.threads}`).catch(() => undefined);
    connection.disconnectSync();
  };
}
