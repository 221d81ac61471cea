/** How quickly a warehouse grows. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { plainRows } from "./plain-rows.ts";

export interface Growth {
  /** Signals that the warehouse has. */
  signals: number;
  /** Signals of a day, on the average of the last thirty that it has, or of fewer. */
  signalsADay: number;
}

/** More days say less of those to come. */
const DAYS = 30;

/**
 * How many signals a day brings, by when they happened: what a backfill brings at once of a year is no growth that goes on.
 * Reads one column of both signal tables; memory is DuckDB's.
 * @param now milliseconds since the epoch; what happens later has a wrong clock, and does not count
 * @returns undefined where there are no signals of a whole day to tell by
 */
export async function growthOf(connection: DuckDBConnection, now: number): Promise<Growth | undefined> {
  const [found] = await plainRows<{ signals: bigint; recent: bigint; days: number | null }>(
    connection,
    `WITH times AS (SELECT occurred_at FROM marketing_signals UNION ALL SELECT occurred_at FROM behavior_signals),
       ends AS (SELECT min(occurred_at) AS first, max(occurred_at) AS last FROM times WHERE occurred_at <= make_timestamptz($1::BIGINT * 1000))
     SELECT (SELECT count(*) FROM times) AS signals,
       (SELECT count(*) FROM times, ends WHERE occurred_at > greatest(first, last - INTERVAL ${DAYS} DAY) AND occurred_at <= last) AS recent,
       least(${DAYS}, epoch(last - first) / 86400)::DOUBLE AS days FROM ends`,
    [BigInt(now)],
  );
  if (!found || found.days === null || found.days < 1) return undefined;
  return { signals: Number(found.signals), signalsADay: Number(found.recent) / found.days };
}
