/** watch: sync, exports under way and backfill, again and again, in one process. */
import type { Config } from "../schemas/config.ts";
import { isSignalhouseError, messageOf } from "../schemas/errors.ts";
import { AWAITED_EXPORTS } from "../schemas/jobs.ts";
import type { Outcome } from "../schemas/outcomes.ts";
import { explainTooMany } from "../sinks/file-faults.ts";
import { exportJobs } from "../sinks/jobs.ts";
import { beginRun, endRun } from "../sinks/runs.ts";
import type { Warehouse } from "../sinks/warehouse.ts";
import { backfillSpan, runBackfill } from "./backfill.ts";
import type { Clock } from "./common/clock.ts";
import type { Door } from "./common/door.ts";
import { packageVersion } from "./common/package.ts";
import { awaitExports, type ExportOutcome } from "./export/arrive.ts";
import type { ExportContext } from "./export/ask.ts";
import { type FileResult, outcomeOf } from "./load/load-files.ts";
import { openServer } from "./load/remote-files.ts";
import { isNews, listExports, loadListed, readKnown, type SyncOptions } from "./sync.ts";

/** What a cycle did. */
export interface Cycle {
  /** Milliseconds since the epoch. */
  startedAt: number;
  finishedAt: number;
  files: FileResult[];
  /** Exports that were asked for, or looked for. */
  exports: ExportOutcome[];
  /** Why the cycle ended early. The next one tries again. */
  error?: { code: string; message: string; hint: string };
}

export interface WatchOptions {
  config: Config;
  door: Door;
  clock: Clock;
  signal: AbortSignal;
  secrets?: NonNullable<SyncOptions["secrets"]>;
  /** For asking Connect; without it, watch only loads. */
  exports?: ExportContext;
  /** Milliseconds from the start of a cycle to the start of the next. */
  everyMs: number;
  log: (line: string) => void;
  /** Is awaited after each cycle. */
  onCycle: (cycle: Cycle) => Promise<void>;
}

/**
 * Runs cycles until the signal is aborted, and returns then. A cycle that fails is told and does not end the watch.
 * Between cycles nothing is held: neither the warehouse nor a connection. In a cycle the warehouse is taken for moments, to read; to write only where
 * there is something to write.
 */
export async function watch(options: WatchOptions): Promise<void> {
  const { clock, signal, everyMs } = options;
  while (!signal.aborted) {
    const cycle = await runCycle(options);
    // What an abort cut short is no failure.
    if (cycle === undefined) return;
    await options.onCycle(cycle);
    if (signal.aborted) return;
    await clock.wait(Math.max(0, cycle.startedAt + everyMs - clock.now()), signal).catch(() => undefined);
  }
}

/** A cycle that loads something, or in which something fails, is a run; the others, of which there may be thousands, are none. */
async function runCycle(options: WatchOptions): Promise<Cycle | undefined> {
  const { door, clock, signal, exports } = options;
  const cycle: Cycle = { startedAt: clock.now(), finishedAt: 0, files: [], exports: [] };
  let isNoted = false;
  try {
    if (exports) cycle.exports = await ask(exports, options);
    const fault = cycle.exports.find(({ error }) => error)?.error;
    cycle.files = await loadNews(options, fault !== undefined, async (warehouse, load) => {
      const run = new CycleRun(warehouse);
      try {
        const files = await load(() => run.begin());
        if (fault) await run.end("failed", fault.message);
        else if (run.isBegun) await run.end(outcomeOf(files));
        return files;
      } catch (error) {
        isNoted = true;
        // Where even this cannot be written, the first failure is the one to tell.
        if (run.isBegun || !signal.aborted) await run.end(signal.aborted ? "interrupted" : "failed", messageOf(error)).catch(() => undefined);
        throw error;
      }
    });
  } catch (thrown) {
    if (signal.aborted) return undefined;
    const error = explainTooMany(thrown);
    // It failed before the warehouse was open. Who has it now will have it for another while.
    if (!isNoted && !isSignalhouseError(error, "warehouse_locked"))
      await door.toFinish((warehouse) => new CycleRun(warehouse).end("failed", messageOf(error))).catch(() => undefined);
    const known = isSignalhouseError(error);
    cycle.error = { code: known ? error.code : "bug", message: messageOf(error), hint: known ? error.hint : "Please report it." };
  }
  return { ...cycle, finishedAt: clock.now() };
}

/**
 * Looks at the server, and takes the warehouse to write only where there is something to load or to note.
 * @param hasFault whether there is, whatever the server has
 * @param write gets the warehouse, and what loads the files, which begins a run where there are some
 */
async function loadNews(
  { config, door, signal, log, secrets }: WatchOptions,
  hasFault: boolean,
  write: (warehouse: Warehouse, load: (begin: () => Promise<bigint>) => Promise<FileResult[]>) => Promise<FileResult[]>,
): Promise<FileResult[]> {
  const server = await openServer(config, { ...secrets, signal, log });
  try {
    const known = await door.toLook(readKnown);
    const listing = await listExports(server, config, known, signal);
    if (!hasFault && !isNews(listing, known)) return [];
    return await door.toWrite((warehouse) =>
      write(warehouse, async (runId) => (await loadListed(server, listing, { config, warehouse, runId, signal, log })).files),
    );
  } finally {
    await server.close();
  }
}

/** The run of a cycle, which begins when there is something to note. */
class CycleRun {
  readonly #connection: Warehouse["connection"];
  #id: bigint | undefined;

  constructor({ connection }: Warehouse) {
    this.#connection = connection;
  }

  get isBegun(): boolean {
    return this.#id !== undefined;
  }

  async begin(): Promise<bigint> {
    this.#id ??= await beginRun(this.#connection, "watch", packageVersion());
    return this.#id;
  }

  async end(outcome: Outcome, error?: string): Promise<void> {
    await endRun(this.#connection, await this.begin(), outcome, error);
  }
}

/** Asks for what is due, and looks once for what is under way; the sync after it loads what is there. */
async function ask(context: ExportContext, { door, config: { backfill } }: WatchOptions): Promise<ExportOutcome[]> {
  if (backfill.from !== undefined) {
    const span = backfillSpan(backfill, context.clock.now());
    return (await runBackfill(context, { ...backfill, span, askOnly: true })).outcomes;
  }
  const open = await door.toLook(({ connection }) => exportJobs(connection, ...AWAITED_EXPORTS));
  return awaitExports(context, open, { load: false, once: true });
}
