/** How much of the memory that DuckDB may have is of use to it while stretches are written. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteText } from "../../schemas/names.ts";
import { onlyRow } from "../sql.ts";

/** With more it is as quick, and keeps in memory what it has written: a large file would take all that there is, for nothing. */
const USEFUL_BYTES = 600_000_000;

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];

/**
 * Has DuckDB do with less, where it may have more: what comes after, such as a merge, may need all of it.
 * @param connect gives a connection that is in no transaction
 * @param memory what DuckDB may use, in its own spelling: it tells it rounded only
 * @returns what gives it back, which must be called; undefined where there is nothing to give back
 */
export async function useLessMemory(connect: () => Promise<DuckDBConnection>, memory: string): Promise<(() => Promise<void>) | undefined> {
  const connection = await connect();
  const { most } = await onlyRow<{ most: string }>(connection, "SELECT current_setting('memory_limit') AS most");
  const [amount = "", unit = ""] = most.split(" ");
  if (Number(amount) * 1024 ** UNITS.indexOf(unit) <= USEFUL_BYTES) {
    connection.disconnectSync();
    return undefined;
  }
  // Where more is in use already, and is no cache, it stays so.
  await connection.run(`SET memory_limit = '${USEFUL_BYTES} bytes'`).catch(() => undefined);
  return async () => {
    // After a fatal error DuckDB does nothing any more, and whoever calls this tells that error.
    await connection.run(`SET memory_limit = ${quoteText(memory)}`).catch(() => undefined);
    connection.disconnectSync();
  };
}
