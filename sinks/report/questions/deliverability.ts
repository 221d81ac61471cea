/** Whether messages arrive and are welcome, over time, by channel. */
import { type Question, share } from "../question.ts";
import { onDays, onlyOf, stepOf } from "../scope.ts";
import { channelName } from "./words.ts";

export interface DeliverabilityRow {
  day: string;
  channel: string;
  sent: number;
  delivered: number;
  bounced: number;
  complained: number;
  unsubscribed: number;
}

export const DELIVERABILITY: Question<DeliverabilityRow> = {
  id: "deliverability",
  title: "Do messages arrive, and are they welcome?",
  definition: ({ step }) =>
    `By ${step} of the send (UTC): bounced, for good or for now, of those sent; called abuse, and unsubscribed in reply, of those delivered.`,
  sql: (scope) =>
    `SELECT ${stepOf("sent_on", scope)} AS day, channel, sum(sent) AS sent, sum(delivered) AS delivered, sum(hard_bounced + soft_bounced) AS bounced,
  sum(complained) AS complained, sum(unsubscribed) AS unsubscribed
FROM marts.campaign_daily
WHERE ${onDays("sent_on", scope)}${onlyOf(scope)}
GROUP BY ALL
HAVING sum(sent) > 0
ORDER BY day, channel`,
  columns: ({ step }) => [
    { heading: step === "week" ? "Week of" : "Day", kind: "day", value: ({ day }) => day },
    { heading: "Channel", kind: "text", value: ({ channel }) => channelName(channel) },
    { heading: "Sent", kind: "count", value: ({ sent }) => sent },
    { heading: "Delivered", kind: "count", value: ({ delivered }) => delivered },
    { heading: "Bounce rate", kind: "share", value: (row) => share(row.bounced, row.sent) },
    { heading: "Complaint rate", kind: "share", value: (row) => share(row.complained, row.delivered) },
    { heading: "Unsubscribe rate", kind: "share", value: (row) => share(row.unsubscribed, row.delivered) },
  ],
};
