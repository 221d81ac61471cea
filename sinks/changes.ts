/** signalhouse.changes: which months of which tables a load, replay or erasure has changed, for whatever follows the warehouse. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteText } from "../schemas/names.ts";
import { TABLES } from "../schemas/tables.ts";
import { addedBy, type Change, type Touched } from "./touched.ts";

/** The temporary table that has the times of items which were taken out. */
export const REMOVED_ITEMS = "removed_order_items";

/** Notes a change. Within its transaction. A row that was changed counts twice: as it was, and as it is, which may be in another month. */
export async function noteChanges(connection: DuckDBConnection, change: Change, touched: Touched): Promise<void> {
  const { what, loadId, removed, among } = change;
  const times = TABLES.flatMap((table) => {
    const added = touched.added[table] ? [`${table} WHERE ${addedBy(change)}`] : [];
    return [...added, ...[touched.removed[table] ?? []].flat()].map((from) => ({ table: table as string, from }));
  });
  if (loadId !== undefined && touched.added.behavior_signals) {
    const items = among === undefined ? "true" : "signal_key IN (SELECT signal_key FROM staged_order_items)";
    times.push({ table: "order_items", from: `order_items WHERE load_id = ${loadId} AND ${items}` });
  }
  if (removed.length > 0) times.push({ table: "order_items", from: REMOVED_ITEMS });
  const all = times.map(({ table, from }) => `SELECT ${quoteText(table)} AS table_name, occurred_at FROM ${from}`);
  if (all.length === 0) return;
  await connection.run(
    `INSERT INTO signalhouse.changes BY NAME
     SELECT (SELECT coalesce(max(change_id), 0) + 1 FROM signalhouse.changes) AS change_id, ${quoteText(what)} AS what, ${loadId ?? "NULL"}::BIGINT AS load_id, table_name,
       date_trunc('month', occurred_at AT TIME ZONE 'UTC')::DATE AS month, count(*) AS rows, now() AS changed_at
     FROM (${all.join(" UNION ALL ")}) GROUP BY ALL`,
  );
}
