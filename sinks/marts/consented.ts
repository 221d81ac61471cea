/** Whom one may write to, and where. */
import { CHANNELS } from "../../schemas/signal-types.ts";
import type { Mart } from "./mart.ts";

export const CONSENTED: Mart = {
  name: "consented",
  about:
    "Whom one may write to, by channel: contacts whose consent is OPT_IN, who have not unsubscribed from the channel since it is, have never called a message abuse, and to whom no message of the channel ever failed for good.",
  columns: {
    consented_key: "Contact and channel in one text: a key, of a reference set for one.",
    contact_id: "The contact.",
    channel: "The channel: email, sms or whatsapp.",
    address: "The address or phone number that the contact's latest signal has; NULL where the exports have none.",
  },
  // Of each channel by itself, so that a question about one does not look at the others.
  sql: () =>
    CHANNELS.map(
      (
        channel,
      ) => `SELECT contact_id || '/${channel}' AS consented_key, contact_id, '${channel}' AS channel, record.address_${channel} AS address FROM marts.contact_states
    WHERE record.consent_${channel} = 'OPT_IN' AND NOT complained AND NOT hard_bounced_${channel}
      AND (unsubscribed_${channel}_at IS NULL OR unsubscribed_${channel}_at <= refused_${channel}_at)`,
    ).join(" UNION ALL "),
};
