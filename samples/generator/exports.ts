/** Writes generated exports, with the truth about them. */
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { SignalhouseError } from "../../schemas/errors.ts";
import { headerText, rowText } from "./row.ts";
import type { Signal } from "./signal.ts";
import { BLOCK, blockOf, revised, type Series } from "./signals.ts";
import { Tally, type Truth } from "./truth.ts";
import { checkWhole } from "./whole-number.ts";
import { writeText } from "./write-text.ts";

/** What all exports can have. */
interface Choices {
  /** From 0 to 2147483647. The same options give the same text, anywhere and at any time. */
  seed: number;
  /** How many days a file spans: 1 to 366; 1 where it is absent. */
  days?: number;
  /** Whether journeys get into each other's way (see tangles.ts), of fewer contacts. */
  tangled?: boolean;
}

export interface TextOptions extends Choices {
  /** Records, at least 1. */
  rows: number;
}

export interface ExportOptions extends TextOptions {
  /** The file to write: gzip where its name ends in ".csv.gz", plain where it ends in ".csv". */
  out: string;
}

/** A set of files. */
export interface SetOptions extends Choices {
  /** Records of each file, repeated ones included. */
  rowsPerFile: number;
  files: number;
  /** How many percent of a file's records repeat the end of the file before: 0 to 50. */
  overlap: number;
}

export interface ExportsOptions extends SetOptions {
  /** The folder that gets Export/Signals/… and truth.json. It is made where it is missing. */
  folder: string;
}

const DAY = 86_400_000;
/** The day of the first file. */
const FIRST_DAY = Date.UTC(2025, 8, 1);
/** An export is written so long after its last day is over. */
const WRITTEN_AFTER = 2 * 3_600_000;

/** The whole set of files that belong together. Signals have numbers from 0; each file holds a range of them. */
interface Plan {
  series: Series;
  rowsPerFile: number;
  /** How many of a file's records were in the file before. */
  repeated: number;
  files: number;
  /** How many days a file spans. */
  days: number;
}

function planOf({ rowsPerFile, files, overlap, seed, days = 1, tangled = false }: SetOptions): Plan {
  checkWhole(rowsPerFile, "rows", 1, 1e9);
  checkWhole(files, "files", 1, 10_000);
  checkWhole(overlap, "overlap", 0, 50);
  checkWhole(seed, "seed", 0, 2 ** 31 - 1);
  checkWhole(days, "days", 1, 366);
  const repeated = Math.floor((rowsPerFile * overlap) / 100);
  const pace = (days * DAY) / (rowsPerFile - repeated); // every file ends with its own last day
  const contacts = Math.max(50, Math.ceil((rowsPerFile * files) / (tangled ? 60 : 20)));
  return { series: { seed, start: FIRST_DAY - Math.floor(repeated * pace), pace, contacts, tangled }, rowsPerFile, repeated, files, days };
}

const onePlan = ({ rows, ...choices }: TextOptions): Plan => planOf({ ...choices, rowsPerFile: rows, files: 1, overlap: 0 });

const startOf = ({ rowsPerFile, repeated }: Plan, file: number) => file * (rowsPerFile - repeated);
const totalOf = (plan: Plan) => startOf(plan, plan.files - 1) + plan.rowsPerFile;
function tallyOf(plan: Plan): Tally {
  const total = totalOf(plan);
  return new Tally(plan.series.seed, plan.series.contacts, ({ row }) => row < total);
}

/** The first moment after a file's last day. */
const endOf = ({ days }: Plan, file: number) => FIRST_DAY + (file + 1) * days * DAY;
const lastDayOf = (plan: Plan, file: number) => new Date(endOf(plan, file) - DAY).toISOString().slice(0, 10);
const mtimeOf = (plan: Plan, file: number) => new Date(endOf(plan, file) + WRITTEN_AFTER).toISOString().replace(".000Z", "Z");

/** A record of a file. */
interface Entry {
  signal: Signal;
  /** What loading it does. */
  outcome: "inserted" | "updated" | "unchanged";
  /** Whether no later file has the signal again. */
  last: boolean;
}

