/** Waiting for exports: the file on SFTP is the truth, there, stable in size, and whole. */
import { dataJobState } from "../../schemas/connect.ts";
import { isSignalhouseError, messageOf, SignalhouseError } from "../../schemas/errors.ts";
import { type ExportJob, exportJob, markLoadedJobs } from "../../sinks/jobs.ts";
import { knownFiles } from "../../sinks/ledger.ts";
import { unzip } from "../../transforms/unzip.ts";
import { type FileResult, loadFiles, type LoadEvent } from "../load-files.ts";
import { planSync } from "../plan.ts";
import type { RemoteFile, SftpServer } from "../sftp/server.ts";
import { connect, remoteSource } from "../sync.ts";
import { askNow, askPostponed, change, type ExportContext, GIVEN_UP_MS } from "./ask.ts";
import { findExportFile } from "./file.ts";

/** How a job ended, or why it is not waited for any longer. */
export interface ExportOutcome {
  job: ExportJob;
  /** The load, where the file was loaded by this call. */
  file?: FileResult;
  error?: SignalhouseError;
}

export interface AwaitOptions {
  /** Load each file once it is there. */
  load: boolean;
  /** Look once, and leave what is not there yet. */
  once?: boolean;
  runId?: bigint | null;
  onEvent?: (event: LoadEvent) => void;
}

/**
 * Goes on with jobs wherever they stand: asks for those that were put off and are due, finds out about those whose answer got lost, waits for
 * files until the deadline, checks or loads them. Holds the warehouse only while something is written.
 * @returns what became of each job, in no order; a job that fails does not stop the others
 * @throws SignalhouseError where server or API cannot be used at all; the signal's reason
 */
export async function awaitExports(context: ExportContext, jobs: readonly ExportJob[], options: AwaitOptions): Promise<ExportOutcome[]> {
  const outcomes: ExportOutcome[] = [];
  if (jobs.length === 0) return outcomes;
  const server = await reach(context, jobs);
  const seen = new Map<string, Seen>();
  try {
    let waiting = [...jobs];
    for (;;) {
      const left: ExportJob[] = [];
      for (const job of waiting) {
        context.signal.throwIfAborted();
        const step = await goOn({ ...context, server, seen, options }, job);
        if ("outcome" in step) outcomes.push(step.outcome);
        else left.push(step.job);
      }
      waiting = left;
      if (waiting.length === 0) return outcomes;
      if (options.once) return [...outcomes, ...waiting.map((job): ExportOutcome => ({ job }))];
      await context.clock.wait(untilNextLook(context, waiting), context.signal);
    }
  } finally {
    await server.close();
  }
}

/** Until the next look; where every job is put off, until the first is due. */
function untilNextLook({ config, clock }: ExportContext, waiting: readonly ExportJob[]): number {
  const poll = config.exports.pollSeconds * 1000;
  if (waiting.some(({ status }) => status !== "postponed")) return poll;
  return Math.max(poll, Math.min(...waiting.map(({ notBefore }) => notBefore ?? 0)) - clock.now());
}

/** @throws SignalhouseError as `connect`, saying that the jobs are safe */
async function reach(context: ExportContext, jobs: readonly ExportJob[]): Promise<SftpServer> {
  try {
    return await connect(context.config, { ...context.secrets, signal: context.signal, log: context.log });
  } catch (error) {
    if (context.signal.aborted || !isSignalhouseError(error)) throw error;
    const names = jobs.map(({ name }) => `"${name}"`).join(", ");
    throw new SignalhouseError(
      error.code,
      `Connect was asked for ${names}, but the file cannot be fetched: ${error.message}`,
      `${error.hint} The export is not lost: signalhouse export --resume goes on with it.`,
      error,
    );
  }
}

interface Look extends ExportContext {
  server: SftpServer;
  /** By job. */
  seen: Map<string, Seen>;
  options: AwaitOptions;
}

/** A file at the last look, and what was wrong with it when it was read: it is not read again before it has changed. */
interface Seen {
  file: RemoteFile;
  fault?: SignalhouseError;
}

type Step = { job: ExportJob } | { outcome: ExportOutcome };

/** One look at one job. */
async function goOn(look: Look, job: ExportJob): Promise<Step> {
  const { clock, config, server, seen } = look;
  if (job.status === "postponed") {
    if ((job.notBefore ?? 0) > clock.now()) return { job };
    return asking(look, job, () => askPostponed(look, job));
  }
  const file = await findExportFile(server, job);
  if (!file) {
    if (job.status === "asking") {
      if (clock.now() < job.askedAt + config.exports.lookMinutes * 60_000) return { job };
      return asking(look, job, () => askNow(look, job, true));
    }
    return (await refusedByConnect(look, job)) ?? (await late(look, job));
  }
  const before = seen.get(job.name);
  const found = job.path === file.path && job.status !== "asking" ? job : await change(look, job, { status: "asked", path: file.path, error: null });
  if (file.size === 0) return late(look, found, EMPTY);
  if (before?.file.size !== file.size || before.file.mtime !== file.mtime) {
    seen.set(job.name, { file });
    look.log(`${file.path} is there with ${file.size} bytes; it is taken once it stays so`);
    return { job: found };
  }
  return before.fault ? late(look, found, before.fault) : arrived(look, found, file);
}

const EMPTY = new SignalhouseError("file_empty", "its file has no bytes", "It may still be being written.");

async function asking(look: Look, job: ExportJob, ask: () => Promise<ExportJob>): Promise<Step> {
  try {
    return { job: await ask() };
  } catch (error) {
    if (look.signal.aborted || !isSignalhouseError(error)) throw error;
    return { outcome: { job: await reread(look, job), error } };
  }
}

