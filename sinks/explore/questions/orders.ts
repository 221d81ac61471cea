/** Which orders followed a click in a campaign or message. */
import { type Question, subjectOf } from "../../report/question.ts";
import { inCurrency, inPeriod, onlyOf } from "../../report/scope.ts";
import { nameOf, windowText } from "../../report/questions/words.ts";
import type { Named } from "./named.ts";

interface OrderRow {
  ordered_at: string;
  order_id: string | null;
  contact_id: string | null;
  message_id: string | null;
  message_name: string | null;
  clicked_at: string;
  revenue: string | null;
}

export const MOST_ORDERS = 50;

export const ORDERS: Question<Named<OrderRow>> = {
  id: "orders",
  title: "Which orders followed a click?",
  definition: (scope) =>
    `The latest ${MOST_ORDERS} orders of the period whose contact clicked in it last, of all messages, in the ${windowText(scope)} before.`,
  sql: (scope) =>
    `SELECT ordered_at, order_id, contact_id, message_id, message_name, touched_at AS clicked_at, revenue
FROM (
  FROM marts.attribution
  WHERE model = 'last' AND touches > 0 AND ${inCurrency(scope)} AND ${inPeriod("ordered_at", scope)}${onlyOf(scope)}
  ORDER BY ordered_at DESC, order_key
  LIMIT ${MOST_ORDERS}
)
JOIN (SELECT order_key, order_id, contact_id FROM marts.orders_once) USING (order_key)
LEFT JOIN marts.message_names USING (message_id)
ORDER BY ordered_at DESC, order_key`,
  columns: () => [
    { heading: "Ordered (UTC)", kind: "time", value: (row) => row.ordered_at },
    { heading: "Contact", kind: "text", value: ({ contact }) => contact, leadsTo: (row) => subjectOf("contact", row.contact_id) },
    { heading: "Order", kind: "text", value: (row) => row.order_id },
    {
      heading: "Message",
      kind: "text",
      value: (row) => nameOf(row.message_name, row.message_id, "(no name)"),
      leadsTo: (row) => subjectOf("message", row.message_id),
    },
    { heading: "Clicked (UTC)", kind: "time", value: (row) => row.clicked_at },
    { heading: "Revenue", kind: "amount", value: ({ revenue }) => revenue },
  ],
};
