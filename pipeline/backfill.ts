/** backfill: ask for what fits today, wait, load, go on tomorrow. All that it knows is in signalhouse.jobs and the ledger. */
import { DAILY_LIMITS, DAY_MS, KEPT_MS, signalTypesOf } from "../schemas/connect.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import type { BackfillConfig } from "../schemas/config.ts";
import { OPEN_EXPORTS } from "../schemas/jobs.ts";
import { type ExportJob, exportJobs, seenRates, usedOfDay } from "../sinks/jobs.ts";
import type { Warehouse } from "../sinks/warehouse.ts";
import type { JobWindow } from "./backfill-days.ts";
import { type BackfillJob, type BackfillPlan, planBackfill } from "./backfill-plan.ts";
import type { Span } from "./span.ts";
import { askNow, change, type ExportContext, GUESSED_BYTES_PER_ROW, type Wish, writeDown } from "./export/ask.ts";
import { type AwaitOptions, awaitExports, type ExportOutcome } from "./export/arrive.ts";
import { newJobName, placeFor } from "./export/file.ts";
import { isDue } from "./jobs/export-steps.ts";
import { GIVEN_UP_MS } from "./jobs/steps.ts";
import { startOfNextDay, utcDay } from "./jobs/quota.ts";

/**
 * The span that a configuration means: whole UTC days, to the end of yesterday unless it says otherwise. It never reaches into today, which is
 * not over.
 * @throws SignalhouseError usage where there is no start, or nothing between start and end
 */
export function backfillSpan({ from, to, types }: Pick<BackfillConfig, "from" | "to" | "types">, now: number): Span {
  if (from === undefined) {
    throw new SignalhouseError("usage", "the backfill has no first day", "Give --from 2025-01-01, or set backfill.from in the configuration.");
  }
  const start = Date.parse(`${from}T00:00:00Z`);
  const today = Date.parse(`${utcDay(now)}T00:00:00Z`);
  const end = Math.min(to === undefined ? today : Date.parse(`${to}T00:00:00Z`) + DAY_MS, today);
  if (start >= end) {
    const last = new Date(end - DAY_MS).toISOString().slice(0, 10);
    throw new SignalhouseError(
      "usage",
      `the backfill begins on ${from}, after its last day ${last}`,
      "Give an earlier --from or a later --to; today is not over, so yesterday is the last day that can be asked for.",
    );
  }
  return { types: signalTypesOf(types), start, end };
}

/** Plans what is missing of a span from what the warehouse knows. Reads only. */
export async function planSpan(
  { connection }: Pick<Warehouse, "connection">,
  span: Span,
  options: Pick<BackfillConfig, "marginMinutes" | "guessRowsPerDay"> & { now: number; limits?: ExportContext["limits"] },
): Promise<BackfillPlan> {
  const { now, limits = DAILY_LIMITS } = options;
  const rates = await seenRates(connection);
  const bytesPerRow = rates.bytesPerRow ?? GUESSED_BYTES_PER_ROW;
  return planBackfill({
    span,
    covered: windowsOf(await exportJobs(connection), now).filter(({ deletedAt = Infinity }) => deletedAt > now),
    rowsPerDay: rates.rowsPerDay,
    guessRowsPerDay: options.guessRowsPerDay,
    bytesPerRow,
    marginMs: options.marginMinutes * 60_000,
    limits,
    usedToday: await usedOfDay(connection, Date.parse(utcDay(now)), bytesPerRow),
    now,
  });
}

/** What the jobs cover or are about to. A job that failed covers nothing, nor does one whose file has not come for two days. */
export function windowsOf(jobs: readonly ExportJob[], now: number): JobWindow[] {
  return jobs.flatMap(({ status, signalTypes: types, windowStart: start, windowEnd: end, askedAt }): JobWindow[] => {
    const window = { types, start, end };
    if (status === "loaded") return [{ ...window, state: status }];
    if (status === "arrived") return [{ ...window, state: status, deletedAt: askedAt + KEPT_MS }];
    const isGivenUp = status === "failed" || (status !== "postponed" && askedAt + GIVEN_UP_MS <= now);
    return isGivenUp ? [] : [{ ...window, state: "asked" }];
  });
}

