/** Which links of a campaign or message were clicked. */
import type { Question } from "../../report/question.ts";
import { inPeriod, onlyOf } from "../../report/scope.ts";

interface LinkRow {
  link_id: string | null;
  clicks: number;
  contacts: number;
  bot_clicks: number;
}

export const MOST_LINKS = 50;

export const LINKS: Question<LinkRow> = {
  id: "links",
  title: "Which links were clicked?",
  definition: () => "All clicks of the period, by people, and beside them those that Connect takes for a bot's.",
  sql: (scope) =>
    `SELECT link_id, count(*) FILTER (NOT is_bot) AS clicks, count(DISTINCT contact_id) FILTER (NOT is_bot) AS contacts, count(*) FILTER (is_bot) AS bot_clicks
FROM marts.clicks
WHERE ${inPeriod("occurred_at", scope)}${onlyOf(scope)}
GROUP BY ALL
ORDER BY clicks DESC, bot_clicks DESC, link_id
LIMIT ${MOST_LINKS}`,
  columns: () => [
    { heading: "Link", kind: "text", value: (row) => row.link_id ?? "Not known" },
    { heading: "Clicks by people", kind: "count", value: ({ clicks }) => clicks },
    { heading: "Contacts", kind: "count", value: ({ contacts }) => contacts },
    { heading: "Clicks by bots", kind: "count", value: (row) => row.bot_clicks },
  ],
};
