/** Whether people open and click, over time, with and without bots. */
import { type Question, share } from "../question.ts";
import { onDays, onlyOf, stepOf } from "../scope.ts";

export interface EngagementRow {
  day: string;
  trackable_opens: number;
  opened: number;
  opened_with_bots: number;
  trackable_clicks: number;
  clicked: number;
  clicked_with_bots: number;
}

export const ENGAGEMENT: Question<EngagementRow> = {
  id: "engagement",
  title: "Do people open and click e-mails?",
  definition: ({ step }) =>
    `E-mails by ${step} of their send (UTC): opened, and clicked, of those delivered whose opens, and clicks, can be seen, each once. The broken lines count bots too, and with them Apple's ` +
    "privacy protection, which opens for people; the true share of opens lies between both lines.",
  sql: (scope) =>
    `SELECT ${stepOf("sent_on", scope)} AS day, sum(trackable_opens) AS trackable_opens, sum(opened) AS opened, sum(opened_with_bots) AS opened_with_bots,
  sum(trackable_clicks) AS trackable_clicks, sum(clicked) AS clicked, sum(clicked_with_bots) AS clicked_with_bots
FROM marts.campaign_daily
WHERE channel = 'email' AND ${onDays("sent_on", scope)}${onlyOf(scope)}
GROUP BY ALL
ORDER BY day`,
  columns: ({ step }) => [
    { heading: step === "week" ? "Week of" : "Day", kind: "day", value: ({ day }) => day },
    { heading: "Opens visible", kind: "count", value: (row) => row.trackable_opens },
    { heading: "Opened", kind: "count", value: ({ opened }) => opened },
    { heading: "Open rate", kind: "share", value: (row) => share(row.opened, row.trackable_opens) },
    { heading: "with bots", kind: "share", value: (row) => share(row.opened_with_bots, row.trackable_opens) },
    { heading: "Clicks visible", kind: "count", value: (row) => row.trackable_clicks },
    { heading: "Clicked", kind: "count", value: ({ clicked }) => clicked },
    { heading: "Click rate", kind: "share", value: (row) => share(row.clicked, row.trackable_clicks) },
    { heading: "with bots", kind: "share", value: (row) => share(row.clicked_with_bots, row.trackable_clicks) },
  ],
};
