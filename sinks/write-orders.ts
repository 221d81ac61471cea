/** Writing marts.orders_once. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { behaviorSql } from "./marts/behavior.ts";
import type { MartContext } from "./marts/mart.ts";
import { orderKey, ordersOnceSql } from "./marts/orders-once.ts";
import { partsOf } from "./sql.ts";
import { readRows } from "./touched.ts";

/** What is kept of an order while it is put together does not go to the disk. */
const PART = 100_000;

/**
 * Writes orders.
 * @param count how many there are, about
 * @param among a condition on signals of orders, whose alias is r: it has all of an order or none; all orders by default
 */
export async function writeOrders(connection: DuckDBConnection, context: MartContext, count: number, among = "true"): Promise<void> {
  for (const part of partsOf(count, PART, orderKey("r"))) {
    const orders = readRows("behavior_signals", context, `r.signal_type = 'order' AND (${among}) AND ${part}`);
    await connection.run(`INSERT INTO marts.orders_once ${ordersOnceSql(`(${behaviorSql(context, orders)})`)}`);
  }
}
