/** Whether there is data of each day, beside what Connect was asked for. */
import { type Question } from "../question.ts";
import { onDays, stepOf } from "../scope.ts";

export interface SignalsRow {
  day: string;
  signals: number;
  days: number;
  /** Days of which exports cover all types that there are. */
  asked_days: number;
  /** Days without any signal. */
  empty_days: number;
  /** Types without a signal on a day that exports cover, added up over the days. */
  gaps: number;
}

export const SIGNALS_BY_DAY: Question<SignalsRow> = {
  id: "signals-by-day",
  title: "Is there data of every day?",
  definition: ({ step }) =>
    `Signals by ${step} (UTC), without tests. A gap is a day of which a loaded export was to have a signal type, and has none: of types that are rare that is nothing unusual.`,
  sql: (scope) =>
    `SELECT ${stepOf("day", scope)} AS day, sum(signals)::BIGINT AS signals, count(DISTINCT day) AS days,
  count(DISTINCT day) FILTER (asked) AS asked_days, count(DISTINCT day) - count(DISTINCT day) FILTER (signals > 0) AS empty_days,
  count(*) FILTER (is_gap) AS gaps
FROM marts.daily
WHERE ${onDays("day", scope)}
GROUP BY ALL
ORDER BY 1`,
  columns: ({ step }) => [
    { heading: step === "week" ? "Week of" : "Day", kind: "day", value: ({ day }) => day },
    { heading: "Signals", kind: "count", value: ({ signals }) => signals },
    { heading: "Days asked for", kind: "count", value: (row) => row.asked_days },
    { heading: "Days without signals", kind: "count", value: (row) => row.empty_days },
    { heading: "Gaps by type", kind: "count", value: ({ gaps }) => gaps },
  ],
};
