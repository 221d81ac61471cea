/** Asking Connect for an export, so that neither a crash nor a lost answer can lose the job or ask twice. */
import { DAILY_LIMITS, DAY_MS, type DailyLimits, type DayUse, type ExportRequest } from "../../schemas/connect.ts";
import type { Config } from "../../schemas/config.ts";
import { isSignalhouseError, messageOf, SignalhouseError } from "../../schemas/errors.ts";
import type { SignalType } from "../../schemas/signal-types.ts";
import { changeJob, type ExportJob, exportJob, type JobChange, seenRates, usedOfDay, writeJob } from "../../sinks/jobs.ts";
import type { Clock } from "../clock.ts";
import type { ConnectApi } from "../connect-api/api.ts";
import { brokenLimit, startOfNextDay, utcDay } from "../quota.ts";
import type { SftpOptions } from "../sftp/server.ts";
import type { UseWarehouse } from "../use-warehouse.ts";

/** What every step of an export needs. */
export interface ExportContext {
  config: Config;
  api: ConnectApi;
  useWarehouse: UseWarehouse;
  clock: Clock;
  signal: AbortSignal;
  /** What must not stand in the configuration. */
  secrets?: Pick<SftpOptions, "passphrase" | "agentSocket" | "home">;
  /** What a day allows; Connect's own by default. */
  limits?: DailyLimits;
  /** Takes a line on each step. */
  log: (line: string) => void;
}

/** Bytes of gzip per record, where nothing is loaded yet: the generated exports have about so many. */
export const GUESSED_BYTES_PER_ROW = 150;

const NOTHING_USED: DayUse = { jobs: 0, rows: 0, bytes: 0, usedUp: false };

/** An export that is wanted. */
export interface Wish {
  request: ExportRequest;
  signalTypes: readonly SignalType[];
  /** The window that it is to cover, without margins; milliseconds, the end exclusive. */
  windowStart: number;
  windowEnd: number;
  /** Rows that are expected, where they are known. */
  expectedRows?: number;
  /** Ask, whatever was used of the day. */
  ignoreQuota?: boolean;
}

/**
 * Writes an export down and asks Connect for it. Where the day's limits would be broken it is put off to the next day instead.
 * @returns the job: asked, postponed, or still asking where Connect's answer got lost
 * @throws SignalhouseError usage where the name was used before or no day could hold it; api_*, export_name_taken: the job is then marked as failed
 */
export async function askForExport(context: ExportContext, wish: Wish): Promise<ExportJob> {
  const { request } = wish;
  const now = context.clock.now();
  const job = await context.useWarehouse(async ({ connection }) => {
    if (await exportJob(connection, request.jobName)) {
      throw new SignalhouseError(
        "export_name_taken",
        `there is a job "${request.jobName}" already`,
        "Give another --job-name: Connect takes each name once. To go on with that job: signalhouse export --resume",
      );
    }
    const rates = await seenRates(connection);
    const bytesPerRow = rates.bytesPerRow ?? GUESSED_BYTES_PER_ROW;
    const days = (wish.windowEnd - wish.windowStart) / DAY_MS;
    const known = wish.signalTypes.reduce((sum, type) => sum + (rates.rowsPerDay.get(type) ?? 0) * days, 0);
    const expectedRows = Math.ceil(wish.expectedRows ?? known);
    const limits = context.limits ?? DAILY_LIMITS;
    const ask = { rows: expectedRows, bytes: expectedRows * bytesPerRow };
    const tooMuch = wish.ignoreQuota ? undefined : brokenLimit(limits, NOTHING_USED, ask);
    if (tooMuch) {
      throw new SignalhouseError(
        "usage",
        `this export would have about ${expectedRows.toLocaleString("en-US")} rows, which breaks Connect's daily limit of ${tooMuch}`,
        "Give a shorter window or fewer types, let `signalhouse backfill run` cut it into days, or ask all the same with --ignore-quota.",
      );
    }
    const used = await usedOfDay(connection, Date.parse(utcDay(now)), bytesPerRow);
    const postponed = !wish.ignoreQuota && brokenLimit(limits, used, ask) !== undefined;
    const { signalTypes, windowStart, windowEnd } = wish;
    await writeJob(connection, {
      name: request.jobName,
      status: postponed ? "postponed" : "asking",
      request,
      signalTypes: [...signalTypes],
      windowStart,
      windowEnd,
      askedAt: now,
      expectedRows,
      notBefore: postponed ? startOfNextDay(now) : null,
    });
    return (await exportJob(connection, request.jobName)) as ExportJob;
  });
  context.log(`export "${job.name}" is written down`);
  if (job.status === "postponed") return job;
  return askNow(context, job);
}

/** Writes what became of a job, in the warehouse and in the job at hand. */
export async function change(context: Pick<ExportContext, "useWarehouse">, job: ExportJob, changes: JobChange): Promise<ExportJob> {
  await context.useWarehouse(({ connection }) => changeJob(connection, job.name, changes));
  return { ...job, ...changes };
}

/**
 * Asks Connect for a job that is written down. It may have been asked for already: then Connect refuses the name, which is the proof.
 * @throws SignalhouseError api_*, interrupted
 */
export async function askNow(context: ExportContext, given: ExportJob, again = false): Promise<ExportJob> {
  const { api, clock, log } = context;
  const job = given.status === "asking" && !again ? given : await change(context, given, { status: "asking", askedAt: clock.now(), notBefore: null });
  log(`asking Connect for "${job.name}"`);
  try {
    const { dataJobId, path } = await api.exportSignals(job.request);
    log(`Connect took "${job.name}" as job ${dataJobId}: ${path}`);
    return await change(context, job, { status: "asked", jobId: dataJobId, path: path.replace(/^\/+/, ""), error: null });
  } catch (error) {
    if (isSignalhouseError(error, "export_unanswered")) {
      log(`${messageOf(error)}; its file is looked for before anything is asked again`);
      return change(context, job, { error: messageOf(error) });
    }
    if (isSignalhouseError(error, "quota_used_up")) {
      log(`${messageOf(error)}; "${job.name}" is put off to ${utcDay(startOfNextDay(clock.now()))}`);
      const now = clock.now();
      return change(context, job, { status: "postponed", refusedAt: now, notBefore: startOfNextDay(now), error: messageOf(error) });
    }
    if (isSignalhouseError(error, "export_name_taken") && again) {
      log(`Connect has "${job.name}" already: its first request was taken`);
      return change(context, job, { status: "asked", askedAt: given.askedAt, error: null });
    }
    if (context.signal.aborted) throw error;
    // A network that is down or a wrong key says nothing about whether an earlier request was taken, and is no fault of a job that was put off.
    const waiting = given.status === "postponed" && !isSignalhouseError(error, "api_refused", "export_name_taken");
    if (waiting) await change(context, job, { status: "postponed", notBefore: clock.now(), error: messageOf(error) });
    else if (!again) await change(context, job, { status: "failed", finishedAt: clock.now(), error: messageOf(error) });
    throw error;
  }
}
