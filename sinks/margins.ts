/**
 * The signals of the days that are there as a whole. Each export of a backfill reaches into the days beside its own: such an hour of a day that
 * nobody asked for looks like a day with data, which it is not.
 */
import { inStates } from "./job-rows.ts";

const WINDOWS = `SELECT load_id, signal_types, window_start, window_end, (request->>'$.timestampStart')::TIMESTAMPTZ < window_start AS has_margin FROM signalhouse.jobs WHERE kind = 'export' AND ${inStates(["loaded"])}`;
const SIGNALS = ["marketing_signals", "behavior_signals"]
  .map((table) => `SELECT signal_type, occurred_at, load_id FROM ${table}`)
  .join(" UNION ALL ");

/**
 * signal_type and occurred_at of all signals, for a FROM, without those that an export of ours brought from beside every window that was asked for. What other
 * exports brought is there: nothing tells which window they covered.
 * Read twice, not kept: DuckDB would hold them all, 450 MiB more of 20 million, in four times the time.
 */
export const SIGNALS_OF_WHOLE_DAYS = `(
  WITH signals AS NOT MATERIALIZED (${SIGNALS}), windows AS (${WINDOWS}),
    own AS (SELECT load_id, min(window_start) AS window_start, max(window_end) AS window_end FROM windows WHERE has_margin AND load_id IS NOT NULL GROUP BY load_id)
  SELECT signal_type, occurred_at FROM signals LEFT JOIN own USING (load_id)
  WHERE own.window_start IS NULL OR (occurred_at >= window_start AND occurred_at < window_end)
  UNION ALL
  SELECT signal_type, occurred_at FROM signals beside JOIN own USING (load_id)
  WHERE (occurred_at < window_start OR occurred_at >= window_end) AND EXISTS (
    FROM windows w WHERE list_contains(w.signal_types, beside.signal_type) AND beside.occurred_at >= w.window_start AND beside.occurred_at < w.window_end)
)`;
