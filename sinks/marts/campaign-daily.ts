/** What became of a day's sends, whenever it happened: counts, which may be added up. */
import type { Mart } from "./mart.ts";
import { utcDay } from "./words.ts";

/** The counts, in order: each a condition on rows of marts.sends that is counted, or a sum over them. */
const OF_SENDS = {
  sent: "count(*)",
  delivered: "count(*) FILTER (delivered)",
  hard_bounced: "count(*) FILTER (hard_bounced)",
  soft_bounced: "count(*) FILTER (soft_bounced)",
  opened: "count(*) FILTER (opens > bot_opens)",
  opened_with_bots: "count(*) FILTER (opens > 0)",
  opens_total: "sum(opens)",
  bot_opens: "sum(bot_opens)",
  mpp_opens: "sum(mpp_opens)",
  mpp_opened: "count(*) FILTER (mpp_opens > 0)",
  clicked: "count(*) FILTER (clicks > bot_clicks)",
  clicked_with_bots: "count(*) FILTER (clicks > 0)",
  clicks_total: "sum(clicks)",
  bot_clicks: "sum(bot_clicks)",
  engaged: "count(*) FILTER (opens > bot_opens OR clicks > bot_clicks)",
  unsubscribed: "count(*) FILTER (unsubscribed)",
  complained: "count(*) FILTER (complained)",
  trackable_opens: "count(*) FILTER (delivered AND channel IS DISTINCT FROM 'sms' AND tracking_level IS DISTINCT FROM 'no_tracking')",
  trackable_clicks: "count(*) FILTER (delivered AND tracking_level IS DISTINCT FROM 'no_tracking' AND tracking_level IS DISTINCT FROM 'opens_only')",
};

/** The same of marts.orphans. */
const OF_ORPHANS = {
  orphan_deliveries: "count(*) FILTER (action = 'delivery')",
  orphan_opens: "count(*) FILTER (action = 'open')",
  orphan_bot_opens: "count(*) FILTER (action = 'open' AND is_bot)",
  orphan_clicks: "count(*) FILTER (action = 'click')",
  orphan_bot_clicks: "count(*) FILTER (action = 'click' AND is_bot)",
};

/** Names of the counts, in order. */
export const COUNTS: readonly string[] = [...Object.keys(OF_SENDS), ...Object.keys(OF_ORPHANS)];

/** What each count is; marts.campaign_performance has the same, summed. */
export const COUNT_COLUMNS: Readonly<Record<string, string>> = {
  sent: "Messages that were sent, one a contact.",
  delivered: "Those of them whose delivery was told.",
  hard_bounced: "Sends that failed for good.",
  soft_bounced: "Sends that failed otherwise, and were not delivered after all.",
  opened: "Sends that a person opened, each once.",
  opened_with_bots: "Sends that a person or a machine opened, each once.",
  opens_total: "All opens of them, by people and by machines.",
  bot_opens: "Those of the opens that a machine did.",
  mpp_opens: "Those of the opens that Apple's privacy protection did: whether a person read it is not known.",
  mpp_opened: "Sends that Apple's privacy protection opened, each once.",
  clicked: "Sends in which a person clicked a link, each once.",
  clicked_with_bots: "Sends in which a person or a machine clicked a link, each once.",
  clicks_total: "All clicks in them, by people and by machines.",
  bot_clicks: "Those of the clicks that a machine did.",
  engaged: "Sends that a person opened or clicked, each once.",
  unsubscribed: "Sends in reply to which the contact unsubscribed.",
  complained: "Sends that the contact called abuse.",
  trackable_opens: "Delivered sends whose opens can be seen: no SMS, and none with no_tracking. What open rates divide by.",
  trackable_clicks: "Delivered sends whose clicks can be seen: none with no_tracking or opens_only. What click rates divide by.",
  orphan_deliveries: "Deliveries of that day which belong to no send in the warehouse, and are in no other count.",
  orphan_opens: "Opens of that day which belong to no send, by people and by machines.",
  orphan_bot_opens: "Those of them that a machine did.",
  orphan_clicks: "Clicks of that day which belong to no send, by people and by machines.",
  orphan_bot_clicks: "Those of them that a machine did.",
};

const counted = (counts: Readonly<Record<string, string>>) =>
  Object.entries(counts)
    .map(([name, sql]) => `${sql} AS ${name}`)
    .join(", ");

export const CAMPAIGN_DAILY: Mart = {
  name: "campaign_daily",
  about:
    "What became of the messages sent on a UTC day, whenever it happened, by channel, campaign and message: counts only, since rates are divided after adding up.",
  columns: {
    sent_on: "The UTC day of the sends; of orphans, the day when they happened.",
    channel: "The channel: email, sms or whatsapp.",
    campaign_id: "The campaign; NULL where the message is of none.",
    message_id: "The message.",
    ...COUNT_COLUMNS,
  },
  sql: () => `SELECT sent_on, channel, campaign_id, message_id, ${COUNTS.map((name) => `coalesce(sum(${name}), 0)::BIGINT AS ${name}`).join(", ")}
    FROM (
      SELECT ${utcDay("sent_at")} AS sent_on, channel, campaign_id, message_id, ${counted(OF_SENDS)} FROM marts.sends GROUP BY ALL
      UNION ALL BY NAME
      SELECT ${utcDay("occurred_at")} AS sent_on, channel, campaign_id, message_id, ${counted(OF_ORPHANS)}
      FROM marts.orphans WHERE action IN ('delivery', 'open', 'click') GROUP BY ALL
    ) GROUP BY ALL`,
};