export interface BackfillOptions extends Omit<AwaitOptions, "load" | "once"> {
  span: Span;
  marginMinutes: number;
  guessRowsPerDay: number;
  /** Stop when today's jobs are done, instead of waiting for tomorrow. */
  once?: boolean;
  /** Ask and look once, do not wait for files: for `watch`, which comes again. */
  askOnly?: boolean;
}

export interface BackfillRun {
  outcomes: ExportOutcome[];
  /** What is left to ask for, from tomorrow on. */
  left: BackfillPlan;
}

/**
 * Goes on with the jobs that are under way, then asks for what is missing of the span, as much as each day allows, until nothing is missing.
 * It can be ended at any time and begun again.
 * @throws SignalhouseError where the API, the server or the warehouse cannot be used at all; interrupted
 */
export async function runBackfill(context: ExportContext, options: BackfillOptions): Promise<BackfillRun> {
  const { clock, signal, useWarehouse, look = useWarehouse } = context;
  const { span, once, askOnly } = options;
  const outcomes: ExportOutcome[] = [];
  const given = new Set<string>();
  const planIn = (warehouse: Warehouse) => planSpan(warehouse, span, { ...options, ...context, now: clock.now() });
  const isForToday = ({ calendar }: BackfillPlan) => calendar[0]?.day === utcDay(clock.now());
  for (;;) {
    signal.throwIfAborted();
    const open = (await look(({ connection }) => exportJobs(connection, ...OPEN_EXPORTS))).filter(
      (job) => !given.has(job.name) && isDue(job, clock.now()),
    );
    // A job that is late is not waited for again by this run.
    for (const { name } of open) given.add(name);
    outcomes.push(...(await awaitExports(context, open, { ...options, load: !askOnly, once: Boolean(askOnly) })));

    const ahead = await look(planIn);
    // Planned again and written down while the warehouse is held: of two backfills at the same time, the second sees what the first is about to ask for.
    const { calendar, jobs } = !isForToday(ahead)
      ? { calendar: ahead.calendar, jobs: [] }
      : await useWarehouse(async (warehouse) => {
          const plan = await planIn(warehouse);
          const jobs: ExportJob[] = [];
          for (const part of isForToday(plan) ? (plan.calendar[0]?.jobs ?? []) : [])
            jobs.push(await writeDown(context, warehouse, wishOf(part, context)));
          return { calendar: plan.calendar, jobs };
        });
    const asked = await askInTurn(context, jobs);
    if (askOnly) return { outcomes: [...outcomes, ...asked.map((job) => ({ job }))], left: await look(planIn) };
    if (asked.some(({ status }) => status !== "postponed")) continue;
    const isOver = calendar.length === 0 && (await look(({ connection }) => exportJobs(connection, "postponed"))).length === 0;
    if (once || isOver) return { outcomes, left: await look(planIn) };
    const next = startOfNextDay(clock.now());
    context.waiting?.(`nothing more can be asked for today; going on at ${new Date(next).toISOString()}`);
    await clock.wait(next - clock.now(), signal).finally(() => context.waiting?.(undefined));
  }
}

/** The export for a part of the plan. */
function wishOf({ start, end, types, askStart, askEnd, rows, bytes }: BackfillJob, { clock, limits = DAILY_LIMITS }: ExportContext): Wish {
  const jobName = newJobName(clock.now());
  const window = { timestampStart: new Date(askStart).toISOString(), timestampEnd: new Date(askEnd - 1).toISOString() };
  // A part that is larger than any day is asked for all the same, alone on its day: it then counts as the whole of the day.
  const share = Math.min(1, limits.rows / rows, limits.bytes / bytes);
  const expectedRows = rows === 0 ? 0 : Math.floor(rows * share);
  return {
    request: { jobName, signalTypes: types, ...window, place: placeFor(jobName) },
    signalTypes: types,
    windowStart: start,
    windowEnd: end,
    expectedRows,
  };
}

/** Asks for jobs that are written down. Once Connect says that the day's limits are reached, the rest is put off without asking. */
async function askInTurn(context: ExportContext, jobs: readonly ExportJob[]): Promise<ExportJob[]> {
  const asked: ExportJob[] = [];
  let refused: ExportJob | undefined;
  for (const job of jobs) {
    if (job.status === "postponed") asked.push(job);
    else if (refused) asked.push(await change(context, job, { status: "postponed", notBefore: refused.notBefore }));
    else {
      const answered = await askNow(context, job);
      if (answered.status === "postponed") refused = answered;
      asked.push(answered);
    }
  }
  return asked;
}
