/** A run of loads: its progress while it goes on; then what it did, as a table, as JSON and as an exit code. */
import { type FileResult, type LoadEvent, outcomeOf } from "../pipeline/load/load-files.ts";
import { addLeftOut } from "../sinks/amounts.ts";
import { leftOutText } from "./amounts.ts";
import { EXIT, failureDocument } from "./failures.ts";
import { count, table } from "./format.ts";
import { headerDocument, headerLines, undecidedLines } from "./header-report.ts";
import type { Output } from "./output.ts";
import { Progress } from "./progress.ts";

/** What a run tells while it goes on. */
export interface Telling {
  /** It is known what is to be loaded. */
  begin: (totalBytes: number) => void;
  onEvent: (event: LoadEvent) => void;
}

/** What is said beside the files. */
export interface Framing {
  /** For the JSON document. */
  extra: () => Record<string, unknown>;
  /** The line that is printed where no file was loaded. */
  nothing: () => string;
}

/**
 * Runs loads and prints what came of them; where the run breaks off, what was loaded until then, for it stays.
 * @returns the exit code
 * @throws what `work` throws
 */
export async function reportLoads(out: Output, framing: Framing, work: (telling: Telling) => Promise<unknown>): Promise<number> {
  const done: FileResult[] = [];
  let progress: Progress | undefined;
  const begin = (totalBytes: number) => (progress = new Progress(out, totalBytes));
  const onEvent = (event: LoadEvent) => {
    if (event.event === "done") done.push(event.file);
    progress?.onEvent(event);
  };
  try {
    await work({ begin, onEvent });
  } catch (error) {
    progress?.stop();
    if (done.length > 0) printFiles(done, out, { ...framing.extra(), error: failureDocument(error) });
    throw error;
  }
  progress?.stop();
  if (done.length > 0 || out.json) printFiles(done, out, framing.extra());
  else if (!out.quiet) out.print([framing.nothing()]);
  return EXIT[outcomeOf(done)];
}

function printFiles(files: readonly FileResult[], out: Output, extra: Record<string, unknown>): void {
  const left = addLeftOut(files.filter(isLoaded).map(({ amountsLeftOut }) => amountsLeftOut));
  const document = { files: files.map(fileDocument), totals: totals(files), amounts_left_out: left, ...extra };
  if (out.json || !out.quiet)
    out.result(document, () => {
      const text = leftOutText(left);
      return [...filesTable(files), ...(text === undefined ? [] : ["", text])];
    });
  if (!out.json) out.note(...headerLines(files.filter(isLoaded)));
  const { suppressed } = totals(files);
  if (!out.json && suppressed > 0) out.note(`${count(suppressed, "record")} left out, of somebody who was forgotten`);
  tellTroubles(files, out);
}

type Failed = FileResult & { status: "failed" };
type Loaded = Exclude<FileResult, Failed>;

const COUNTS = ["records", "inserted", "updated", "unchanged", "rejected", "suppressed"] as const;
/** Those that a table has in any case. */
const SHOWN = COUNTS.filter((name) => name !== "suppressed");

const isFailed = (file: FileResult): file is Failed => file.status === "failed";
const isLoaded = (file: FileResult): file is Loaded => file.status !== "failed";

function fileDocument(file: FileResult): unknown {
  if (isFailed(file)) return file;
  const { path, size, status, loadId, records, inserted, updated, unchanged, rejected, suppressed, amountsLeftOut, duplicateOf } = file;
  return {
    path,
    size,
    status,
    load_id: loadId,
    records,
    inserted,
    updated,
    unchanged,
    rejected,
    suppressed,
    amounts_left_out: amountsLeftOut,
    ...(duplicateOf === undefined ? {} : { duplicate_of: duplicateOf }),
    ...headerDocument(file),
  };
}

/** The sums over all files that did not fail. */
function totals(files: readonly FileResult[]): Record<(typeof COUNTS)[number], number> {
  const sums = { records: 0, inserted: 0, updated: 0, unchanged: 0, rejected: 0, suppressed: 0 };
  for (const file of files.filter(isLoaded)) for (const name of COUNTS) sums[name] += file[name];
  return sums;
}

/** The files with their counts, and the sums where there are several. */
function filesTable(files: readonly FileResult[]): string[] {
  const rows = files.map((file) => [file.path, ...SHOWN.map((name) => (isFailed(file) ? "" : file[name])), statusOf(file)]);
  const sums = totals(files);
  if (files.length > 1) rows.push(["total", ...SHOWN.map((name) => sums[name]), ""]);
  return table(["file", ...SHOWN.map((right) => ({ right })), "status"], rows);
}

function statusOf(file: FileResult): string {
  return file.status === "duplicate" ? `same bytes as ${file.duplicateOf ?? "another file"}` : file.status;
}

/** What failed or was rejected, and what to do about it. On stderr even with --quiet: it must be seen. */
function tellTroubles(files: readonly FileResult[], out: Output): void {
  for (const { path, code, message, hint } of files.filter(isFailed)) {
    out.trouble(`failed: ${path}`, `  ${message}`, `  -> ${hint} [${code}]`);
  }
  out.trouble(...undecidedLines(files.filter(isLoaded)));
  const { rejected } = totals(files);
  if (rejected > 0) out.trouble(`${count(rejected, "record")} rejected and kept whole; look at them with: signalhouse rejects list`);
}
