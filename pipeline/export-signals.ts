import { OPEN_EXPORTS } from "../schemas/jobs.ts";
import type { Outcome } from "../schemas/outcomes.ts";
import { exportJobs } from "../sinks/jobs.ts";
import { realClock } from "./common/clock.ts";
import { awaitExports, type ExportOutcome } from "./export/arrive.ts";
import { askForExport } from "./export/ask.ts";
import { exportWish, type ExportWords } from "./export/wish.ts";
import { connecting, type ConnectOptions, endsAs, orInterrupted } from "./library.ts";
import { outcomeOf, type LoadEvent } from "./load/load-files.ts";

export interface ResumeExportsOptions extends ConnectOptions {
  /** Wait until the files are there and whole. Without it they are looked for once. */
  wait?: boolean;
  /** Wait, and load them. */
  sync?: boolean;
  /** Told how loading goes. */
  onEvent?: (event: LoadEvent) => void;
}

export interface ExportSignalsOptions extends ResumeExportsOptions, ExportWords {}

/**
 * Asks Connect for an export of signals: what `signalhouse export` does. It is checked first, and written down in the warehouse before Connect is asked, so that
 * nothing is lost or asked twice; `resumeExports` goes on with what a process that ended has left. Where the day's limits would be broken it is put off.
 * The warehouse is made where there is none, held while something is written, and let go while the file is waited for; a minute long it is waited for. Memory: as
 * syncExports, while a file is loaded.
 * @returns the job as it stands (`asked`, `postponed`, `arrived`, `loaded`, or `asking` where Connect's answer got lost), and the load, where `sync` has loaded its file
 * @throws SignalhouseError usage where it breaks a rule of Connect, or no day could hold it; export_name_taken, quota_used_up, export_failed, export_late; config_invalid;
 * api_*, sftp_* and warehouse_* where these cannot be used; interrupted, with the signal's reason as its cause: the job stays written down
 */
export async function exportSignals(options: ExportSignalsOptions): Promise<Omit<ExportOutcome, "error">> {
  const wish = exportWish(options, realClock.now());
  const [outcome] = await noted("exportSignals", options, async (context, runId) => {
    const job = await askForExport(context, wish);
    return options.wait || options.sync ? awaitExports(context, [job], { ...loading(options), runId }) : [{ job }];
  });
  if (outcome?.error) throw outcome.error;
  return outcome as ExportOutcome;
}

/**
 * Goes on with all exports that are under way or put off: what `signalhouse export --resume` does. The warehouse is held as by exportSignals.
 * @returns what became of each; one that fails has its `error`, and does not stop the others
 * @throws SignalhouseError as exportSignals, where API, server or warehouse cannot be used at all; interrupted
 */
export async function resumeExports(options: ResumeExportsOptions): Promise<ExportOutcome[]> {
  return noted("resumeExports", options, async (context, runId) => {
    const jobs = await context.useWarehouse(({ connection }) => exportJobs(connection, ...OPEN_EXPORTS));
    return awaitExports(context, jobs, { ...loading(options), once: !options.wait && !options.sync, runId });
  });
}

const loading = ({ sync = false, onEvent }: ResumeExportsOptions) => ({ load: sync, ...(onEvent ? { onEvent } : {}) });

type Context = Awaited<ReturnType<typeof connecting>>;

/** Notes a run. */
function noted(
  name: string,
  options: ResumeExportsOptions,
  work: (context: Context, runId: bigint) => Promise<ExportOutcome[]>,
): Promise<ExportOutcome[]> {
  return orInterrupted(options, async () => {
    const context = await connecting(options);
    return context.door.withRun(name, endsAs(outcomeOfAll, options), (runId) => work(context, runId));
  });
}

function outcomeOfAll(outcomes: readonly ExportOutcome[]): Outcome {
  if (outcomes.some(({ error }) => error)) return "failed";
  return outcomeOf(outcomes.flatMap(({ file }) => (file ? [file] : [])));
}
