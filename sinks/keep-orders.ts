/** Keeping marts.orders_once up. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { behaviorSql } from "./marts/behavior.ts";
import { CHANGED_CLICKS } from "./keep-messages.ts";
import { CHANGED_SESSIONS } from "./keep-sessions.ts";
import type { MartContext } from "./marts/mart.ts";
import { orderKey, ordersOnceSql } from "./marts/orders-once.ts";
import { type Rows, type Touched, union } from "./touched.ts";

/** Makes the orders what their signals say: those that were touched, and those whose contact may be another one by their session or the click that led there. */
export async function keepOrders(connection: DuckDBConnection, context: MartContext, { added, removed }: Touched, others: Rows): Promise<void> {
  const key = orderKey("r");
  const touched = union("behavior_signals", `CASE WHEN r.signal_type = 'order' THEN ${key} END`, added, removed, others);
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE mart_orders AS SELECT DISTINCT order_key FROM (
       ${touched ? `SELECT * FROM (${touched}) t(order_key) UNION ALL` : ""}
       SELECT ${key} AS order_key FROM behavior_signals r WHERE r.signal_type = 'order'
         AND (r.tltsid IN (SELECT tltsid FROM ${CHANGED_SESSIONS}) OR r.message_signal_id IN (FROM ${CHANGED_CLICKS}))
     ) WHERE order_key IS NOT NULL`,
  );
  await connection.run("DELETE FROM marts.orders_once WHERE order_key IN (FROM mart_orders)");
  const orders = `(SELECT r.* FROM behavior_signals r WHERE r.signal_type = 'order' AND ${key} IN (FROM mart_orders))`;
  await connection.run(`INSERT INTO marts.orders_once ${ordersOnceSql(`(${behaviorSql(context, orders)})`)}`);
}
