/** watch: sync, exports under way and backfill, again and again, in one process. */
import type { Config } from "../schemas/config.ts";
import type { Outcome } from "../schemas/outcomes.ts";
import { beginRun, endRun } from "../sinks/runs.ts";
import type { Warehouse } from "../sinks/warehouse.ts";
import { packageVersion } from "./common/package.ts";
import { isSignalhouseError, messageOf } from "../schemas/errors.ts";
import { AWAITED_EXPORTS } from "../schemas/jobs.ts";
import { exportJobs } from "../sinks/jobs.ts";
import { backfillSpan, runBackfill } from "./backfill.ts";
import type { Clock } from "./common/clock.ts";
import type { ExportContext } from "./export/ask.ts";
import { awaitExports, type ExportOutcome } from "./export/arrive.ts";
import { type FileResult, outcomeOf } from "./load/load-files.ts";
import { sync, type SyncOptions } from "./sync.ts";
import type { Door } from "./common/door.ts";

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
 * Between cycles nothing is held: neither the warehouse nor a connection.
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
async function runCycle({ config, door, clock, signal, secrets, exports, log }: WatchOptions): Promise<Cycle | undefined> {
  const cycle: Cycle = { startedAt: clock.now(), finishedAt: 0, files: [], exports: [] };
  let run: bigint | undefined;
  const begin = async ({ connection }: Pick<Warehouse, "connection">) => (run ??= await beginRun(connection, "watch", packageVersion()));
  const end = (outcome: Outcome, error?: string) =>
    door.toFinish(async (warehouse) => endRun(warehouse.connection, await begin(warehouse), outcome, error));
  try {
    if (exports) cycle.exports = await ask(exports, config);
    const fault = cycle.exports.find(({ error }) => error)?.error;
    cycle.files = await door.toWrite(async (warehouse) => {
      const options = { config, warehouse, runId: () => begin(warehouse), signal, log, ...(secrets ? { secrets } : {}) };
      return (await sync(options)).files;
    });
    if (fault) await end("failed", fault.message);
    else if (run !== undefined) await end(outcomeOf(cycle.files));
  } catch (error) {
    const isAborted = signal.aborted;
    // Who has the warehouse now will have it for another while.
    const isNoted = run !== undefined || !(isAborted || isSignalhouseError(error, "warehouse_locked"));
    if (isNoted) await end(isAborted ? "interrupted" : "failed", messageOf(error)).catch(() => undefined);
    if (isAborted) return undefined;
    const known = isSignalhouseError(error);
    cycle.error = { code: known ? error.code : "bug", message: messageOf(error), hint: known ? error.hint : "Please report it." };
  }
  return { ...cycle, finishedAt: clock.now() };
}

/** Asks for what is due, and looks once for what is under way; the sync after it loads what is there. */
async function ask(context: ExportContext, { backfill }: Config): Promise<ExportOutcome[]> {
  if (backfill.from !== undefined) {
    const span = backfillSpan(backfill, context.clock.now());
    return (await runBackfill(context, { ...backfill, span, askOnly: true })).outcomes;
  }
  const open = await context.useWarehouse(({ connection }) => exportJobs(connection, ...AWAITED_EXPORTS));
  return awaitExports(context, open, { load: false, once: true });
}
