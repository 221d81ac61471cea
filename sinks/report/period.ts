/** Which days a report is about: those that are asked for, else the last four weeks that the warehouse has whole. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { isDay } from "../../schemas/connect.ts";
import { SignalhouseError } from "../../schemas/errors.ts";
import { ofKept } from "./kept.ts";
import { rowsOf } from "./question.ts";
import { addDays, daysOf, type Period } from "./scope.ts";

const DEFAULT_DAYS = 28;

/** The days that the warehouse has signals of. */
export interface DataDays {
  first: string;
  /** The first one that is there from its beginning: exports cover it, or it has a day before. */
  firstFull: string;
  last: string;
  /** The last one that is over: exports cover it, or a later day has signals, too. */
  lastFull: string;
  /** Days of which more may come, or may be missing: no export covers them, and the data begins or ends on them. */
  partial: readonly string[];
  /** When the newest signal of the last day happened, ISO 8601. */
  until: string;
}

interface Found {
  first: string | null;
  last: string;
  has_first: boolean;
  has_last: boolean;
  until: string;
}

/**
 * The days between which there is data, by what keepDays() has kept. Some signals of devices whose clocks are wrong do not make a day: it has a hundredth of the busiest one's signals at least.
 * @returns undefined where there are no signals
 */
export async function dataDays(connection: DuckDBConnection): Promise<DataDays | undefined> {
  const [found] = await rowsOf<Found>(
    connection,
    ofKept(`WITH days AS (SELECT day, sum(signals) AS signals, bool_and(asked) FILTER (signals > 0) AS asked FROM marts.daily GROUP BY day HAVING sum(signals) > 0),
       busy AS (FROM days WHERE signals * 100 >= (SELECT max(signals) FROM days)),
       edges AS (SELECT min(day) AS first, max(day) AS last, arg_min(asked, day) AS has_first, arg_max(asked, day) AS has_last FROM busy)
     SELECT *, (SELECT max(occurred_at) FROM (SELECT occurred_at FROM marketing_signals UNION ALL SELECT occurred_at FROM behavior_signals WHERE is_test IS NOT TRUE)
       WHERE occurred_at < strftime(last + 1, '%Y-%m-%dT00:00:00Z')::TIMESTAMPTZ) AS until FROM edges`),
  );
  if (!found || found.first === null) return undefined;
  const { first, last, has_first, has_last, until } = found;
  const lastFull = has_last || first === last ? last : addDays(last, -1);
  const partial = [...new Set([...(has_first ? [] : [first]), ...(has_last ? [] : [last])])];
  return { first, firstFull: has_first ? first : addDays(first, 1), last, lastFull, partial, until };
}

/** The period that is meant. @param wishes days; what is not said follows from the data */
export function periodOf(data: DataDays | undefined, { from, to }: Partial<Period>): Period | undefined {
  const end = to ?? (data && (from !== undefined && from > data.lastFull ? from : data.lastFull));
  if (end === undefined) return from === undefined ? undefined : { from, to: from };
  const begin = addDays(end, 1 - DEFAULT_DAYS);
  return { from: from ?? (data && data.first > begin && data.first <= end ? data.first : begin), to: end };
}

/** As many days before the period; undefined where the data begins within them. */
export function periodBefore(data: DataDays | undefined, period: Period): Period | undefined {
  const before = { from: addDays(period.from, -daysOf(period)), to: addDays(period.from, -1) };
  return data && data.firstFull <= before.from ? before : undefined;
}

/** Checks the days that somebody has written. @param names how messages call them @throws SignalhouseError usage */
export function assertDays({ from, to }: { [edge in keyof Period]?: string | undefined }, names: Period = { from: "--from", to: "--to" }): void {
  for (const [name, text] of [[names.from, from] as const, [names.to, to] as const]) {
    if (text === undefined) continue;
    const why = /^\d{4}-\d\d-\d\d$/.test(text) ? "a day that does not exist" : "which is no day";
    if (!isDay(text)) throw new SignalhouseError("usage", `${name} is "${text}", ${why}`, "Write a day (UTC) as 2025-09-01.");
  }
  if (from !== undefined && to !== undefined && from > to)
    throw new SignalhouseError(
      "usage",
      `${names.from} ${from} is behind ${names.to} ${to}`,
      `Give an earlier ${names.from}, or a later ${names.to}.`,
    );
}
