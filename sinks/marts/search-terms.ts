/** What people search for on the site, and what they do then. */
import type { Mart } from "./mart.ts";

export const SEARCH_TERMS: Mart = {
  name: "search_terms",
  about: "What was searched for on the sites and in the apps, without regard to case, and what the session did after its first search for it.",
  columns: {
    search_term: "What was searched for, in small letters and without blanks around it.",
    searches: "How often.",
    without_results: "How often nothing was found.",
    sessions: "Sessions that searched for it. Searches without a session are not in these counts.",
    sessions_with_product_view: "Those that viewed a product after it.",
    sessions_with_order: "Those that ordered after it.",
  },
  sql: () => `WITH searched AS (
      SELECT lower(trim(search_term)) AS search_term, tltsid, count(*) AS searches, count(*) FILTER (number_of_results = 0) AS without_results, min(occurred_at) AS searched_at
      FROM main.behavior_signals WHERE signal_type = 'onSiteSearch' AND trim(search_term) <> '' AND is_test IS NOT TRUE GROUP BY ALL
    ), done AS (
      SELECT tltsid, max(occurred_at) FILTER (signal_type = 'productView') AS viewed_at, max(occurred_at) FILTER (signal_type = 'order') AS ordered_at
      FROM main.behavior_signals WHERE signal_type IN ('productView', 'order') AND is_test IS NOT TRUE AND tltsid IN (SELECT tltsid FROM searched) GROUP BY tltsid
    )
    SELECT s.search_term, sum(s.searches)::BIGINT AS searches, sum(s.without_results)::BIGINT AS without_results, count(s.tltsid) AS sessions,
      count(*) FILTER (d.viewed_at > s.searched_at) AS sessions_with_product_view, count(*) FILTER (d.ordered_at > s.searched_at) AS sessions_with_order
    FROM searched s LEFT JOIN done d ON d.tltsid = s.tltsid GROUP BY s.search_term`,
};
