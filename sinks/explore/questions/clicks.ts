/** Who clicked in a campaign or message last. */
import { type Question, subjectOf } from "../../report/question.ts";
import { inPeriod, onlyOf } from "../../report/scope.ts";
import type { Named } from "./named.ts";

interface ClickRow {
  contact_id: string;
  clicked_at: string;
  clicks: number;
}

export const MOST_CONTACTS = 50;

export const CLICKS: Question<Named<ClickRow>> = {
  id: "clicks",
  title: "Who clicked last?",
  definition: () => `The ${MOST_CONTACTS} contacts whose latest click of the period is the newest, bots left out.`,
  sql: (scope) =>
    `SELECT contact_id, max(occurred_at) AS clicked_at, count(*) AS clicks
FROM marts.clicks
WHERE NOT is_bot AND contact_id IS NOT NULL AND ${inPeriod("occurred_at", scope)}${onlyOf(scope)}
GROUP BY ALL
ORDER BY clicked_at DESC, contact_id
LIMIT ${MOST_CONTACTS}`,
  columns: () => [
    { heading: "Contact", kind: "text", value: ({ contact }) => contact, leadsTo: (row) => subjectOf("contact", row.contact_id) },
    { heading: "Latest click (UTC)", kind: "time", value: (row) => row.clicked_at },
    { heading: "Clicks", kind: "count", value: ({ clicks }) => clicks },
  ],
};
