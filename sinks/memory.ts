/** How much memory DuckDB may use. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteText } from "../schemas/names.ts";

/** Gives DuckDB so much memory, in its own spelling; whatever else is under way has it, too. Undefined: it stays as it is. */
export async function useMemory(connection: DuckDBConnection, memory: string | undefined): Promise<void> {
  if (memory !== undefined) await connection.run(`SET memory_limit = ${quoteText(memory)}`);
}

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** Of memory as DuckDB tells it, rounded. */
export function bytesOf(memory: string): number {
  const [amount = "", unit = ""] = memory.split(" ");
  return Number(amount) * 1024 ** UNITS.indexOf(unit);
}
