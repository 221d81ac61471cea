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
    model: "The model: direct, last, first, linear, time_decay or position_based. Never add up several.",
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
  // A branch a model, each with the model's name as a constant: whoever asks for one has DuckDB make only that one.
  sql: () => `WITH touched AS (FROM marts.order_touches)
    ${Object.entries(WEIGHTS)
      .map(([model, weight]) => sharedSql(model, weight))
      .join(" UNION ALL ")}
    UNION ALL
    SELECT 'direct', d.order_key, d.ordered_at, o.currency, d.channel, d.campaign_id, d.message_id, d.click_key, d.touched_at,
      CASE WHEN d.click_key IS NOT NULL THEN 1 END, (d.click_key IS NOT NULL)::BIGINT, o.order_value, 1::DECIMAL(9, 6)
    FROM marts.order_direct d JOIN marts.orders_once o ON o.order_key = d.order_key`,
};

/** SQL of a model that shares orders among touches: an order without one keeps all that it is worth. */
const sharedSql = (model: string, weight: string): string => `SELECT '${model}' AS model, o.order_key, o.ordered_at, o.currency,
    s.channel, s.campaign_id, s.message_id, s.click_key, s.touched_at, s.position, coalesce(s.touches, 0) AS touches,
    CASE WHEN s.order_key IS NULL THEN o.order_value ELSE (${share("(o.order_value::DECIMAL(38, 4) * 10000)::HUGEINT")})::DECIMAL(22, 0) * 0.0001 END::DECIMAL(18, 4) AS revenue,
    CASE WHEN s.order_key IS NULL THEN 1 ELSE (${share("1000000::HUGEINT")})::DECIMAL(9, 0) * 0.000001 END::DECIMAL(9, 6) AS orders
  FROM marts.orders_once o LEFT JOIN (
    SELECT *, sum(weight) OVER (PARTITION BY order_key ORDER BY position) AS upto, sum(weight) OVER (PARTITION BY order_key) AS total
    FROM (SELECT *, (${weight})::HUGEINT AS weight FROM touched) WHERE weight > 0
  ) s ON s.order_key = o.order_key`;
