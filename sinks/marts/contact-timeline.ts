/** All that happened with a contact, in one list. */
import type { Mart } from "./mart.ts";
import { currencyOf } from "./words.ts";

export const CONTACT_TIMELINE: Mart = {
  name: "contact_timeline",
  about: "Each signal once, with its contact: what happened with one of them is WHERE contact_id = '…' ORDER BY occurred_at, signal_key.",
  columns: {
    contact_id: "The contact; NULL where nothing says whose it is.",
    contact_via: "How the contact was found, as in marts.marketing and marts.behavior.",
    occurred_at: "When it happened.",
    signal_type: "What happened: the signal's type.",
    channel: "Of a marketing signal: email, sms or whatsapp.",
    campaign_id: "Of a marketing signal: the campaign.",
    message_id: "Of a marketing signal: the message.",
    detail:
      "What tells most about it: why a machine is thought to have done it, or what kind of failure or reply it is; the order, product, search term or page.",
    amount: "Of an order: what it is worth.",
    currency: "Its currency.",
    tltsid: "Of a behavior signal: the session.",
    signal_key: "The signal's key within its type.",
  },
  sql: () => `SELECT contact_id, contact_via, occurred_at, signal_type, channel, campaign_id, message_id,
      coalesce(bot_detection_reason, classification, link_id) AS detail, NULL::DECIMAL(18, 4) AS amount, NULL::VARCHAR AS currency, NULL::VARCHAR AS tltsid, signal_key
    FROM marts.marketing
    UNION ALL
    SELECT contact_id, contact_via, occurred_at, signal_type, NULL, NULL, NULL,
      coalesce(order_id, product_name, product_id, search_term, url), order_value, CASE WHEN order_value IS NOT NULL THEN ${currencyOf("currency")} END, tltsid, signal_key
    FROM marts.behavior`,
};
