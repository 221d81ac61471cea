/** Carts that were left, and whether their contact bought after all. */
import type { Mart } from "./mart.ts";
import { currencyOf, days } from "./words.ts";

export const CART_RECOVERY: Mart = {
  name: "cart_recovery",
  about:
    "Each cart that was left, with the contact's first order after it: within 7 days, and before the contact leaves the next cart. An order recovers one cart at most, and a cart is recovered once.",
  columns: {
    signal_key: "The cartAbandonment signal.",
    abandoned_at: "When the cart was left.",
    contact_id: "The contact; NULL where nothing says whose it is: such a cart cannot be recovered.",
    tltsid: "The session.",
    cart_value:
      "What was put into the cart in its session until then, less what was taken out; NULL where a price or quantity is not told, or there are several currencies.",
    cart_currency: "The currency of cart_value, in capitals.",
    cart_adds: "How often something was put into the cart in its session until then.",
    message_sent_at:
      "When the first message was sent to the contact that such a signal triggers (ENTRY_SIGNAL is cartAbandonment), within the same time.",
    message_clicked_at: "When the contact first clicked in one: by a person.",
    order_key: "The order that recovered it.",
    recovered_at: "When that was.",
    order_value: "What the order is worth.",
    currency: "Its currency.",
    recovered: "Whether it was recovered.",
    recovered_by_message: "Whether the contact clicked in such a message before.",
  },
  // Several signals of one contact at one time are one cart: of these the last by key stands for it.
  sql: () => `WITH carts AS MATERIALIZED (
      SELECT signal_key, occurred_at AS abandoned_at, contact_id, tltsid FROM marts.behavior WHERE signal_type = 'cartAbandonment'
    ), turns AS (
      SELECT contact_id, abandoned_at, max(signal_key) AS cart FROM carts WHERE contact_id IS NOT NULL GROUP BY contact_id, abandoned_at
    ), recovered AS (
      SELECT t.cart, min({ recovered_at: o.ordered_at, order_key: o.order_key, order_value: o.order_value, currency: o.currency }) AS bought
      FROM (FROM marts.orders_once WHERE contact_id IS NOT NULL) o
      ASOF JOIN turns t ON t.contact_id = o.contact_id AND o.ordered_at >= t.abandoned_at
      WHERE o.ordered_at < t.abandoned_at + ${days(7)} GROUP BY t.cart
    ), messaged AS (
      SELECT t.cart, min(m.occurred_at) FILTER (m.action = 'send') AS message_sent_at, min(m.occurred_at) FILTER (m.action = 'click' AND NOT m.is_bot) AS message_clicked_at
      FROM (FROM marts.marketing WHERE entry_signal = 'cartAbandonment' AND action IN ('send', 'click') AND contact_id IS NOT NULL) m
      ASOF JOIN turns t ON t.contact_id = m.contact_id AND m.occurred_at >= t.abandoned_at
      WHERE m.occurred_at < t.abandoned_at + ${days(7)} GROUP BY t.cart
    ), changes AS (
      SELECT c.signal_key, b.signal_type = 'addToCart' AS is_add, ${currencyOf("b.currency")} AS currency, b.item_quantity * b.unit_price AS amount
      FROM carts c JOIN main.behavior_signals b ON b.tltsid = c.tltsid AND b.occurred_at <= c.abandoned_at
      WHERE b.signal_type IN ('addToCart', 'removedFromCart') AND b.is_test IS NOT TRUE
    ), filled AS (
      SELECT signal_key, count(*) FILTER (is_add) AS cart_adds,
        count(amount) = count(*) AND count(DISTINCT coalesce(currency, '')) = 1 AS is_known, sum(CASE WHEN is_add THEN amount ELSE -amount END) AS cart_value, min(currency) AS cart_currency
      FROM changes GROUP BY signal_key
    )
    SELECT c.signal_key, c.abandoned_at, c.contact_id, c.tltsid,
      CASE WHEN f.is_known THEN f.cart_value END AS cart_value, CASE WHEN f.is_known THEN f.cart_currency END AS cart_currency, coalesce(f.cart_adds, 0) AS cart_adds,
      m.message_sent_at, m.message_clicked_at, r.bought.order_key, r.bought.recovered_at, r.bought.order_value, r.bought.currency,
      r.cart IS NOT NULL AS recovered, coalesce(m.message_clicked_at < r.bought.recovered_at, false) AS recovered_by_message
    FROM carts c LEFT JOIN recovered r ON r.cart = c.signal_key LEFT JOIN messaged m ON m.cart = c.signal_key LEFT JOIN filled f ON f.signal_key = c.signal_key`,
};
