/** The sample shop's signals as an endless series, of which an export is any window: what a local Connect exports. */
import { basename } from "node:path";
import { DAY_MS } from "../../schemas/connect.ts";
import { SignalhouseError } from "../../schemas/errors.ts";
import { headerText, rowText } from "./row.ts";
import type { Signal } from "./signal.ts";
import { BLOCK, blockOf, type Series, startOfBlock } from "./signals.ts";
import { Tally, type Truth } from "./truth.ts";
import { checkWhole } from "./whole-number.ts";
import { writeText } from "./write-text.ts";

export interface WindowOptions {
  /** From 0 to 2147483647. Windows of the same seed and rowsPerDay have the same signals, wherever they overlap. */
  seed: number;
  /** Signals of all types on an average day: 1 to 1000000. */
  rowsPerDay: number;
  /** Others are left out. */
  signalTypes: readonly string[];
  /** The first moment of the window, in milliseconds since 1970. */
  start: number;
  /** The last moment of the window. */
  end: number;
  /** The file to write; its name ends in ".csv.gz". */
  out: string;
}

/** Before it, nothing has happened. */
const OPENING = Date.UTC(2024, 0, 1);
/** No journey takes so long: twenty minutes to the open, ten at the cart, some twenty acts of at most 45 seconds. */
const LONGEST_JOURNEY = 3_600_000;
/** An export is written so long after its window is over. */
const WRITTEN_AFTER = 2 * 3_600_000;

/**
 * The signals of a window in the order of their times, in batches. A block's signals happen from its start until a journey after its end:
 * blocks that begin before the window may reach into it, and what reaches beyond the next block's start waits for it.
 */
function* batches(series: Series, start: number, end: number, wanted: (signal: Signal) => boolean): Generator<Signal[]> {
  let waiting: Signal[] = [];
  let block = Math.max(0, Math.floor((start - LONGEST_JOURNEY - series.start) / (BLOCK * series.pace)));
  for (; startOfBlock(series, block) <= end; block++) {
    const known = [...waiting, ...blockOf(series, block).filter(wanted)].sort((one, other) => one.at - other.at || one.row - other.row);
    const next = startOfBlock(series, block + 1);
    yield known.filter(({ at }) => at < next);
    waiting = known.filter(({ at }) => at >= next);
  }
  yield waiting;
}

function* windowText(signals: Iterable<Signal[]>, tally: Tally): Generator<string> {
  yield headerText();
  for (const batch of signals) {
    for (const signal of batch) tally.add(signal, "inserted", true);
    yield batch.map(rowText).join("");
  }
}

/**
 * Writes one export with exactly those signals of a seed's series that are of one of `signalTypes` and happened in the window, both of its ends
 * included, by their time; the series begins with 2024. Without any, the file has its header only. A file that exists is overwritten; missing
 * folders are made. Memory: a block of signals and the hour before it, and a byte for each contact.
 * @returns the truth about the file; a visit's click is matched where it is in the same file
 * @throws SignalhouseError usage, where an option cannot be
 */
export async function generateWindow({ seed, rowsPerDay, signalTypes, start, end, out }: WindowOptions): Promise<Truth> {
  checkWhole(seed, "seed", 0, 2 ** 31 - 1);
  checkWhole(rowsPerDay, "rowsPerDay", 1, 1_000_000);
  if (!out.endsWith(".csv.gz")) throw new SignalhouseError("usage", `"${out}" is no name for an export`, "Give a name that ends in .csv.gz.");
  const types = new Set<string>(signalTypes);
  const wanted = ({ type, at }: Signal) => types.has(type) && at >= start && at <= end;
  const series = { seed, start: OPENING, pace: DAY_MS / rowsPerDay, contacts: Math.max(50, rowsPerDay) };
  const tally = new Tally(seed, series.contacts, wanted);
  const mtime = new Date(Math.ceil(end / 1000) * 1000 + WRITTEN_AFTER).toISOString().replace(".000Z", "Z");
  tally.startFile(basename(out), mtime);
  await writeText(out, windowText(batches(series, start, end, wanted), tally), mtime);
  return tally.truth();
}
