/** What people search for and do not find. */
import type { Question } from "../question.ts";
import { inPeriod } from "../scope.ts";

export interface SearchRow {
  search_term: string;
  searches: number;
  without_results: number;
}

const MOST_TERMS = 15;

export const FAILED_SEARCHES: Question<SearchRow> = {
  id: "failed-searches",
  title: "What do people search for and not find?",
  definition: () =>
    `Searches on the sites and in the apps that found nothing, by what was searched for, without regard to case. The first ${MOST_TERMS}.`,
  sql: (scope) =>
    `SELECT lower(trim(search_term)) AS search_term, count(*) AS searches, count(*) FILTER (number_of_results = 0) AS without_results
FROM behavior_signals
WHERE signal_type = 'onSiteSearch' AND trim(search_term) <> '' AND is_test IS NOT TRUE AND ${inPeriod("occurred_at", scope)}
GROUP BY 1
HAVING without_results > 0
ORDER BY without_results DESC, search_term
LIMIT ${MOST_TERMS}`,
  columns: () => [
    { heading: "Searched for", kind: "text", value: (row) => row.search_term },
    { heading: "Found nothing", kind: "count", value: (row) => row.without_results },
    { heading: "Searches", kind: "count", value: ({ searches }) => searches },
  ],
};
