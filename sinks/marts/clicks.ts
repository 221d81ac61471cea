/** Clicks, with their contact: what leads to visits, and earns orders. */
import type { KeptMart } from "./mart.ts";

export const CLICKS: KeptMart = {
  name: "clicks",
  about: "Each click on a link of a message, by people and by machines, with its contact.",
  columns: {
    signal_type: { type: "VARCHAR", about: "Its type." },
    signal_key: { type: "VARCHAR", about: "Its key within the type: what MESSAGE_SIGNAL_ID of a behavior signal names." },
    occurred_at: { type: "TIMESTAMPTZ", about: "When it happened." },
    channel: { type: "VARCHAR", about: "The channel: email, sms or whatsapp." },
    campaign_id: { type: "VARCHAR", about: "The campaign." },
    message_id: { type: "VARCHAR", about: "The message." },
    link_id: { type: "VARCHAR", about: "The link." },
    is_bot: { type: "BOOLEAN", about: "Whether Connect says that a machine clicked." },
    contact_id: { type: "VARCHAR", about: "The contact; NULL where nothing says whose it is." },
    is_named: { type: "BOOLEAN", about: "Whether it is the one that its key means: of clicks in several channels with the same key, the latest." },
  },
};

/** SQL that gives the rows of the table. @param from clicks, with the columns of marts.marketing, as SQL that gives them: all of a key or none */
export const clicksSql = (from: string): string =>
  `SELECT signal_type, signal_key, occurred_at, channel, campaign_id, message_id, link_id, is_bot, contact_id,
     row_number() OVER (PARTITION BY signal_key ORDER BY occurred_at DESC, signal_type) = 1 AS is_named
   FROM ${from}`;
