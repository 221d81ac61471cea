/** Which carts that were left are bought after all, over time. */
import { utcDay } from "../../marts/words.ts";
import { type Question, share } from "../question.ts";
import { inCurrency, inPeriod, stepOf } from "../scope.ts";

export interface CartsRow {
  day: string;
  carts: number;
  of_contacts: number;
  recovered: number;
  recovered_by_message: number;
  revenue: string | null;
}

export const CARTS: Question<CartsRow> = {
  id: "carts",
  title: "Are carts that were left bought after all?",
  definition: ({ step }) =>
    `Carts by the ${step} on which they were left (UTC). One is recovered by its contact's first order within 7 days, and by a message where the contact clicked in one that such a cart ` +
    "triggers before. The latest carts may still be bought.",
  sql: (scope) =>
    `SELECT ${stepOf(utcDay("abandoned_at"), scope)} AS day, count(*) AS carts, count(contact_id) AS of_contacts,
  count(*) FILTER (recovered) AS recovered, count(*) FILTER (recovered_by_message) AS recovered_by_message,
  sum(order_value) FILTER (${inCurrency(scope)}) AS revenue
FROM marts.cart_recovery
WHERE ${inPeriod("abandoned_at", scope)}
GROUP BY ALL
ORDER BY day`,
  columns: ({ step }) => [
    { heading: step === "week" ? "Week of" : "Day", kind: "day", value: ({ day }) => day },
    { heading: "Left", kind: "count", value: ({ carts }) => carts },
    { heading: "of known contacts", kind: "count", value: (row) => row.of_contacts },
    { heading: "Recovered", kind: "count", value: ({ recovered }) => recovered },
    { heading: "by a message", kind: "count", value: (row) => row.recovered_by_message },
    { heading: "Recovered of left", kind: "share", value: (row) => share(row.recovered, row.carts) },
    { heading: "Revenue", kind: "amount", value: ({ revenue }) => revenue },
  ],
};