const reread = (look: Look, job: ExportJob) => look.useWarehouse(async ({ connection }) => (await exportJob(connection, job.name)) ?? job);

/** The file is there and did not change between two looks: reading it tells whether it is whole. */
async function arrived(look: Look, job: ExportJob, file: RemoteFile): Promise<Step> {
  const { options, clock } = look;
  if (!options.load) {
    const fault = await whyNotWhole(look, file);
    if (fault) return unfinished(look, job, file, fault);
    return { outcome: { job: await change(look, job, { status: "arrived", sizeBytes: file.size, finishedAt: clock.now(), error: null }) } };
  }
  if (job.status !== "arrived") job = await change(look, job, { status: "arrived", sizeBytes: file.size, error: null });
  const result = await load(look, file);
  const code = result?.status === "failed" ? UNFINISHED.find((known) => known === result.code) : undefined;
  if (result?.status === "failed" && code) {
    return unfinished(look, await change(look, job, { status: "asked" }), file, new SignalhouseError(code, result.message, result.hint));
  }
  if (result?.status === "failed") {
    const { message } = result;
    if (USELESS.includes(result.code)) job = await change(look, job, { status: "failed", finishedAt: clock.now(), error: message });
    return {
      outcome: { job, file: result, error: new SignalhouseError("export_failed", `${file.path} cannot be loaded: ${result.message}`, result.hint) },
    };
  }
  return { outcome: { job: await reread(look, job), ...(result ? { file: result } : {}) } };
}

/** What can only be had anew: the job failed, and what it was to cover is missing. */
const USELESS = ["gzip_corrupt", "not_an_export", "header_missing"];

/** What a file looks like that is still being written. */
const UNFINISHED = ["gzip_truncated", "file_changed", "file_empty", "file_missing"] as const;

function unfinished(look: Look, job: ExportJob, file: RemoteFile, fault: SignalhouseError): Promise<Step> {
  look.seen.set(job.name, { file, fault });
  return late(look, job, fault);
}

async function whyNotWhole({ server, config, signal }: Look, file: RemoteFile): Promise<SignalhouseError | undefined> {
  try {
    // oxlint-disable-next-line no-unused-vars -- reading to the end is the check
    for await (const _ of unzip(server.read(file, signal), config.limits.maxExpansionRatio)) signal.throwIfAborted();
    return undefined;
  } catch (error) {
    if (!isSignalhouseError(error, ...UNFINISHED)) throw error;
    return error;
  }
}

/** Loads the file, unless a sync of another process has done so by now. */
async function load(look: Look, file: RemoteFile): Promise<FileResult | undefined> {
  const { config, signal, options, server } = look;
  return look.useWarehouse(async (warehouse) => {
    const [planned] = planSync([file], await knownFiles(warehouse.connection));
    const sources = planned?.decision.action === "load" ? [remoteSource(server, file)] : [];
    const { onEvent, runId = null } = options;
    const [result] = await loadFiles(sources, { warehouse, limits: config.limits, runId, signal, ...(onEvent ? { onEvent } : {}) });
    look.log(`${file.path} is ${result ? result.status : "loaded already"}`);
    await markLoadedJobs(warehouse.connection);
    return result;
  });
}

/** Asks Connect how the job goes, where it can tell. Only a failure counts: that a job is done, the file tells. */
async function refusedByConnect(look: Look, job: ExportJob): Promise<Step | undefined> {
  if (job.jobId === null) return undefined;
  const told = await look.api.dataJob(job.jobId).catch((error: unknown) => {
    if (look.signal.aborted || !isSignalhouseError(error)) throw error;
    look.log(`${messageOf(error)}; the file is waited for all the same`);
    return undefined;
  });
  if (!told || dataJobState(told) !== "failed") return undefined;
  const reasons = (told.errors ?? []).map((fault) => [fault.code, fault.message].filter(Boolean).join(": ")).join("; ");
  const error = new SignalhouseError(
    "export_failed",
    `Connect could not make the export "${job.name}" (${told.status ?? "no status"}${reasons ? `: ${reasons}` : ""})`,
    "See Data management > Job monitoring in Connect, then ask for it again under another name.",
  );
  return { outcome: { job: await change(look, job, { status: "failed", finishedAt: look.clock.now(), error: error.message }), error } };
}

/** Waits on, unless the deadline has passed. @param why what is wrong with the file that is there */
async function late(look: Look, job: ExportJob, why?: SignalhouseError): Promise<Step> {
  const { clock, config } = look;
  const hours = config.exports.deadlineHours;
  if (clock.now() < job.askedAt + hours * 3_600_000) return { job };
  const error =
    why?.code === "file_empty"
      ? new SignalhouseError(
          "file_empty",
          `the file of the export "${job.name}", ${job.path}, has no bytes, ${hours} hours after it was asked for`,
          "See Data management > Job monitoring in Connect, and ask for it again under another name.",
        )
      : new SignalhouseError(
          "export_late",
          `the export "${job.name}" has not arrived whole within ${hours} hours${why ? `: ${why.message}` : ""}`,
          "See Data management > Job monitoring in Connect. Wait on with `signalhouse export --resume` and a longer exports.deadlineHours, or ask again.",
        );
  const isGivenUp = clock.now() >= job.askedAt + GIVEN_UP_MS;
  const changes = isGivenUp ? ({ status: "failed", finishedAt: clock.now(), error: error.message } as const) : { error: error.message };
  return { outcome: { job: await change(look, job, changes), error } };
}
