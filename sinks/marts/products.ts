/** How far products get in visits, and what they sell for. */
import type { Mart } from "./mart.ts";
import { currencyOf, utcDay } from "./words.ts";

/** Items of the signals whose amounts count, each with its order: an order that was sent again sells once. */
const ITEMS = "main.order_items i JOIN marts.orders_once o ON o.signal_key = i.signal_key";

export const PRODUCT_DAILY: Mart = {
  name: "product_daily",
  about:
    "How far each product got on a UTC day, counted in sessions: one that views a product five times is one. Signals without a session are one each.",
  columns: {
    day: "The UTC day; of what was bought, that of the order.",
    product_id: "The product.",
    viewed: "Sessions that viewed it.",
    carted: "Sessions that put it into the cart.",
    bought: "Sessions that ordered it.",
    viewed_carted: "Sessions that viewed it and put it into the cart.",
    viewed_carted_bought: "Sessions that viewed it, put it into the cart and ordered it.",
    pieces: "Pieces of it that were ordered.",
  },
  sql: () => `SELECT day, product_id, count(*) FILTER (viewed) AS viewed, count(*) FILTER (carted) AS carted, count(*) FILTER (bought) AS bought,
      count(*) FILTER (viewed AND carted) AS viewed_carted, count(*) FILTER (viewed AND carted AND bought) AS viewed_carted_bought,
      coalesce(sum(pieces), 0) AS pieces
    FROM (
      SELECT day, product_id, visit, bool_or(step = 'productView') AS viewed, bool_or(step = 'addToCart') AS carted, bool_or(step = 'order') AS bought, sum(pieces) AS pieces
      FROM (
        SELECT ${utcDay("occurred_at")} AS day, product_id, coalesce(tltsid, signal_key) AS visit, signal_type AS step, NULL::DECIMAL(18, 4) AS pieces
        FROM main.behavior_signals WHERE signal_type IN ('productView', 'addToCart') AND product_id IS NOT NULL AND is_test IS NOT TRUE
        UNION ALL
        SELECT ${utcDay("o.ordered_at")}, i.product_id, coalesce(o.tltsid, o.order_key), 'order', i.item_quantity
        FROM ${ITEMS} WHERE i.product_id IS NOT NULL
      ) GROUP BY day, product_id, visit
    ) GROUP BY day, product_id`,
};

export const PRODUCT_REVENUE_DAILY: Mart = {
  name: "product_revenue_daily",
  about: "What each product sold for on a UTC day, by currency: amounts of several currencies are never added.",
  columns: {
    day: "The UTC day of the orders.",
    product_id: "The product.",
    currency: "The currency of the item, or else of its order, in capitals.",
    orders: "Orders that have it.",
    pieces: "Pieces of it in these.",
    amount:
      "Quantity times unit price, added up; items that lack one of them are in no sum. What the order adds or takes off as a whole is not in it.",
  },
  sql: () => `SELECT ${utcDay("o.ordered_at")} AS day, i.product_id, coalesce(${currencyOf("i.currency")}, o.currency) AS currency,
      count(DISTINCT o.order_key) AS orders, coalesce(sum(i.item_quantity), 0) AS pieces, sum(i.item_quantity * i.unit_price) AS amount
    FROM ${ITEMS} WHERE i.product_id IS NOT NULL GROUP BY ALL`,
};
