/** How many signals there are of each day, beside what Connect was asked for: so that gaps show. */
import type { Mart } from "./mart.ts";
import { utcDay } from "./words.ts";

/** A hole of so many days without anything is no hole between exports, but a clock that was wrong. */
const LONGEST_HOLE = 366;

export const DAILY: Mart = {
  name: "daily",
  about:
    "How many signals there are of each type on each UTC day, from the first to the last day, and whether exports cover the day: days without any signal are there, too.",
  columns: {
    day: "The UTC day.",
    signal_type: "The signal type: each that the warehouse has or that was asked for.",
    signals: "How many signals of that type happened on it, without those that were sent as a test.",
    asked:
      "Whether loaded exports cover the whole day for the type, by signalhouse.jobs. Not where its files were loaded otherwise: what they were to have is not known.",
    is_gap: "Whether exports cover the day, and it has no signal.",
  },
  // Windows that overlap or touch are one stretch: a new one begins where no earlier window reaches.
  sql: () => `WITH counted AS MATERIALIZED (
      SELECT day, signal_type, sum(signals)::BIGINT AS signals FROM (
        SELECT ${utcDay("occurred_at")} AS day, signal_type, count(*) AS signals FROM main.marketing_signals GROUP BY ALL
        UNION ALL
        SELECT ${utcDay("occurred_at")}, signal_type, count(*) FROM main.behavior_signals WHERE is_test IS NOT TRUE GROUP BY ALL
      ) GROUP BY day, signal_type
    ), windows AS (
      SELECT unnest(signal_types) AS signal_type, make_timestamp(epoch_us(window_start)) AS begins, make_timestamp(epoch_us(window_end)) AS ends
      FROM signalhouse.jobs WHERE kind = 'export' AND status = 'loaded' AND window_start < window_end
    ), marked AS (
      SELECT *, coalesce(begins > max(ends) OVER (PARTITION BY signal_type ORDER BY begins, ends ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), true) AS is_first FROM windows
    ), numbered AS (
      SELECT *, count(*) FILTER (is_first) OVER (PARTITION BY signal_type ORDER BY begins, ends ROWS UNBOUNDED PRECEDING) AS stretch FROM marked
    ), stretches AS (
      SELECT signal_type, min(begins) AS begins, max(ends) AS ends FROM numbered GROUP BY signal_type, stretch
    ), covered AS MATERIALIZED (
      SELECT signal_type, unnest(range(CASE WHEN begins = date_trunc('day', begins) THEN begins ELSE date_trunc('day', begins) + INTERVAL 1 DAY END, date_trunc('day', ends), INTERVAL 1 DAY))::DATE AS day
      FROM stretches
    ), known AS (
      SELECT day, lead(day) OVER (ORDER BY day) AS next_day FROM (SELECT day FROM counted UNION SELECT day FROM covered)
    ), days AS (
      SELECT unnest(range(day::TIMESTAMP, (CASE WHEN next_day - day <= ${LONGEST_HOLE} THEN next_day ELSE day + 1 END)::TIMESTAMP, INTERVAL 1 DAY))::DATE AS day FROM known
    ), types AS (
      SELECT signal_type FROM counted UNION SELECT signal_type FROM covered
    )
    SELECT d.day, t.signal_type, coalesce(n.signals, 0) AS signals, c.day IS NOT NULL AS asked, c.day IS NOT NULL AND n.signals IS NULL AS is_gap
    FROM days d CROSS JOIN types t
    LEFT JOIN counted n ON n.day = d.day AND n.signal_type = t.signal_type
    LEFT JOIN covered c ON c.day = d.day AND c.signal_type = t.signal_type`,
};
