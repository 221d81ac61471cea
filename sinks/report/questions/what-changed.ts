/** What changed since the period before: what the tiles show. */
import type { Question } from "../question.ts";
import { inCurrency, inPeriod, onDays, onlyOf, type Scope } from "../scope.ts";

/** Of the period, and of the one before where that is there. */
export interface MessagesRow {
  is_now: boolean;
  sent: number;
  delivered: number;
  bounced: number;
  opened: number;
  trackable_opens: number;
  clicked: number;
  trackable_clicks: number;
  unsubscribed: number;
}

export interface OrdersRow {
  is_now: boolean;
  orders: number;
  revenue: string | null;
  revenue_after_click: string | null;
}

/** Both periods: they lie beside each other. */
const both = ({ from, to, before }: Scope) => ({ from: before?.from ?? from, to });

const periodName = ({ is_now }: { is_now: boolean }) => (is_now ? "This period" : "Before");

export const MESSAGES_CHANGED: Question<MessagesRow> = {
  id: "messages-changed",
  title: "What changed: messages",
  definition: () => "Messages by the day of their send.",
  sql: (scope) =>
    `SELECT sent_on >= '${scope.from}' AS is_now, sum(sent) AS sent, sum(delivered) AS delivered, sum(hard_bounced + soft_bounced) AS bounced,
  sum(opened) AS opened, sum(trackable_opens) AS trackable_opens, sum(clicked) AS clicked, sum(trackable_clicks) AS trackable_clicks,
  sum(unsubscribed) AS unsubscribed
FROM marts.campaign_daily
WHERE ${onDays("sent_on", both(scope))}${onlyOf(scope)}
GROUP BY ALL
ORDER BY is_now DESC`,
  columns: () => [
    { heading: "Messages", kind: "text", value: periodName },
    { heading: "Sent", kind: "count", value: ({ sent }) => sent },
    { heading: "Delivered", kind: "count", value: ({ delivered }) => delivered },
    { heading: "Bounced", kind: "count", value: ({ bounced }) => bounced },
    { heading: "Opened", kind: "count", value: ({ opened }) => opened },
    { heading: "Opens visible", kind: "count", value: (row) => row.trackable_opens },
    { heading: "Clicked", kind: "count", value: ({ clicked }) => clicked },
    { heading: "Clicks visible", kind: "count", value: (row) => row.trackable_clicks },
    { heading: "Unsubscribed", kind: "count", value: ({ unsubscribed }) => unsubscribed },
  ],
};

export const ORDERS_CHANGED: Question<OrdersRow> = {
  id: "orders-changed",
  title: "What changed: orders",
  definition: () => "Orders by the day on which they were made.",
  sql: (scope) =>
    `SELECT ordered_at >= '${scope.from}T00:00:00Z' AS is_now, sum(orders)::BIGINT AS orders, sum(revenue) AS revenue,
  sum(revenue) FILTER (touches > 0) AS revenue_after_click
FROM marts.attribution
WHERE model = 'last' AND ${inCurrency(scope)} AND ${inPeriod("ordered_at", both(scope))}${onlyOf(scope)}
GROUP BY ALL
ORDER BY is_now DESC`,
  columns: () => [
    { heading: "Orders", kind: "text", value: periodName },
    { heading: "Orders", kind: "count", value: ({ orders }) => orders },
    { heading: "Revenue", kind: "amount", value: ({ revenue }) => revenue },
    { heading: "After a click", kind: "amount", value: (row) => row.revenue_after_click },
  ],
};
