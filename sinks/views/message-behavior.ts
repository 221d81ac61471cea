/** Behavior joined to the message that led to it. */
import { quoteIdentifier as id } from "../../schemas/names.ts";
import { SIGNAL_TABLES } from "../../schemas/tables.ts";
import { IS_REAL, type View } from "./view.ts";

/**
 * Of several message signals that share the id it is the click, whose id it is by the vendor's page. The messages are cut down to those that a behavior signal names, and to
 * one an id, so that the join never multiplies rows.
 */
export const MESSAGE_BEHAVIOR: View = {
  name: "message_behavior",
  about: "Each behavior signal, without those that were sent as a test, with the marketing signal that led to it.",
  sql: (contactColumns) => {
    const own = [...SIGNAL_TABLES.behavior_signals.flatMap(({ name }) => (name === "key_hash" ? [] : [name])), ...contactColumns];
    return `SELECT ${own.map((name) => `b.${id(name)}`).join(", ")},
      m.signal_type AS message_signal_type, m.channel AS message_channel, m.occurred_at AS message_occurred_at,
      m.message_id, m.message_name, m.campaign_id, m.campaign_name, m.bot_detected,
      m.signal_key IS NOT NULL AS matched
    FROM behavior_signals b
    LEFT JOIN (
      SELECT * FROM marketing_signals
      WHERE signal_key IN (SELECT message_signal_id FROM behavior_signals WHERE message_signal_id IS NOT NULL)
      QUALIFY row_number() OVER (PARTITION BY signal_key ORDER BY action = 'click' DESC NULLS LAST, occurred_at DESC, load_id DESC, record_no DESC) = 1
    ) m ON b.message_signal_id = m.signal_key
    WHERE b.${IS_REAL}`;
  },
};
