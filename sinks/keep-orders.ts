/** Keeping marts.orders_once up. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { MartContext } from "./marts/mart.ts";
import { orderKey } from "./marts/orders-once.ts";
import { made } from "./sql.ts";
import { writeOrders } from "./write-orders.ts";
import { type Rows, type Touched, union } from "./touched.ts";

/**
 * Makes the orders what their signals say: those that were touched, and those whose contact may be another one.
 * @param others rows that are, or may be, somebody else's
 */
export async function keepOrders(
  connection: DuckDBConnection,
  context: MartContext,
  { added, removed }: Touched,
  ...others: readonly Rows[]
): Promise<void> {
  const key = orderKey("r");
  const touched = union("behavior_signals", `CASE WHEN r.signal_type = 'order' THEN ${key} END AS order_key`, added, removed, ...others);
  if (touched === undefined) return;
  const count = await made(connection, "mart_orders", `SELECT DISTINCT order_key FROM (${touched}) WHERE order_key IS NOT NULL`);
  if (count === 0) return;
  await connection.run("DELETE FROM marts.orders_once WHERE order_key IN (FROM mart_orders)");
  await writeOrders(connection, context, { count, among: `${key} IN (FROM mart_orders)` });
}
