/** Whom one may write to, and where. */
import { keyKind } from "../../schemas/marts.ts";
import { spellingOf } from "../../schemas/names.ts";
import { CHANNELS, type Channel } from "../../schemas/signal-types.ts";
import { audienceRows, latestAudience } from "./audience-rows.ts";
import type { Mart, MartContext } from "./mart.ts";

/** The contact column that has a contact's address in a channel: the first of its keys that can be one, or else of its attributes. */
function addressColumn({ contactKeys, contactColumns }: MartContext, channel: Channel): string | undefined {
  const names = [...contactKeys.flatMap(({ column }) => column ?? []), ...contactColumns];
  const spelling = (column: string) => spellingOf(column.replace(/^contact_/, ""));
  const fit = names.filter((column) => keyKind(spelling(column)) === (channel === "email" ? "email" : "phone"));
  const isWhatsapp = (column: string) => spelling(column).startsWith("whatsapp");
  return [...fit.filter((name) => isWhatsapp(name) === (channel === "whatsapp")), ...fit][0];
}

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
  sql: (context) => `WITH replies AS (
      SELECT contact_id, channel, max(occurred_at) FILTER (action = 'inbound' AND classification = 'UNSUBSCRIBE') AS unsubscribed_at,
        coalesce(bool_or(action = 'failure' AND classification = 'PERMANENT'), false) AS failed, coalesce(bool_or(action = 'inbound' AND classification = 'ABUSE'), false) AS complained
      FROM marts.marketing WHERE action IN ('inbound', 'failure') AND contact_id IS NOT NULL GROUP BY contact_id, channel
    ), refusals AS (
      SELECT contact_id, channel, max(occurred_at) AS refused_at FROM (
        SELECT contact_id, occurred_at, unnest([${CHANNELS.map((channel) => `{ channel: '${channel}', consent: consent_${channel} }`).join(", ")}], recursive := true)
        FROM (${audienceRows(context, () => "r.occurred_at, r.consent_email, r.consent_sms, r.consent_whatsapp")})
        WHERE contact_id IN (SELECT contact_id FROM replies WHERE unsubscribed_at IS NOT NULL)
      ) WHERE consent <> 'OPT_IN' GROUP BY contact_id, channel
    ), barred AS (
      SELECT p.contact_id, p.channel FROM replies p LEFT JOIN refusals f ON f.contact_id = p.contact_id AND f.channel = p.channel
      WHERE p.failed OR (p.unsubscribed_at IS NOT NULL AND (f.refused_at IS NULL OR p.unsubscribed_at > f.refused_at))
      UNION SELECT contact_id, unnest(['${CHANNELS.join("', '")}']) FROM replies WHERE complained
    ), consents AS (
      SELECT contact_id, unnest([${CHANNELS.map((channel) => `{ channel: '${channel}', consent: consent_${channel}, address: ${addressColumn(context, channel) ? `nullif(trim(${channel}_address), '')` : "NULL::VARCHAR"} }`).join(", ")}], recursive := true)
      FROM (${latestAudience(
        context,
        CHANNELS.flatMap((channel) => {
          const address = addressColumn(context, channel);
          return [
            [`consent_${channel}`, `consent_${channel}`] as const,
            ...(address === undefined ? [] : [[address, `${channel}_address`] as const]),
          ];
        }),
      )})
    )
    SELECT o.contact_id || '/' || o.channel AS consented_key, o.contact_id, o.channel, o.address
    FROM consents o ANTI JOIN barred b ON b.contact_id = o.contact_id AND b.channel = o.channel
    WHERE o.consent = 'OPT_IN'`,
};
