/** Cuts what is missing of a span into exports that fit Connect's daily limits. Pure. */
import { DAY_MS, type DailyLimits, type DayUse } from "../schemas/connect.ts";
import { quotaLeft, startOfNextDay, utcDay } from "./jobs/quota.ts";
import { missingOf, type Span } from "./span.ts";

export interface BackfillInput {
  span: Span;
  /** Windows (without margins) that are loaded or asked for: nothing of these is asked for again. */
  covered: readonly Span[];
  /** Rows a day that were seen, by type. */
  rowsPerDay: ReadonlyMap<string, number>;
  /** Rows a day of a type of which nothing is known. */
  guessRowsPerDay: number;
  /** Bytes of an export file per row. */
  bytesPerRow: number;
  /** By how much each window reaches into its neighbours. */
  marginMs: number;
  limits: DailyLimits;
  usedToday: DayUse;
  /** The calendar begins with its UTC day; nothing after it is asked for. */
  now: number;
}

/** One export: its own window, and with the margins what is asked for (`askEnd` is exclusive too). */
export interface BackfillJob extends Span {
  askStart: number;
  askEnd: number;
  /** As they are expected, margins included. */
  rows: number;
  bytes: number;
}

interface BackfillDay {
  /** The UTC day on which it is asked for. */
  day: string;
  jobs: BackfillJob[];
  rows: number;
  bytes: number;
}

export interface BackfillPlan {
  /** The days on which something is asked for. */
  calendar: BackfillDay[];
  /** Types whose rows are a guess. */
  guessed: string[];
  /** Windows of an hour or less that are expected to break a whole day's limits. Each is alone on its day. */
  tooLarge: Span[];
}

/** Estimates err: so much of a day's rows and bytes is planned. */
const USED_SHARE = 0.9;
/** An export of which rows are a guess covers so many days at most: an error of the guess is to show early. */
const GUESSED_DAYS = 7;
const LEAST_WINDOW_MS = 60 * 60 * 1000;

/**
 * The calendar of a backfill: oldest first, as few exports as possible, each day as full as its limits allow.
 * Windows are cut where UTC days end; a day that fits into no day is cut by types, and a type's day by time.
 */
export function planBackfill(input: BackfillInput): BackfillPlan {
  const { span, covered, now } = input;
  const waiting = missingOf({ ...span, end: Math.min(span.end, now) }, covered);
  const calendar = new Calendar(input);
  const tooLarge: Span[] = [];
  while (waiting.length > 0) {
    const next = waiting.shift() as Span;
    const fitting = calendar.longestFitting(next);
    if (fitting) {
      calendar.add(fitting);
      if (fitting.end < next.end) waiting.unshift({ ...next, start: fitting.end });
      continue;
    }
    const first = { ...next, end: Math.min(next.end, startOfNextDay(next.start)) };
    if (calendar.fitsAnEmptyDay(first)) {
      calendar.turnThePage();
      waiting.unshift(next);
      continue;
    }
    const parts = halves(first);
    if (parts === undefined) {
      tooLarge.push(first);
      calendar.addAlone(first);
    }
    waiting.unshift(...(parts ?? []), ...(first.end < next.end ? [{ ...next, start: first.end }] : []));
  }
  const guessed = [...new Set(calendar.days.flatMap(({ jobs }) => jobs.flatMap(({ types }) => types)))].filter((type) => !input.rowsPerDay.has(type));
  return { calendar: calendar.days, guessed, tooLarge };
}

/** A window in two, by types, else by time; undefined where it is as small as it gets. */
function halves({ types, start, end }: Span): Span[] | undefined {
  if (types.length > 1) {
    const half = Math.ceil(types.length / 2);
    return [types.slice(0, half), types.slice(half)].map((types) => ({ types, start, end }));
  }
  if (end - start <= LEAST_WINDOW_MS) return undefined;
  // Whole hours, so that what is left of a day is cut at the same places tomorrow.
  const middle = start + Math.ceil((end - start) / 2 / LEAST_WINDOW_MS) * LEAST_WINDOW_MS;
  return [
    { types, start, end: middle },
    { types, start: middle, end },
  ];
}

/** The days as they fill up. */
class Calendar {
  readonly days: BackfillDay[] = [];
  readonly #input: BackfillInput;
  readonly #fresh: DailyLimits;
  #left: DailyLimits;
  #dayStart: number;

  constructor(input: BackfillInput) {
    this.#input = input;
    const { jobs, rows, bytes } = input.limits;
    this.#fresh = { jobs, rows: rows * USED_SHARE, bytes: bytes * USED_SHARE };
    this.#left = quotaLeft(this.#fresh, input.usedToday);
    this.#dayStart = input.now;
  }

  /** The longest beginning of a window that still fits into the day at hand, to the end of some UTC day. */
  longestFitting(window: Span): Span | undefined {
    const { rowsPerDay } = this.#input;
    const isGuess = window.types.some((type) => !rowsPerDay.has(type));
    const last = isGuess ? Math.min(window.end, window.start + GUESSED_DAYS * DAY_MS) : window.end;
    let fitting: Span | undefined;
    for (let end = window.start; end < last;) {
      end = Math.min(startOfNextDay(end), last);
      const longer = { ...window, end };
      if (!fits(this.#left, this.#jobOf(longer))) break;
      fitting = longer;
    }
    return fitting;
  }

  fitsAnEmptyDay(window: Span): boolean {
    return fits(this.#fresh, this.#jobOf(window));
  }

  add(window: Span): void {
    const job = this.#jobOf(window);
    const day = utcDay(this.#dayStart);
    let entry = this.days.at(-1);
    if (entry?.day !== day) this.days.push((entry = { day, jobs: [], rows: 0, bytes: 0 }));
    entry.jobs.push(job);
    entry.rows += job.rows;
    entry.bytes += job.bytes;
    this.#left = { jobs: this.#left.jobs - 1, rows: Math.max(0, this.#left.rows - job.rows), bytes: Math.max(0, this.#left.bytes - job.bytes) };
  }

  /** Gives a window a day of its own. */
  addAlone(window: Span): void {
    const { jobs, rows, bytes } = this.#left;
    if (jobs < this.#fresh.jobs || rows < this.#fresh.rows || bytes < this.#fresh.bytes) this.turnThePage();
    this.add(window);
    this.turnThePage();
  }

  turnThePage(): void {
    this.#dayStart = startOfNextDay(this.#dayStart);
    this.#left = this.#fresh;
  }

  #jobOf(window: Span): BackfillJob {
    const { rowsPerDay, guessRowsPerDay, bytesPerRow, marginMs, now } = this.#input;
    const askStart = window.start - marginMs;
    // There is nothing yet in what is to come.
    const askEnd = Math.max(window.end, Math.min(window.end + marginMs, now));
    const aDay = window.types.reduce((sum, type) => sum + (rowsPerDay.get(type) ?? guessRowsPerDay), 0);
    const rows = (aDay * (askEnd - askStart)) / DAY_MS;
    return { ...window, askStart, askEnd, rows, bytes: rows * bytesPerRow };
  }
}

const fits = (left: DailyLimits, { rows, bytes }: BackfillJob) =>
  left.jobs >= 1 && left.rows > 0 && left.bytes > 0 && rows <= left.rows && bytes <= left.bytes;
