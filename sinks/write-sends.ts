/** Writing marts.sends and marts.orphans. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { belongingSql, orphansSql, sendsSql } from "./marts/sends.ts";

const BELONGING = "mart_belonging";

/** Windows and aggregates have so many events in memory at once: with a limit of 256 MB, that is what there is room for. */
export const EVENTS_AT_ONCE = 500_000;

/**
 * Writes what events say of sends, and those that belong to none.
 * @param events a temporary table with EVENT_COLUMNS
 * @param parts conditions on it, by contact_id: each part is written by itself
 * @param which of the rows of the two tables are to be written; all by default
 */
export async function writeSends(
  connection: DuckDBConnection,
  events: string,
  parts: readonly string[],
  { sends = "true", orphans = "true" }: { sends?: string; orphans?: string } = {},
): Promise<void> {
  for (const part of parts) {
    await connection.run(`CREATE OR REPLACE TEMP TABLE ${BELONGING} AS ${belongingSql(events, part)}`);
    await connection.run(`INSERT INTO marts.sends FROM (${sendsSql(events, BELONGING, part)}) WHERE ${sends}`);
    await connection.run(`INSERT INTO marts.orphans FROM (${orphansSql(events, BELONGING, part)}) WHERE ${orphans}`);
    await connection.run(`DROP TABLE ${BELONGING}`);
  }
}
