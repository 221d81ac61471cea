/** How fresh each type of signal is. */
import type { Question } from "../question.ts";
import { onDays } from "../scope.ts";

export interface TypeRow {
  signal_type: string;
  signals: number;
  newest_day: string | null;
  gap_days: number;
  last_gap: string | null;
}

const MOST_TYPES = 60;

export const SIGNAL_TYPES: Question<TypeRow> = {
  id: "signal-types",
  title: "How fresh is the data?",
  definition: () =>
    "Each signal type: how many signals of the period, the newest day of the whole warehouse, and days that exports cover without one.",
  sql: (scope) =>
    `SELECT signal_type, coalesce(sum(signals) FILTER (${onDays("day", scope)}), 0)::BIGINT AS signals, max(day) FILTER (signals > 0) AS newest_day,
  count(*) FILTER (is_gap AND ${onDays("day", scope)}) AS gap_days, max(day) FILTER (is_gap AND ${onDays("day", scope)}) AS last_gap
FROM marts.daily
GROUP BY signal_type
ORDER BY signals DESC, signal_type
LIMIT ${MOST_TYPES}`,
  columns: () => [
    { heading: "Signal type", kind: "text", value: (row) => row.signal_type },
    { heading: "Signals", kind: "count", value: ({ signals }) => signals },
    { heading: "Newest day", kind: "day", value: (row) => row.newest_day },
    { heading: "Days with a gap", kind: "count", value: (row) => row.gap_days },
    { heading: "Last gap", kind: "day", value: (row) => row.last_gap },
  ],
};
