/** Writing marts.orders_once. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { behaviorSql } from "./marts/behavior.ts";
import type { MartContext } from "./marts/mart.ts";
import { orderKey, ordersOnceSql } from "./marts/orders-once.ts";
import { made, partsOf } from "./sql.ts";
import { pickRows, readRows } from "./touched.ts";

const SIGNALS = "mart_order_signals";

/** What is kept of an order while it is put together does not go to the disk. */
const PART = 100_000;

/**
 * Writes orders.
 * @param among a condition on signals of orders, whose alias is r: it has all of an order or none; all orders where nothing is said
 */
export async function writeOrders(connection: DuckDBConnection, context: MartContext, among?: string): Promise<void> {
  const isOrder = "r.signal_type = 'order'";
  const orders = among
    ? await pickRows(connection, "behavior_signals", context, `${isOrder} AND (${among})`)
    : readRows("behavior_signals", context, isOrder);
  // Whose they are is looked for once: that takes as long for a part as for all.
  const count = await made(connection, SIGNALS, behaviorSql(context, orders));
  for (const part of partsOf(count, PART, orderKey("r")))
    await connection.run(`INSERT INTO marts.orders_once ${ordersOnceSql(`(SELECT * FROM ${SIGNALS} r WHERE ${part})`)}`);
  await connection.run(`DROP TABLE ${SIGNALS}`);
}
