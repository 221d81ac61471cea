/** How a message did: counts over all its days, and rates divided after adding up. */
import { COUNT_COLUMNS, COUNTS } from "./campaign-daily.ts";
import type { Mart } from "./mart.ts";

/** Rates: what is divided by what. Each is NULL where that is 0. */
const RATES: Readonly<Record<string, readonly [of: string, by: string, about: string]>> = {
  delivery_rate: ["delivered", "sent", "`delivered` / `sent`."],
  bounce_rate: ["hard_bounced + soft_bounced", "sent", "`hard_bounced + soft_bounced` / `sent`."],
  open_rate: ["opened", "trackable_opens", "`opened` / `trackable_opens`: by people. NULL for SMS, which has no opens."],
  open_rate_with_bots: ["opened_with_bots", "trackable_opens", "`opened_with_bots` / `trackable_opens`."],
  click_rate: ["clicked", "trackable_clicks", "`clicked` / `trackable_clicks`: by people."],
  click_rate_with_bots: ["clicked_with_bots", "trackable_clicks", "`clicked_with_bots` / `trackable_clicks`."],
  click_to_open_rate: [
    "clicked",
    "CASE WHEN channel IS DISTINCT FROM 'sms' THEN engaged END",
    "`clicked` / `engaged`: by people. NULL for SMS, which has no opens.",
  ],
  unsubscribe_rate: ["unsubscribed", "delivered", "`unsubscribed` / `delivered`."],
  complaint_rate: ["complained", "delivered", "`complained` / `delivered`."],
};

export const CAMPAIGN_PERFORMANCE: Mart = {
  name: "campaign_performance",
  about:
    "How each message of a campaign did: the counts of marts.campaign_daily added up, and rates of them. Rates of several messages are divided after adding up theirs.",
  columns: {
    channel: "The channel: email, sms or whatsapp.",
    campaign_id: "The campaign; NULL where the message is of none.",
    campaign_name: "The campaign's latest name.",
    message_id: "The message.",
    message_name: "The message's latest name.",
    first_sent_on: "The UTC day of its first send; NULL where the warehouse has none.",
    last_sent_on: "The UTC day of its last send.",
    ...COUNT_COLUMNS,
    ...Object.fromEntries(Object.entries(RATES).map(([name, [, , about]]) => [name, about])),
  },
  sql: () => `SELECT p.channel, p.campaign_id, c.campaign_name, p.message_id, m.message_name, p.first_sent_on, p.last_sent_on,
      ${COUNTS.join(", ")},
      ${Object.entries(RATES)
        .map(([name, [of, by]]) => `(${of}) / nullif(${by}, 0) AS ${name}`)
        .join(", ")}
    FROM (
      SELECT channel, campaign_id, message_id, min(sent_on) FILTER (sent > 0) AS first_sent_on, max(sent_on) FILTER (sent > 0) AS last_sent_on,
        ${COUNTS.map((name) => `sum(${name})::BIGINT AS ${name}`).join(", ")}
      FROM marts.campaign_daily GROUP BY ALL
    ) p
    LEFT JOIN marts.campaign_names c ON c.campaign_id = p.campaign_id
    LEFT JOIN marts.message_names m ON m.message_id = p.message_id`,
};
