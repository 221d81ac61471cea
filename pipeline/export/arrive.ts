/** Waiting for exports: the file on SFTP is the truth, there, stable in size, and whole. */
import { isSignalhouseError, SignalhouseError } from "../../schemas/errors.ts";
import { type ExportChange, type ExportJob, markLoadedJobs } from "../../sinks/jobs.ts";
import { knownFiles } from "../../sinks/ledger.ts";
import { unzip } from "../../transforms/unzip.ts";
import { type ExportAction, type ExportSeen, nextExportStep, UNFINISHED } from "../jobs/export-steps.ts";
import { goOn, type Handlers } from "../jobs/go-on.ts";
import type { KnownFile, Stop } from "../jobs/steps.ts";
import { type FileResult, loadFiles, type LoadEvent } from "../load/load-files.ts";
import { planSync } from "../load/plan.ts";
import { openServer, remoteSource } from "../load/remote-files.ts";
import type { RemoteFile, SftpServer } from "../sftp/server.ts";
import { askingHandlers, type ExportContext } from "./ask.ts";
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
  const handlers = awaitingHandlers(context, server, options);
  const rules = { ...context.config.exports, load: options.load };
  try {
    let waiting: Waiting[] = jobs.map((job) => ({ job }));
    for (;;) {
      const left: Waiting[] = [];
      for (const { job: given, known } of waiting) {
        context.signal.throwIfAborted();
        const seen: ExportSeen = known ? { known } : {};
        const { job, stop, seen: after } = await goOn(context, given, (...at) => nextExportStep(...at, rules), handlers, seen);
        if (stop.do !== "wait") outcomes.push({ job, ...(after.load ? { file: after.load } : {}), ...faultOf(context, stop) });
        else left.push({ job, known: stop.known ?? known, until: stop.until });
      }
      waiting = left;
      if (waiting.length === 0) return outcomes;
      if (options.once) return [...outcomes, ...waiting.map(({ job }): ExportOutcome => ({ job }))];
      context.waiting?.(waitText(context, waiting));
      await context.clock.wait(untilNextLook(context, waiting), context.signal);
    }
  } finally {
    context.waiting?.(undefined);
    await server.close();
  }
}

/** A job that is looked at again. */
interface Waiting {
  job: ExportJob;
  /** Its file at the last look. */
  known?: KnownFile | undefined;
  /** Not before; milliseconds since the epoch. */
  until?: number | undefined;
}

/** What is waited for, and until when: the deadline of the last file, or where every job is put off, when the first is due. */
function waitText({ config, clock }: ExportContext, waiting: readonly Waiting[]): string {
  const minute = (at: number) => `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const which = waiting.length === 1 ? `export "${waiting[0]?.job.name}"` : `${waiting.length} exports`;
  const due = Math.min(...waiting.map(({ until }) => until ?? 0));
  if (due > clock.now()) return `waiting until ${minute(due)}, when ${which} can be asked for`;
  const { pollSeconds, deadlineHours } = config.exports;
  const deadline = Math.max(...waiting.map(({ job }) => job.askedAt)) + deadlineHours * 3_600_000;
  return `waiting for the file of ${which}, until ${minute(deadline)} at most; it is looked for every ${pollSeconds} s`;
}

/** Until the next look; where every job is put off, until the first is due. */
function untilNextLook({ config, clock }: ExportContext, waiting: readonly Waiting[]): number {
  const poll = config.exports.pollSeconds * 1000;
  const first = Math.min(...waiting.map(({ until }) => until ?? 0));
  return Math.max(poll, first - clock.now());
}

/** The fault of a job that is not waited for any longer. @throws what is no fault of this job alone */
function faultOf({ signal }: ExportContext, stop: Exclude<Stop, { do: "wait" }>): Pick<ExportOutcome, "error"> {
  const { error } = stop;
  if (stop.do === "throw" && (signal.aborted || !isSignalhouseError(error))) throw error;
  return isSignalhouseError(error) ? { error } : {};
}

/** @throws SignalhouseError as `connect`, saying that the jobs are safe */
async function reach(context: ExportContext, jobs: readonly ExportJob[]): Promise<SftpServer> {
  try {
    return await openServer(context.config, { ...context.secrets, signal: context.signal, log: context.log });
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

/** What can be done for an export with the server. */
function awaitingHandlers(
  context: ExportContext,
  server: SftpServer,
  { onEvent, runId = null }: AwaitOptions,
): Handlers<ExportJob, ExportChange, ExportSeen, ExportAction> {
  const { api, config, log, signal, useWarehouse } = context;
  const { actions, ...asking } = askingHandlers(context);
  return {
    ...asking,
    // No step inquires without an id, and none reads or loads before a file was found.
    actions: {
      ...actions,
      find: async (job) => ({ file: (await findExportFile(server, job)) ?? null }),
      async inquire({ jobId }) {
        const told = await api.dataJob(jobId as string).catch((error: unknown) => {
          if (signal.aborted || !isSignalhouseError(error)) throw error;
          log(`${error.message}; the file is waited for all the same`);
        });
        return { told: told ?? null };
      },
      async read(_, { file }) {
        try {
          // oxlint-disable-next-line no-unused-vars -- reading to the end is the check
          for await (const _ of unzip(server.read(file as RemoteFile, signal), config.limits.maxExpansionRatio)) signal.throwIfAborted();
          return { fault: null };
        } catch (error) {
          if (!isSignalhouseError(error, ...UNFINISHED)) throw error;
          return { fault: error };
        }
      },
      // A sync of another process may have loaded it by now.
      load: (_, seen) =>
        useWarehouse(async (warehouse) => {
          context.waiting?.(undefined);
          const file = seen.file as RemoteFile;
          const [planned] = planSync([file], await knownFiles(warehouse.connection));
          const sources = planned?.decision.action === "load" ? [remoteSource(server, file)] : [];
          const [load = null] = await loadFiles(sources, { warehouse, limits: config.limits, retention: config.retention, runId, signal, onEvent });
          if (!load) log(`${file.path} is loaded already`);
          await markLoadedJobs(warehouse.connection);
          const unfinished = load?.status === "failed" && UNFINISHED.find((code) => code === load.code);
          return unfinished ? { fault: new SignalhouseError(unfinished, load.message, load.hint) } : { load };
        }),
    },
  };
}
