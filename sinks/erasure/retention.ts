/** Retention: signals and rejects go once they have been kept for as long as they may be. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { RetentionConfig } from "../../schemas/config.ts";
import { quoteText } from "../../schemas/names.ts";
import { TABLES } from "../../schemas/tables.ts";
import { isBehavior } from "../merge-sql.ts";
import { inTransaction } from "../transaction.ts";
import { countErased, erase } from "./erase.ts";
import { makeErased } from "./erased.ts";

/**
 * Erases what has been kept for long enough: signals by when they happened, rejects by when their file was loaded. In a transaction of its own. Where nothing is to go it looks at the times of the tables alone.
 * @param now milliseconds since the epoch
 * @returns how many rows each table has less; empty where nothing was to go
 */
export async function eraseExpired(
  connection: DuckDBConnection,
  retention: RetentionConfig,
  { runId, now }: { runId: bigint | null; now: number },
): Promise<Record<string, number>> {
  if (retention.days === undefined && Object.keys(retention.daysOf).length === 0) return {};
  return inTransaction(connection, async () => {
    const rejects = rejectsExpired(retention, now);
    await makeErased(connection, signalsExpired(retention, now));
    const counts = await countErased(connection, { rejects });
    if (Object.keys(counts).length === 0) return {};
    return (await erase(connection, { kind: "retention", runId, rejects })).tables;
  });
}

/** SQL of the time before which something may not be kept any more. */
const before = (now: number, days: number): string => `(make_timestamptz(${now}::BIGINT * 1000) - to_days(${days}))`;

function signalsExpired({ days, daysOf }: RetentionConfig, now: number): string {
  const types = Object.entries(daysOf).filter(([name]) => name !== REJECTS && !(TABLES as readonly string[]).includes(name));
  const selects = TABLES.map((table) => {
    const ofOthers = daysOf[table] ?? days;
    const conditions = [
      ...types.map(([type, days]) => `(signal_type = ${quoteText(type)} AND occurred_at < ${before(now, days)})`),
      ...(ofOthers === undefined
        ? []
        : [`(signal_type NOT IN (${["", ...types.map(([type]) => type)].map(quoteText).join(", ")}) AND occurred_at < ${before(now, ofOthers)})`]),
    ];
    return `SELECT ${isBehavior(table)} AS behavior, rowid AS row_id, signal_type, signal_key, occurred_at, load_id, record_no, false AS is_own, 'retention' AS why
      FROM ${table} WHERE ${conditions.join(" OR ") || "false"}`;
  });
  return selects.join(" UNION ALL ");
}

/** What the configuration calls them. */
const REJECTS = "rejects";

function rejectsExpired({ days, daysOf }: RetentionConfig, now: number): string | undefined {
  const ofRejects = daysOf[REJECTS] ?? days;
  return ofRejects === undefined ? undefined : `load_id IN (SELECT load_id FROM signalhouse.loads WHERE finished_at < ${before(now, ofRejects)})`;
}
