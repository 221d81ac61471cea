/** Writing marts.orders_once. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { behaviorSql } from "./marts/behavior.ts";
import type { MartContext } from "./marts/mart.ts";
import { orderKey, ordersOnceSql } from "./marts/orders-once.ts";
import { partsOf } from "./sql.ts";
import { pickRows, readRows } from "./touched.ts";

const SIGNALS = "mart_order_signals";

/** So many signals have room in a load's memory while it is found whose they are, and while orders are put together, which does not go to the disk. Where all signals are filled in, temporary tables that are dropped take their part of it until the transaction ends. */
export const ORDERS_AT_ONCE = 100_000;

/**
 * Writes orders.
 * @param which.count how many these are, about
 * @param which.among a condition on signals of orders, whose alias is r: it has all of an order or none; all orders where nothing is said
 * @param which.atOnce how many signals are looked at at once
 */
export async function writeOrders(
  connection: DuckDBConnection,
  context: MartContext,
  { count, among, atOnce = ORDERS_AT_ONCE }: { count: number; among?: string; atOnce?: number },
): Promise<void> {
  const isOrder = "r.signal_type = 'order'";
  const orders = among
    ? await pickRows(connection, "behavior_signals", context, `${isOrder} AND (${among})`)
    : readRows("behavior_signals", context, isOrder);
  const few = { ...context, areFew: true };
  for (const part of partsOf(count, atOnce, orderKey("r"))) {
    // By itself: what finds contacts fills a load's memory, and so does what puts orders together.
    await connection.run(`CREATE OR REPLACE TEMP TABLE ${SIGNALS} AS ${behaviorSql(few, `(SELECT * FROM ${orders} r WHERE ${part})`)}`);
    await connection.run(`INSERT INTO marts.orders_once ${ordersOnceSql(SIGNALS)}`);
  }
  await connection.run(`DROP TABLE ${SIGNALS}`);
}
