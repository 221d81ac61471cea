/** What led a contact to an order, as far as clicks tell: those in the window before it. */
import { CHANNELS } from "../../schemas/signal-types.ts";
import type { Mart } from "./mart.ts";
import { days } from "./words.ts";

export const ORDER_TOUCHES: Mart = {
  name: "order_touches",
  about: "The messages that a contact clicked in the window before an order, each once, at its last click: what earns the order.",
  columns: {
    order_key: "The order, as in marts.orders_once.",
    ordered_at: "When it was first told.",
    channel: "The channel of the message.",
    campaign_id: "The campaign, by that click; NULL where it is of none.",
    message_id: "The message.",
    click_key: "The signal_key of the contact's last click in the message before the order.",
    touched_at: "When that was.",
    clicks: "How often the contact clicked in the message within the window.",
    position: "Which touch of the order it is, in order of time, from 1.",
    touches: "How many touches the order has.",
  },
  // A click says until when it counts, so that both ends of the window are a comparison of two columns: DuckDB has no quick join for others.
  sql: ({ windowDays }) => `WITH clicked AS (
      SELECT *, occurred_at + CASE channel ${CHANNELS.map((channel) => `WHEN '${channel}' THEN ${days(windowDays[channel])}`).join(" ")} END AS counts_until
      FROM marts.clicks WHERE NOT is_bot AND contact_id IS NOT NULL
    ), touched AS (
      SELECT o.order_key, o.ordered_at, c.channel, c.message_id,
        max({ touched_at: c.occurred_at, click_key: c.signal_key, campaign_id: c.campaign_id }) AS click, count(*) AS clicks
      FROM marts.orders_once o
      JOIN clicked c ON c.contact_id = o.contact_id AND c.occurred_at <= o.ordered_at AND c.counts_until > o.ordered_at
      GROUP BY o.order_key, o.ordered_at, c.channel, c.message_id
    )
    SELECT order_key, ordered_at, channel, click.campaign_id, message_id, click.click_key, click.touched_at, clicks,
      row_number() OVER (PARTITION BY order_key ORDER BY click.touched_at, click.click_key, channel) AS position,
      count(*) OVER (PARTITION BY order_key) AS touches
    FROM touched`,
};
