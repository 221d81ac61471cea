/** What each message earned of each order, in six models that all add up to what the orders are worth. */
import { HALF_LIFE_DAYS } from "../../schemas/marts.ts";
import type { Mart } from "./mart.ts";

/** How a model shares an order among its touches: SQL of what a touch weighs, of what it weighs with all before it, and of what all of the order's do. Only relations count. */
interface Weights {
  weight: string;
  upto: string;
  total: string;
}

/** The square of all weights of an order is a BIGINT: what has more touches than anybody clicks weighs them less finely. */
const DECAY = `greatest(1, round(least(1e6, 3e9 / touches) * pow(2, -(epoch_us(ordered_at) - epoch_us(touched_at)) / ${HALF_LIFE_DAYS * 86_400}e6)))::BIGINT`;

/** The models that share an order among touches, and those in which one of them has all of it. */
const MODELS: Readonly<Record<string, Weights | { only: string }>> = {
  last: { only: "position = touches" },
  first: { only: "position = 1" },
  linear: { weight: "1", upto: "position", total: "touches" },
  time_decay: {
    weight: DECAY,
    upto: `sum(${DECAY}) OVER (PARTITION BY order_key ORDER BY position)`,
    total: `sum(${DECAY}) OVER (PARTITION BY order_key)`,
  },
  // What the first and the last weigh is twice what all others between them do: 1 each.
  position_based: {
    weight: "CASE WHEN touches <= 2 THEN 1 WHEN position IN (1, touches) THEN 2 * (touches - 2) ELSE 1 END",
    upto: "CASE WHEN touches <= 2 THEN position WHEN position = touches THEN 5 * (touches - 2) ELSE 2 * (touches - 2) + position - 1 END",
    total: "CASE WHEN touches <= 2 THEN touches ELSE 5 * (touches - 2) END",
  },
};

/** SQL of n / by, rounded down, of integers: DuckDB's own division goes towards 0, which of a refund is up. */
const floored = (n: string, by: string) => `(CASE WHEN ${n} >= 0 THEN ${n} // ${by} ELSE -((${by} - 1 - ${n}) // ${by}) END)`;

/**
 * SQL of a touch's share of a whole number: what is due up to it less what is due up to the one before, so that all of them are the whole.
 * What divides evenly is shared by itself, so that nothing is longer than a BIGINT: DuckDB divides longer integers thirty times as slowly.
 */
const share = (whole: string) =>
  `(${whole} // total * weight + ${floored(`(${whole} % total * upto)`, "total")} - ${floored(`(${whole} % total * (upto - weight))`, "total")})`;

/** SQL of an order's amount in ten-thousandths. */
const UNITS = "(trunc(o.order_value)::BIGINT * 10000 + ((o.order_value - trunc(o.order_value)) * 10000)::BIGINT)";

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
    ${Object.entries(MODELS)
      .map(([model, how]) => modelSql(model, how))
      .join(" UNION ALL ")}
    UNION ALL
    SELECT 'direct', d.order_key, d.ordered_at, o.currency, d.channel, d.campaign_id, d.message_id, d.click_key, d.touched_at,
      CASE WHEN d.click_key IS NOT NULL THEN 1 END, (d.click_key IS NOT NULL)::BIGINT, o.order_value, 1::DECIMAL(9, 6)
    FROM marts.order_direct d JOIN marts.orders_once o ON o.order_key = d.order_key`,
};

/** SQL of a model: an order without a touch keeps all that it is worth, and so does the only touch that another one has. */
function modelSql(model: string, how: Weights | { only: string }): string {
  const isWhole = "only" in how;
  const touched = isWhole
    ? `SELECT * FROM touched WHERE ${how.only}`
    : `SELECT *, (${how.weight})::BIGINT AS weight, (${how.upto})::BIGINT AS upto, (${how.total})::BIGINT AS total FROM touched`;
  const part = (whole: string, shared: string) => (isWhole ? whole : `CASE WHEN s.touches > 1 THEN ${shared} ELSE ${whole} END`);
  return `SELECT '${model}' AS model, o.order_key, o.ordered_at, o.currency,
    s.channel, s.campaign_id, s.message_id, s.click_key, s.touched_at, s.position, coalesce(s.touches, 0) AS touches,
    ${part("o.order_value", `${share(UNITS)}::DECIMAL(18, 0) * 0.0001`)}::DECIMAL(18, 4) AS revenue,
    ${part("1", `${share("1000000")}::DECIMAL(9, 0) * 0.000001`)}::DECIMAL(9, 6) AS orders
  FROM marts.orders_once o LEFT JOIN (${touched}) s ON s.order_key = o.order_key`;
}
