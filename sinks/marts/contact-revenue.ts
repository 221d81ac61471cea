/** What contacts have bought. */
import type { Mart } from "./mart.ts";

export const CONTACT_REVENUE: Mart = {
  name: "contact_revenue",
  about: "What each contact's orders are worth, by currency: amounts of several currencies are never added.",
  columns: {
    contact_id: "The contact.",
    currency: "The currency, in capitals; NULL where orders name none.",
    orders: "How many orders there are in it.",
    revenue: "What they are worth together; NULL where none says an amount.",
    first_order_at: "When the first of them was told.",
    last_order_at: "When the last of them was told.",
  },
  sql: () => `SELECT contact_id, currency, count(*) AS orders, sum(order_value) AS revenue, min(ordered_at) AS first_order_at, max(ordered_at) AS last_order_at
    FROM marts.orders_once WHERE contact_id IS NOT NULL GROUP BY contact_id, currency`,
};
