/** What each message earned of each order, in six models that all add up to what the orders are worth. */
import { HALF_LIFE_DAYS } from "../../schemas/marts.ts";
import type { Mart } from "./mart.ts";

/** How much a touch weighs, in the models that share an order among touches. Only relations count; 0 is no share. */
const WEIGHTS: Readonly<Record<string, string>> = {
  last: "(position = touches)::BIGINT",
  first: "(position = 1)::BIGINT",
  linear: "1::BIGINT",
  time_decay: `greatest(1, round(1e6 * pow(2, -(epoch_us(ordered_at) - epoch_us(touched_at)) / ${HALF_LIFE_DAYS * 86_400}e6)))::BIGINT`,
  position_based: "CASE WHEN touches <= 2 THEN 1 WHEN position IN (1, touches) THEN 2 * (touches - 2) ELSE 1 END",
};

/** SQL of n / by, rounded down, of integers: DuckDB's own division goes towards 0, which of a refund is up. */
const floored = (n: string, by: string) => `(CASE WHEN ${n} >= 0 THEN ${n} // ${by} ELSE -((${by} - 1 - ${n}) // ${by}) END)`;

/** SQL of a touch's share of a whole number: what is due up to it less what is due up to the one before, so that all of them are the whole. */
const share = (whole: string) => `${floored(`(${whole} * upto)`, "total")} - ${floored(`(${whole} * (upto - weight))`, "total")}`;

export const ATTRIBUTION: Mart = {
  name: "attribution",
  about: "What each message earned of each order, by model. In every model and currency the revenue adds up to that of all orders, exactly.",
  columns: {
    model: "direct, last, first, linear, time_decay or position_based. Never add up several.",
    order_key: "The order, as in marts.orders_once.",
    ordered_at: "When it was first told.",
    currency: "The currency of revenue, in capitals.",
    channel: "The channel of the message; NULL, as all behind it but the amounts, where nothing led to the order.",
    campaign_id: "The campaign; NULL where the message is of none, too.",
    message_id: "The message.",
    click_key: "The signal_key of the click.",
    touched_at: "When that was.",
    position: "Which touch of the order it is, in order of time, from 1.",
    touches: "How many touches the order has; 0 where nothing led to it.",
    revenue: "The part of order_value that the message earned, in whole ten-thousandths; NULL where the order says no amount.",
    orders: "The part of the order that it earned, in whole millionths.",
  },
  sql: () => `WITH orders AS MATERIALIZED (
      SELECT order_key, ordered_at, currency, order_value, (order_value::DECIMAL(38, 4) * 10000)::HUGEINT AS ten_thousandths FROM marts.orders_once
    ), weighted AS (
      SELECT *, unnest([${Object.entries(WEIGHTS)
        .map(([model, weight]) => `{ model: '${model}', weight: (${weight})::HUGEINT }`)
        .join(", ")}], recursive := true)
      FROM marts.order_touches
    ), cumulated AS (
      SELECT *, sum(weight) OVER (PARTITION BY order_key, model ORDER BY position) AS upto, sum(weight) OVER (PARTITION BY order_key, model) AS total
      FROM weighted WHERE weight > 0
    ), shared AS (
      SELECT c.*, o.currency, ${share("o.ten_thousandths")} AS ten_thousandths, ${share("1000000::HUGEINT")} AS millionths
      FROM cumulated c JOIN orders o ON o.order_key = c.order_key
    )
    SELECT model, order_key, ordered_at, currency, channel, campaign_id, message_id, click_key, touched_at, position, touches,
      (ten_thousandths::DECIMAL(22, 0) * 0.0001)::DECIMAL(18, 4) AS revenue, (millionths::DECIMAL(9, 0) * 0.000001)::DECIMAL(9, 6) AS orders
    FROM shared
    UNION ALL
    SELECT unnest(['${Object.keys(WEIGHTS).join("', '")}']), o.order_key, o.ordered_at, o.currency, NULL, NULL, NULL, NULL, NULL, NULL, 0, o.order_value, 1::DECIMAL(9, 6)
    FROM orders o ANTI JOIN marts.order_touches t ON t.order_key = o.order_key
    UNION ALL
    SELECT 'direct', d.order_key, d.ordered_at, o.currency, d.channel, d.campaign_id, d.message_id, d.click_key, d.touched_at,
      CASE WHEN d.click_key IS NOT NULL THEN 1 END, (d.click_key IS NOT NULL)::BIGINT, o.order_value, 1::DECIMAL(9, 6)
    FROM marts.order_direct d JOIN orders o ON o.order_key = d.order_key`,
};
