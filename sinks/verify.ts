/** Proving a warehouse, all of it. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { verifyMarts } from "./verify-marts.ts";
import { type Check, verifyTables } from "./verify-tables.ts";

/** Checks all that must hold of a warehouse by this version, and changes nothing. As verifyTables() and verifyMarts(); the latter only where all tables are there. */
export async function verifyWarehouse(connection: DuckDBConnection): Promise<Check[]> {
  const checks = await verifyTables(connection);
  return checks[0]?.ok ? [...checks, ...(await verifyMarts(connection))] : checks;
}
