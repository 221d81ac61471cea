/** Visits to a site or an app. */
import type { Mart } from "./mart.ts";
import { orderKey } from "./orders-once.ts";

export const SESSIONS: Mart = {
  name: "sessions",
  about: "Each visit: the signals of one TLTSID in one site or app. Signals without a TLTSID, such as imported ones, are of none.",
  columns: {
    acoustic_app_key: "The web site or app.",
    tltsid: "The session.",
    started_at: "When its first signal happened.",
    ended_at: "When its last signal happened.",
    seconds: "Whole seconds between them.",
    signals: "How many signals it has.",
    page_views: "How many pages were viewed, each time.",
    product_views: "How many products were viewed, each time.",
    cart_adds: "How often something was put into the cart.",
    searches: "How often something was searched for.",
    errors: "How many errors there were.",
    orders: "How many orders began in it; one that was sent again is one.",
    order_value: "What these are worth, by marts.orders_once; NULL where they are of several currencies.",
    currency: "The only currency of these orders.",
    cart_abandoned: "Whether a cart was left.",
    browse_abandoned: "Whether it was left without a cart.",
    landing_url: "The first page that was viewed.",
    message_signal_id: "The first MESSAGE_SIGNAL_ID: of the click that led there.",
    contact_id: "The only contact that signals of the TLTSID name, or else the clicks that led there; NULL where there are none or several.",
  },
  // What was viewed first is looked for among the signals that can be it: a pair to compare for each signal is dear.
  sql: () => `WITH visits AS (
      SELECT acoustic_app_key, tltsid, min(occurred_at) AS started_at, max(occurred_at) AS ended_at, count(*) AS signals,
        count(*) FILTER (signal_type = 'pageView') AS page_views, count(*) FILTER (signal_type = 'productView') AS product_views,
        count(*) FILTER (signal_type = 'addToCart') AS cart_adds, count(*) FILTER (signal_type = 'onSiteSearch') AS searches, count(*) FILTER (signal_type = 'error') AS errors,
        bool_or(signal_type = 'cartAbandonment') AS cart_abandoned, bool_or(signal_type = 'browseAbandonment') AS browse_abandoned,
        arg_min(url, (occurred_at, signal_key)) FILTER (signal_type = 'pageView') AS landing_url,
        arg_min(message_signal_id, (occurred_at, signal_key, signal_type)) FILTER (message_signal_id IS NOT NULL) AS message_signal_id
      FROM main.behavior_signals WHERE tltsid IS NOT NULL AND is_test IS NOT TRUE GROUP BY acoustic_app_key, tltsid
    ), led AS (
      SELECT b.tltsid, CASE WHEN min(c.contact_id) = max(c.contact_id) THEN min(c.contact_id) END AS contact_id
      FROM main.behavior_signals b JOIN marts.clicks c ON c.signal_key = b.message_signal_id
      WHERE c.is_named AND b.tltsid IS NOT NULL AND b.is_test IS NOT TRUE GROUP BY b.tltsid
    ), bought AS (
      SELECT acoustic_app_key, tltsid, count(*) AS orders, count(DISTINCT coalesce(currency, '')) = 1 AS has_one_currency, sum(order_value) AS order_value, min(currency) AS currency
      FROM (
        SELECT DISTINCT b.acoustic_app_key, o.tltsid, o.order_key, o.order_value, o.currency
        FROM main.behavior_signals b JOIN marts.orders_once o ON o.order_key = ${orderKey("b")} AND o.tltsid = b.tltsid
        WHERE b.signal_type = 'order' AND b.is_test IS NOT TRUE
      ) GROUP BY acoustic_app_key, tltsid
    )
    SELECT v.acoustic_app_key, v.tltsid, v.started_at, v.ended_at, (epoch_us(v.ended_at) - epoch_us(v.started_at)) // 1000000 AS seconds,
      v.signals, v.page_views, v.product_views, v.cart_adds, v.searches, v.errors,
      coalesce(b.orders, 0) AS orders, CASE WHEN b.has_one_currency THEN b.order_value END AS order_value, CASE WHEN b.has_one_currency THEN b.currency END AS currency,
      v.cart_abandoned, v.browse_abandoned, v.landing_url, v.message_signal_id,
      CASE WHEN k.tltsid IS NULL THEN l.contact_id ELSE k.contact_id END AS contact_id
    FROM visits v LEFT JOIN bought b ON b.tltsid = v.tltsid AND b.acoustic_app_key IS NOT DISTINCT FROM v.acoustic_app_key
    LEFT JOIN marts.session_contacts k ON k.tltsid = v.tltsid LEFT JOIN led l ON l.tltsid = v.tltsid`,
};
