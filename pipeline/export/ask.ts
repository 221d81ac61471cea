/** Asking Connect for an export, so that neither a crash nor a lost answer can lose the job or ask twice. */
import { DAILY_LIMITS, DAY_MS, type DailyLimits, type DayUse, type ExportRequest } from "../../schemas/connect.ts";
import type { Config } from "../../schemas/config.ts";
import { SignalhouseError } from "../../schemas/errors.ts";
import { claimJob } from "../../sinks/job-rows.ts";
import { changeJob, type ExportChange, type ExportJob, exportJob, type SeenRates, seenRates, usedOfDay, writeJob } from "../../sinks/jobs.ts";
import type { Clock } from "../common/clock.ts";
import type { ConnectApi } from "../connect-api/api.ts";
import { type ExportSeen, firstExportStep } from "../jobs/export-steps.ts";
import { goOn, type Handlers } from "../jobs/go-on.ts";
import { brokenLimit, startOfNextDay, utcDay } from "../jobs/quota.ts";
import type { SftpOptions } from "../sftp/server.ts";
import type { Warehouse } from "../../sinks/warehouse.ts";
import type { UseWarehouse } from "../common/door.ts";
import type { TellWaiting } from "../common/waiting.ts";

/** What every step of an export needs. */
export interface ExportContext {
  config: Config;
  api: ConnectApi;
  useWarehouse: UseWarehouse;
  /** To look whether there is something to write; `useWarehouse` by default. */
  look?: UseWarehouse;
  /** The same for what has to be written down whatever happens, an abort included. */
  finish: UseWarehouse;
  clock: Clock;
  signal: AbortSignal;
  /** What must not stand in the configuration. */
  secrets?: Pick<SftpOptions, "passphrase" | "agentSocket" | "home">;
  /** What a day allows; Connect's own by default. */
  limits?: DailyLimits;
  /** Takes a line on each step. */
  log: (line: string) => void;
  /** Told what is waited for. */
  waiting?: TellWaiting | undefined;
}

/** Bytes of gzip per record, where nothing is loaded yet: the generated exports have about so many. */
export const GUESSED_BYTES_PER_ROW = 150;

const NOTHING_USED: DayUse = { jobs: 0, rows: 0, bytes: 0, usedUp: false };

/** An export that is wanted. */
export interface Wish {
  request: ExportRequest;
  signalTypes: readonly string[];
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
  const job = await context.useWarehouse((warehouse) => writeDown(context, warehouse, wish));
  return job.status === "postponed" ? job : askNow(context, job);
}

/**
 * Writes an export down: to be asked for now, or put off. A name that Connect never took can be used again.
 * @throws SignalhouseError export_name_taken, usage where no day could hold it
 */
export async function writeDown(
  context: Pick<ExportContext, "clock" | "limits" | "log">,
  { connection }: Pick<Warehouse, "connection">,
  wish: Wish,
): Promise<ExportJob> {
  const { request, signalTypes, windowStart, windowEnd } = wish;
  const now = context.clock.now();
  const earlier = await exportJob(connection, request.jobName);
  if (earlier && (earlier.status !== "failed" || earlier.jobId !== null)) {
    throw new SignalhouseError(
      "export_name_taken",
      `there is a job "${request.jobName}" already`,
      "Give another --job-name: Connect takes each name once. To go on with that job: signalhouse export --resume",
    );
  }
  const rates = await seenRates(connection);
  const days = (windowEnd - windowStart) / DAY_MS;
  const seen = signalTypes.reduce((sum, type) => sum + (rates.rowsPerDay.get(type) ?? 0) * days, 0);
  const expectedRows = Math.ceil(wish.expectedRows ?? seen);
  const broken = wish.ignoreQuota ? { ever: undefined, today: undefined } : await brokenLimits(context, connection, expectedRows, rates);
  if (broken.ever) {
    throw new SignalhouseError(
      "usage",
      `this export would have about ${expectedRows.toLocaleString("en-US")} rows, which breaks Connect's daily limit of ${broken.ever}`,
      "Give a shorter window or fewer types, let `signalhouse backfill run` cut it into days, or ask all the same with --ignore-quota.",
    );
  }
  const postponed = broken.today !== undefined;
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
  context.log(`export "${request.jobName}" is ${postponed ? "put off" : "written down"}`);
  return (await exportJob(connection, request.jobName)) as ExportJob;
}

/** Which limits an export of so many rows would break: those of any day, those of what is left of this one. */
async function brokenLimits(
  { clock, limits = DAILY_LIMITS }: Pick<ExportContext, "clock" | "limits">,
  connection: Warehouse["connection"],
  rows: number,
  { bytesPerRow }: Pick<SeenRates, "bytesPerRow">,
) {
  const bytes = bytesPerRow ?? GUESSED_BYTES_PER_ROW;
  const ask = { rows, bytes: rows * bytes };
  const used = await usedOfDay(connection, Date.parse(utcDay(clock.now())), bytes);
  return { ever: brokenLimit(limits, NOTHING_USED, ask), today: brokenLimit(limits, used, ask) };
}

/** Writes what became of a job, in the warehouse and in the job at hand. */
export async function change(context: Pick<ExportContext, "finish">, job: ExportJob, changes: ExportChange): Promise<ExportJob> {
  await context.finish(({ connection }) => changeJob(connection, job.name, changes));
  return { ...job, ...changes };
}

/**
 * Asks Connect for a job that this process has written down.
 * @returns the job: asked, postponed, or still asking where Connect's answer got lost; where another process has gone on with it, as that left it
 * @throws SignalhouseError api_*, export_name_taken: the job is then marked as failed; interrupted
 */
export async function askNow(context: ExportContext, job: ExportJob): Promise<ExportJob> {
  const asked = await goOn(context, job, firstExportStep, askingHandlers(context), {});
  if (asked.stop.do === "throw") throw asked.stop.error;
  return asked.job;
}

/** What can be done for an export without the server. */
export function askingHandlers(context: ExportContext): Handlers<ExportJob, ExportChange, ExportSeen, "count" | "reread"> {
  const { api, log, useWarehouse } = context;
  return {
    mark: (job, { change: changes }) => change(context, job, changes),
    claim: (job, changes) =>
      useWarehouse(async ({ connection }) => {
        const isMine = await claimJob(connection, "export", job, changes);
        return isMine ? { isMine, job: { ...job, ...changes } } : { isMine, job: (await exportJob(connection, job.name)) ?? job };
      }),
    async ask({ name, request }) {
      log(`asking Connect for "${name}"`);
      const { dataJobId, path } = await api.exportSignals(request);
      log(`Connect took "${name}" as job ${dataJobId}: ${path ?? "it does not say where the file will be"}`);
      return { jobId: dataJobId, ...(path === undefined ? {} : { path: path.replace(/^\/+/, "") }) };
    },
    actions: {
      count: ({ expectedRows }) =>
        useWarehouse(async ({ connection }) => {
          const { today } = await brokenLimits(context, connection, expectedRows, await seenRates(connection));
          return { isDayFull: today !== undefined };
        }),
      reread: (job) => useWarehouse(async ({ connection }) => ({ row: (await exportJob(connection, job.name)) ?? job })),
    },
  };
}
