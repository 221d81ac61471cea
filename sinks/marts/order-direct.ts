/** The message that led straight to an order: the one that the order itself names, or its session does. */
import type { Mart } from "./mart.ts";

export const ORDER_DIRECT: Mart = {
  name: "order_direct",
  about:
    "Each order with the marketing signal that its MESSAGE_SIGNAL_ID names, or else that of the latest signal of its session until then which has one.",
  columns: {
    order_key: "The order, as in marts.orders_once.",
    ordered_at: "When it was first told.",
    led_by: "The MESSAGE_SIGNAL_ID; NULL where neither the order nor its session has one.",
    is_own: "Whether the order itself has it.",
    channel: "The channel of the signal that it names; NULL, as all behind it, where that is not in the warehouse.",
    campaign_id: "Its campaign.",
    message_id: "Its message.",
    click_key: "Its signal_key.",
    touched_at: "When it happened.",
  },
  // Nearly all ids are those of clicks, which are few: only for the others is it worth looking through all marketing signals.
  sql: () => `WITH visited AS (
      SELECT tltsid, occurred_at, arg_max(message_signal_id, (signal_key, signal_type)) AS message_signal_id
      FROM main.behavior_signals
      WHERE message_signal_id IS NOT NULL AND is_test IS NOT TRUE AND tltsid IN (SELECT tltsid FROM marts.orders_once WHERE message_signal_id IS NULL)
      GROUP BY tltsid, occurred_at
    ), led AS MATERIALIZED (
      SELECT o.order_key, o.ordered_at, coalesce(o.message_signal_id, v.message_signal_id) AS led_by, o.message_signal_id IS NOT NULL AS is_own
      FROM marts.orders_once o
      ASOF LEFT JOIN visited v ON v.tltsid = o.tltsid AND o.ordered_at >= v.occurred_at
    ), named AS MATERIALIZED (
      SELECT signal_key, channel, campaign_id, message_id, occurred_at FROM marts.clicks
      WHERE is_named AND signal_key IN (SELECT led_by FROM led)
    ), others AS (
      SELECT signal_key, max({ occurred_at: occurred_at, signal_type: signal_type, channel: channel, campaign_id: campaign_id, message_id: message_id }) AS signal
      FROM main.marketing_signals
      WHERE signal_key IN (SELECT led_by FROM led WHERE led_by IS NOT NULL EXCEPT SELECT signal_key FROM named)
      GROUP BY signal_key
    ), found AS (
      FROM named UNION ALL SELECT signal_key, signal.channel, signal.campaign_id, signal.message_id, signal.occurred_at FROM others
    )
    SELECT l.order_key, l.ordered_at, l.led_by, l.is_own, f.channel, f.campaign_id, f.message_id, f.signal_key AS click_key, f.occurred_at AS touched_at
    FROM led l LEFT JOIN found f ON f.signal_key = l.led_by`,
};
