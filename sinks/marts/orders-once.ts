/** Orders, each once, however often it was sent. */
import type { KeptMart } from "./mart.ts";
import { currencyOf, trimmed } from "./words.ts";

export const ORDERS_ONCE: KeptMart = {
  name: "orders_once",
  about: "Each order once: its first time, the amounts of its latest signal, and its contact.",
  columns: {
    order_key: { type: "VARCHAR", about: "App key and number of the order; where it has no number, the key of its signal." },
    order_id: { type: "VARCHAR", about: "The order's number." },
    ordered_at: { type: "TIMESTAMPTZ", about: "When it was first told." },
    order_value: { type: "DECIMAL(18,4)", about: "What it is worth, by its latest signal that says so; NULL where none does." },
    currency: { type: "VARCHAR", about: "The currency of order_value, in capitals." },
    contact_id: { type: "VARCHAR", about: "The contact, of its first signal that has one." },
    contact_via: { type: "VARCHAR", about: "How the contact was found, as in marts.behavior." },
    tltsid: { type: "VARCHAR", about: "The session, of its first signal that has one." },
    message_signal_id: { type: "VARCHAR", about: "The id of the click that led there, of its first signal that names one." },
    signal_key: { type: "VARCHAR", about: "The signal whose amounts count." },
    signals: { type: "BIGINT", about: "How many signals tell of it." },
  },
};

/** SQL of an order's number: a blank one is none, for else all orders that have it would be one. */
const orderId = (row: string): string => `CASE WHEN ${trimmed(`${row}.order_id`)} IS NOT NULL THEN ${row}.order_id END`;

/** SQL of an order's key. @param row alias of a table with the columns of behavior_signals */
export const orderKey = (row: string): string => `coalesce(${row}.acoustic_app_key || '/' || ${orderId(row)}, ${orderId(row)}, ${row}.signal_key)`;

/** SQL that gives the rows of the table. @param from orders, with the columns of marts.behavior, as SQL that gives them: all signals of an order or none */
export const ordersOnceSql = (from: string): string =>
  `WITH told AS (SELECT ${orderKey("r")} AS order_key, (r.occurred_at, r.signal_key) AS place, r.*, ${currencyOf("r.currency")} AS money FROM ${from} r)
   SELECT order_key, min(${orderId("told")}) AS order_id, min(occurred_at) AS ordered_at,
     arg_max(order_value, place) AS order_value,
     arg_max_null(money, (order_value IS NOT NULL, place)) AS currency,
     arg_min(contact_id, place) AS contact_id, arg_min(contact_via, place) AS contact_via,
     arg_min(tltsid, place) AS tltsid, arg_min(message_signal_id, place) AS message_signal_id,
     arg_max(signal_key, (order_value IS NOT NULL, place)) AS signal_key, count(*) AS signals
   FROM told GROUP BY order_key`;
