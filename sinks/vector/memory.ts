/** How much of the memory that DuckDB may have is of use to it while stretches are written. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteText } from "../../schemas/names.ts";
import { onlyRow } from "../sql.ts";

/** With more it is as quick, and keeps in memory what it has written: a large file would take all that there is, for nothing. */
const USEFUL_BYTES = 600_000_000;

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];

/**
 * Has DuckDB do with less, where it may have more: what comes after, such as a merge, may need all of it.
 * @param connection any that is in no transaction
 * @param memory what DuckDB may use, in its own spelling; its default where that is undefined. It tells it rounded only
 * @returns what gives it back; undefined where it has no more
 */
export async function useLessMemory(connection: DuckDBConnection, memory: string | undefined): Promise<(() => Promise<void>) | undefined> {
  const { most } = await onlyRow<{ most: string }>(connection, "SELECT current_setting('memory_limit') AS most");
  const [amount = "", unit = ""] = most.split(" ");
  if (Number(amount) * 1024 ** UNITS.indexOf(unit) <= USEFUL_BYTES) return undefined;
  // Where more is in use already, and is no cache, it stays so.
  await connection.run(`SET memory_limit = '${USEFUL_BYTES} bytes'`).catch(() => undefined);
  return async () => void (await connection.run(memory === undefined ? "RESET memory_limit" : `SET memory_limit = ${quoteText(memory)}`));
}
