/** What became of exports, for people and programs. */
import { unlistedTypes } from "../schemas/connect.ts";
import type { ExportOutcome } from "../pipeline/export/arrive.ts";
import type { ExportJob } from "../sinks/jobs.ts";
import { LISTED_TYPES } from "../schemas/signal-types.ts";
import { EXIT, failureLines } from "./failures.ts";
import { number, table, time } from "./format.ts";
import type { Output } from "./output.ts";
import { didYouMean, similar } from "../schemas/suggest.ts";

export function jobDocument({ job, file, error }: ExportOutcome) {
  return {
    name: job.name,
    status: job.status,
    job_id: job.jobId,
    path: job.path,
    signal_types: job.signalTypes,
    // Its window, without the margins of a backfill.
    from: new Date(job.windowStart).toISOString(),
    to: new Date(job.windowEnd - 1).toISOString(),
    not_before: job.notBefore === null ? null : new Date(job.notBefore),
    ...(file ? { load: file } : {}),
    ...(error ? { error: { code: error.code, message: error.message, hint: error.hint } } : {}),
  };
}

/** Warns of types that Connect may not export. */
export function warnOfUnlisted(out: Output, types: readonly string[]): void {
  for (const type of unlistedTypes(types))
    out.log(
      "warn",
      `"${type}" is not on Connect's list of signal types: it is asked for all the same, but Connect may refuse it. ${didYouMean(similar(type, LISTED_TYPES))}docs/tables.md has the list.`,
    );
}

export function jobTable(outcomes: readonly ExportOutcome[]): string[] {
  return table(
    ["export", "status", "file", ""],
    outcomes.map(({ job, file }) => [job.name, job.status, job.path ?? "", detail(job, file)]),
  );
}

function detail(job: ExportJob, file: ExportOutcome["file"]): string {
  if (job.status === "postponed")
    return `put off to ${time(new Date(job.notBefore ?? 0))} UTC: ${job.error ?? "the day's limits are reached"}; export --resume asks then`;
  if (job.status === "asking") return `${job.error ?? "Connect's answer got lost"}; export --resume finds out`;
  if (!file || file.status === "failed") return "";
  if (file.records === 0) return "no records: Connect had no such signals in this window";
  return `${number(file.records)} records, ${number(file.inserted)} new, ${number(file.rejected)} rejected`;
}

/** Says what went wrong with single exports. */
export function tellFaults(out: Output, outcomes: readonly ExportOutcome[]): void {
  for (const { error } of outcomes) if (error) out.trouble(...failureLines(error));
}

export function exitOf(outcomes: readonly ExportOutcome[]): number {
  if (outcomes.some(({ error }) => error)) return EXIT.failed;
  return outcomes.some(({ file }) => file && file.status !== "failed" && file.rejected > 0) ? EXIT.rejected : EXIT.done;
}