/** The records of a file, a block at a time. */
function* entriesOf(plan: Plan, file: number): Generator<Entry[]> {
  const { series, rowsPerFile, repeated } = plan;
  const start = startOf(plan, file);
  const end = start + rowsPerFile;
  const nextStart = file + 1 < plan.files ? startOf(plan, file + 1) : end;
  const firstNew = file === 0 ? 0 : start + repeated;
  for (let block = Math.floor(start / BLOCK); block * BLOCK < end; block++) {
    const inFile = blockOf(series, block).filter(({ row }) => row >= start && row < end);
    yield inFile.map((first) => {
      const signal = first.row < firstNew ? revised(series.seed, first) : first;
      const outcome = first.row >= firstNew ? "inserted" : signal === first ? "unchanged" : "updated";
      return { signal, outcome, last: first.row < nextStart };
    });
  }
}

/** The text of a file, header first, then a block of rows at a time, which are counted on their way. Memory: one block. */
function* fileText(plan: Plan, file: number, path: string, tally: Tally): Generator<string> {
  tally.startFile(path, mtimeOf(plan, file));
  yield headerText();
  for (const entries of entriesOf(plan, file)) {
    let text = "";
    for (const { signal, outcome, last } of entries) {
      tally.add(signal, outcome, last);
      text += rowText(signal);
    }
    yield text;
  }
}

/** Every signal of a set of files once, in its last version: what a warehouse holds once they are loaded. */
export function* lastSignals(options: SetOptions): Generator<Signal> {
  const plan = planOf(options);
  for (let file = 0; file < plan.files; file++) {
    for (const entries of entriesOf(plan, file)) yield* entries.filter(({ last }) => last).map(({ signal }) => signal);
  }
}

/** Writes a file of a plan and gives it the mtime that the truth names. */
const writeExport = (plan: Plan, file: number, path: string, out: string, tally: Tally): Promise<void> =>
  writeText(out, fileText(plan, file, path, tally), mtimeOf(plan, file));

const writeTruth = (path: string, truth: Truth) => writeFile(path, `${JSON.stringify(truth, null, 2)}\n`);

/**
 * Writes one export, and the truth about it to `<out>.truth.json`. Files that exist are overwritten; missing folders are made.
 * Memory does not grow with the rows, but for one byte for every 20 of them.
 * @throws SignalhouseError usage, where an option cannot be
 */
export async function generateExport({ out, ...options }: ExportOptions): Promise<Truth> {
  if (!/\.csv(\.gz)?$/.test(out))
    throw new SignalhouseError("usage", `"${out}" is no name for an export`, "Give a name that ends in .csv or .csv.gz.");
  const plan = onePlan(options);
  const tally = tallyOf(plan);
  await writeExport(plan, 0, basename(out), out, tally);
  const truth = tally.truth();
  await writeTruth(`${out}.truth.json`, truth);
  return truth;
}

/**
 * Writes an export a day, or every so many days, each of which repeats the end of the one before, and the truth about them to `<folder>/truth.json`.
 * Most repeated records are the same, some have changed. Memory as for one export.
 * @throws SignalhouseError usage, where an option cannot be
 */
export async function generateExports({ folder, ...options }: ExportsOptions): Promise<Truth> {
  const plan = planOf(options);
  const tally = tallyOf(plan);
  for (let file = 0; file < plan.files; file++) {
    const day = lastDayOf(plan, file);
    const path = `Export/Signals/${day}/Signals_Export_${day.replaceAll("-", "")}.csv.gz`;
    await writeExport(plan, file, path, join(folder, path), tally);
  }
  const truth = tally.truth();
  await writeTruth(join(folder, "truth.json"), truth);
  return truth;
}

/**
 * One export as text, for small tests: the whole of it is in memory.
 * @throws SignalhouseError usage, where an option cannot be
 */
export function exportText(options: TextOptions): { csv: string; truth: Truth } {
  const plan = onePlan(options);
  const tally = tallyOf(plan);
  const csv = [...fileText(plan, 0, "Signals_Export.csv", tally)].join("");
  return { csv, truth: tally.truth() };
}
