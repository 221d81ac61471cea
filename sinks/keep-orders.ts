/** Keeping marts.orders_once up. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { CHANGED_CLICKS } from "./keep-messages.ts";
import { CHANGED_SESSIONS } from "./keep-sessions.ts";
import type { MartContext } from "./marts/mart.ts";
import { orderKey } from "./marts/orders-once.ts";
import { made } from "./sql.ts";
import { writeOrders } from "./write-orders.ts";
import { type Rows, type Touched, union } from "./touched.ts";

/** What else has changed that an order's contact may come from. */
export interface Sources {
  sessions: boolean;
  clicks: boolean;
}

/** Makes the orders what their signals say: those that were touched, and those whose contact may be another one by their session or the click that led there. */
export async function keepOrders(
  connection: DuckDBConnection,
  context: MartContext,
  { added, removed }: Touched,
  others: Rows,
  { sessions, clicks }: Sources,
): Promise<void> {
  const key = orderKey("r");
  const touched = union("behavior_signals", `CASE WHEN r.signal_type = 'order' THEN ${key} END AS order_key`, added, removed, others);
  const by = [
    ...(sessions ? [`r.tltsid IN (SELECT tltsid FROM ${CHANGED_SESSIONS})`] : []),
    ...(clicks ? [`r.message_signal_id IN (FROM ${CHANGED_CLICKS})`] : []),
  ];
  const affected =
    by.length > 0 ? `SELECT ${key} AS order_key FROM behavior_signals r WHERE r.signal_type = 'order' AND (${by.join(" OR ")})` : undefined;
  const all = [touched, affected].flatMap((sql) => sql ?? []);
  if (all.length === 0) return;
  const count = await made(connection, "mart_orders", `SELECT DISTINCT order_key FROM (${all.join(" UNION ALL ")}) WHERE order_key IS NOT NULL`);
  if (count === 0) return;
  await connection.run("DELETE FROM marts.orders_once WHERE order_key IN (FROM mart_orders)");
  await writeOrders(connection, context, count, `${key} IN (FROM mart_orders)`);
}
