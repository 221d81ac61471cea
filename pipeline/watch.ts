/** watch: sync, exports under way and backfill, again and again, in one process. */
import type { Config } from "../schemas/config.ts";
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
    await clock.wait(Math.max(0, cycle.startedAt + everyMs - clock.now()), signal).catch(() => undefined);
  }
}

async function runCycle({ config, door, clock, signal, secrets, exports, log }: WatchOptions): Promise<Cycle | undefined> {
  const cycle: Cycle = { startedAt: clock.now(), finishedAt: 0, files: [], exports: [] };
  const outcome = {
    result: () => (cycle.exports.some(({ error }) => error) ? "failed" : outcomeOf(cycle.files)),
    error: () => (signal.aborted ? "interrupted" : "failed"),
  } as const;
  try {
    await door.withRun("watch", outcome, async (runId) => {
      if (exports) cycle.exports = await ask(exports, config);
      cycle.files = await door.toWrite(
        async (warehouse) => (await sync({ config, warehouse, runId, signal, log, ...(secrets ? { secrets } : {}) })).files,
      );
    });
  } catch (error) {
    if (signal.aborted) return undefined;
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
