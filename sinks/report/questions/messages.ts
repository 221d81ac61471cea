/** How each message did. */
import { subjectOf, type Question, share } from "../question.ts";
import { inCurrency, inPeriod, onDays, onlyOf } from "../scope.ts";
import { channelName, nameOf, windowText } from "./words.ts";

export interface MessageRow {
  message_id: string | null;
  message_name: string | null;
  campaign_id: string | null;
  campaign_name: string | null;
  channel: string;
  sent: number;
  delivered: number;
  trackable_opens: number;
  opened: number;
  trackable_clicks: number;
  clicked: number;
  clicked_with_bots: number;
  unsubscribed: number;
  complained: number;
  revenue: string | null;
  messages: number;
}

export const MOST_MESSAGES = 25;

export const MESSAGES: Question<MessageRow> = {
  id: "messages",
  title: "How did each message do?",
  definition: (scope) =>
    `Messages sent in the period, most first. Rates are of those delivered; revenue is that of the orders of the period whose contact clicked in the message last, in the ${windowText(scope)} before.`,
  sql: (scope) =>
    `WITH done AS (
  SELECT channel, campaign_id, message_id, sum(sent) AS sent, sum(delivered) AS delivered, sum(trackable_opens) AS trackable_opens, sum(opened) AS opened,
    sum(trackable_clicks) AS trackable_clicks, sum(clicked) AS clicked, sum(clicked_with_bots) AS clicked_with_bots,
    sum(unsubscribed) AS unsubscribed, sum(complained) AS complained
  FROM marts.campaign_daily WHERE ${onDays("sent_on", scope)}${onlyOf(scope)} GROUP BY ALL HAVING sum(sent) > 0
), earned AS (
  SELECT channel, campaign_id, message_id, sum(revenue) AS revenue
  FROM marts.attribution WHERE model = 'last' AND touches > 0 AND ${inCurrency(scope)} AND ${inPeriod("ordered_at", scope)}${onlyOf(scope)} GROUP BY ALL
)
SELECT d.*, message_name, campaign_name, revenue, count(*) OVER () AS messages
FROM done d
LEFT JOIN earned e ON e.channel = d.channel AND e.campaign_id IS NOT DISTINCT FROM d.campaign_id AND e.message_id IS NOT DISTINCT FROM d.message_id
LEFT JOIN marts.message_names n ON n.message_id = d.message_id
LEFT JOIN marts.campaign_names c ON c.campaign_id = d.campaign_id
ORDER BY sent DESC, d.message_id, d.campaign_id, d.channel
LIMIT ${MOST_MESSAGES}`,
  columns: () => [
    {
      heading: "Message",
      kind: "text",
      value: (row) => nameOf(row.message_name, row.message_id, "(no name)"),
      leadsTo: ({ message_id }) => subjectOf("message", message_id),
    },
    { heading: "Campaign", kind: "text", value: (row) => row.campaign_name, leadsTo: ({ campaign_id }) => subjectOf("campaign", campaign_id) },
    { heading: "Channel", kind: "text", value: ({ channel }) => channelName(channel) },
    { heading: "Sent", kind: "count", value: ({ sent }) => sent },
    { heading: "Opens", kind: "share", value: (row) => share(row.opened, row.trackable_opens) },
    { heading: "Clicks", kind: "share", value: (row) => share(row.clicked, row.trackable_clicks) },
    { heading: "with bots", kind: "share", value: (row) => share(row.clicked_with_bots, row.trackable_clicks) },
    { heading: "Unsub.", kind: "share", value: (row) => share(row.unsubscribed, row.delivered) },
    { heading: "Compl.", kind: "share", value: (row) => share(row.complained, row.delivered) },
    { heading: "Revenue", kind: "amount", value: ({ revenue }) => revenue },
  ],
};
