/** Behavior joined to the message that led to it. */
import { quoteIdentifier as id } from "../../schemas/names.ts";
import { aboutColumns, IS_REAL, type View } from "./view.ts";

const BEHAVIOR = aboutColumns("behavior_signals");

/** What it has of the message: the SQL of each column, and what it says. All but `matched` are null where the marketing signal is not in the warehouse. */
const MESSAGE: Readonly<Record<string, readonly [sql: string, about: string]>> = {
  message_signal_type: [
    "m.signal_type",
    "Signal type of the marketing signal that led here, for example `emailClick`; null where that is not in the warehouse.",
  ],
  message_channel: ["m.channel", "Channel of the message: `email`, `sms` or `whatsapp`."],
  message_occurred_at: ["m.occurred_at", "When the marketing signal happened."],
  message_id: ["m.message_id", "Id of the message that led here."],
  message_name: ["m.message_name", "Name of the message."],
  campaign_id: ["m.campaign_id", "Id of the campaign that sent the message."],
  campaign_name: ["m.campaign_name", "Name of the campaign."],
  bot_detected: ["m.bot_detected", "Whether Connect takes the click for a bot's."],
  matched: ["m.signal_key IS NOT NULL", "Whether the marketing signal is in the warehouse. Never null."],
};

/**
 * Of several message signals that share the id it is the click, whose id it is by the vendor's page. The messages are cut down to those that a behavior signal names, and to
 * one an id, so that the join never multiplies rows.
 */
export const MESSAGE_BEHAVIOR: View = {
  name: "message_behavior",
  about: "Each behavior signal, without those that were sent as a test, with the marketing signal that led to it.",
  columns: { ...BEHAVIOR, ...Object.fromEntries(Object.entries(MESSAGE).map(([name, [, about]]) => [name, about])) },
  sql: (contactColumns, leftOut = []) => {
    const own = [...Object.keys(BEHAVIOR), ...contactColumns].filter((name) => !leftOut.includes(name)).map((name) => `b.${id(name)}`);
    const message = Object.entries(MESSAGE).map(([name, [sql]]) => `${sql} AS ${name}`);
    return `SELECT ${[...own, ...message].join(", ")}
    FROM behavior_signals b
    LEFT JOIN (
      SELECT * FROM marketing_signals
      WHERE signal_key IN (SELECT message_signal_id FROM behavior_signals WHERE message_signal_id IS NOT NULL)
      QUALIFY row_number() OVER (PARTITION BY signal_key ORDER BY action = 'click' DESC NULLS LAST, occurred_at DESC, load_id DESC, record_no DESC) = 1
    ) m ON b.message_signal_id = m.signal_key
    WHERE b.${IS_REAL}`;
  },
};
