/** Connect's daily limits: what is left of a day, and whether a request fits. Pure. */
import { DAY_MS, type DailyLimits, type DayUse } from "../../schemas/connect.ts";

/** The UTC day of a time, such as 2025-07-01. */
export const utcDay = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** The first moment of the next UTC day. */
export const startOfNextDay = (time: number): number => (Math.floor(time / DAY_MS) + 1) * DAY_MS;

/** What is left of a day: never below 0, and nothing once Connect has refused an export. */
export function quotaLeft(limits: DailyLimits, { jobs, rows, bytes, usedUp }: DayUse): DailyLimits {
  const left = (limit: number, used: number) => (usedUp ? 0 : Math.max(0, limit - used));
  return { jobs: left(limits.jobs, jobs), rows: left(limits.rows, rows), bytes: left(limits.bytes, bytes) };
}

/** The limit that one more export of so many rows and bytes would break; undefined where it fits. */
export function brokenLimit(limits: DailyLimits, use: DayUse, ask: { rows: number; bytes: number }): "refused" | keyof DailyLimits | undefined {
  if (use.usedUp) return "refused";
  const left = quotaLeft(limits, use);
  if (left.jobs < 1) return "jobs";
  if (ask.rows > left.rows || left.rows === 0) return "rows";
  return ask.bytes > left.bytes || left.bytes === 0 ? "bytes" : undefined;
}
