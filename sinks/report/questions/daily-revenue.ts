/** How much of the revenue follows a message, over time, by channel. */
import { utcDay } from "../../marts/words.ts";
import type { Question } from "../question.ts";
import { inCurrency, inPeriod, onlyOf, stepOf } from "../scope.ts";
import { channelName, windowText } from "./words.ts";

export interface DailyRevenueRow {
  day: string;
  /** Null where no message was clicked before. */
  channel: string | null;
  orders: number;
  revenue: string | null;
}

export const DAILY_REVENUE: Question<DailyRevenueRow> = {
  id: "daily-revenue",
  title: "How much of the revenue follows a message?",
  definition: (scope) =>
    `Orders by ${scope.step} (UTC), and the channel of the last message that the contact clicked in the ${windowText(scope)} before the order.`,
  sql: (scope) =>
    `SELECT ${stepOf(utcDay("ordered_at"), scope)} AS day, channel, sum(orders)::BIGINT AS orders, sum(revenue) AS revenue
FROM marts.attribution
WHERE model = 'last' AND ${inCurrency(scope)} AND ${inPeriod("ordered_at", scope)}${onlyOf(scope)}
GROUP BY ALL
ORDER BY day, channel`,
  columns: ({ step }) => [
    { heading: step === "week" ? "Week of" : "Day", kind: "day", value: ({ day }) => day },
    { heading: "Channel", kind: "text", value: ({ channel }) => channelName(channel) },
    { heading: "Orders", kind: "count", value: ({ orders }) => orders },
    { heading: "Revenue", kind: "amount", value: ({ revenue }) => revenue },
  ],
};
