/** What came of a reference set, for people and programs. */
import type { ImportOutcome } from "../pipeline/reference-set/follow.ts";
import type { Prepared } from "../pipeline/reference-set/prepare.ts";
import type { ImportMode } from "../schemas/reference-set.ts";
import type { ImportJob } from "../sinks/reference-set/imports.ts";
import { wholeNumber } from "./command.ts";
import { failureLines } from "./failures.ts";
import { bytes, count, number, table, time } from "./format.ts";
import type { Output } from "./output.ts";

export function modeOf(option: Lowercase<ImportMode> | undefined): ImportMode | undefined {
  return option?.toUpperCase() as ImportMode | undefined;
}

export const maxErrorsOf = (text: string | undefined): number => wholeNumber("--max-errors", text ?? "100", { least: 1, most: 1_000_000 });

export function preparedDocument(set: string, prepared: Prepared) {
  const { columns, mode, delimiter, rows, sending, bytes, changes, violations, violationCount, notes } = prepared;
  return {
    set,
    mode,
    rows,
    sending,
    bytes,
    delimiter,
    date_format: columns.some(({ type }) => type === "DATE") ? columns[0]?.dateFormat : null,
    columns: columns.map(({ name, source, type, isKey, isPhone, decimals }) => ({
      name,
      from: source.name,
      type,
      key: isKey,
      phone: isPhone,
      decimals: decimals ?? null,
    })),
    ...(changes ? { changed: changes.changed, gone: { count: changes.goneCount, keys: changes.gone } } : {}),
    notes,
    violation_count: violationCount,
    violations,
  };
}

/** The columns, and what is broken or worth knowing. */
export function preparedLines(prepared: Prepared): string[] {
  const { columns, violations, violationCount, notes, changes } = prepared;
  const format = columns[0]?.dateFormat ?? "";
  const lines = [
    ...table(
      ["column", "from", "type", ""],
      columns.map(({ name, source, type, isKey, isPhone, decimals }) => [
        name,
        source.name === name ? "" : source.name,
        type,
        isKey ? "key" : isPhone ? "phone" : type === "DATE" ? format : decimals === undefined ? "" : count(decimals, "decimal"),
      ]),
    ),
    "",
    ...notes.map((note) => `note: ${note}`),
    ...(changes ? changedLines(changes, prepared.mode) : []),
  ];
  if (violationCount > 0) {
    const told = violations.length < violationCount ? `; the first ${number(violations.length)}, more with --max-errors` : "";
    lines.push(`${count(violationCount, "broken rule")}${told}:`, ...violations.map(({ rule, message }) => `  ${message} [${rule}]`));
  }
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

function changedLines({ changed, goneCount, gone }: NonNullable<Prepared["changes"]>, mode: ImportMode): string[] {
  const lines = [`${count(changed, "row")} new or changed since the last push`];
  if (goneCount === 0) return lines;
  const named = gone.slice(0, 10).map((key) => JSON.stringify(key));
  const more = goneCount > named.length ? ", …" : "";
  const what = mode === "REPLACE" ? "REPLACE removes them" : "they stay in Connect; --mode replace removes them";
  return [...lines, `${count(goneCount, "row")} gone: ${named.join(", ")}${more}; ${what}`];
}

/** "1,000 rows, 52.1 kB, comma". */
export const fileText = ({ sending, bytes: size, delimiter }: Prepared): string => `${count(sending, "row")}, ${bytes(size)}, delimiter ${delimiter}`;

export function importDocument({ job, error, note }: ImportOutcome) {
  const at = (value: number | null) => (value === null ? null : new Date(value));
  return {
    name: job.name,
    set: job.setName,
    mode: job.request.importType,
    status: job.status,
    job_id: job.jobId,
    path: job.path,
    rows: job.rows,
    asked_at: at(job.askedAt),
    finished_at: at(job.finishedAt),
    error: job.error,
    ...(note === undefined ? {} : { note }),
    ...(error ? { failure: { code: error.code, message: error.message, hint: error.hint } } : {}),
  };
}

export function importTable(outcomes: readonly ImportOutcome[]): string[] {
  return table(
    ["asked (UTC)", "set", "mode", { right: "rows" }, "status", ""],
    outcomes.map(({ job, note }) => [time(job.askedAt), job.setName, job.request.importType, job.rows, job.status, note ?? detail(job)]),
  );
}

function detail({ status, error, path }: ImportJob): string {
  if (status === "uploading") return "its file is being sent, or a push was killed; the next push sees to it";
  if (status === "asking") return "Connect's answer got lost; refset status --wait finds out";
  if (status === "asked") return `Connect is at it; its file ${path} goes away when it is done`;
  return error ?? "";
}

export function tellImportFaults(out: Output, outcomes: readonly ImportOutcome[]): void {
  for (const { error } of outcomes) if (error) out.trouble(...failureLines(error));
}
