/** How far a backfill is, day by day and type by type. Pure. */
import { DAY_MS } from "../schemas/connect.ts";
import { startOfNextDay, utcDay } from "./jobs/quota.ts";
import { type Span, uncovered } from "./span.ts";

/** `expiring`: its file is there, not loaded, and deleted within 7 days; `expired`: it was deleted before it was loaded. */
export type CellState = "loaded" | "asked" | "missing" | "expiring" | "expired";

/** What an export covers, and how far it is. */
export interface JobWindow extends Span {
  state: "loaded" | "asked" | "arrived";
  /** When Connect deletes its file, where it has arrived and is not loaded; milliseconds. */
  deletedAt?: number;
}

export interface DayRow {
  /** The UTC day. */
  day: string;
  cells: Map<string, CellState>;
  /** Whole days until the first file that this day needs is deleted. */
  expiresInDays?: number;
}

const SOON_MS = 7 * DAY_MS;

/** The state of each UTC day of a span, by type. */
export function backfillDays(span: Span, windows: readonly JobWindow[], now: number): DayRow[] {
  const byType = new Map(span.types.map((type) => [type, windows.filter(({ types }) => types.includes(type))]));
  const rows: DayRow[] = [];
  for (let start = span.start; start < span.end; start = Math.min(startOfNextDay(start), span.end)) {
    const end = Math.min(startOfNextDay(start), span.end);
    const cells = new Map<string, CellState>();
    let deletedFirst = Infinity;
    for (const [type, all] of byType) {
      const own = all.filter((window) => window.start < end && window.end > start);
      const { state, deletedAt } = cellOf({ start, end }, own, now);
      cells.set(type, state);
      deletedFirst = Math.min(deletedFirst, deletedAt);
    }
    const expires = deletedFirst === Infinity ? {} : { expiresInDays: Math.floor((deletedFirst - now) / DAY_MS) };
    rows.push({ day: utcDay(start), cells, ...expires });
  }
  return rows;
}

function cellOf(day: Pick<Span, "start" | "end">, windows: readonly JobWindow[], now: number): { state: CellState; deletedAt: number } {
  const covers = (some: readonly JobWindow[]) => uncovered(day, some).length === 0;
  const loaded = windows.filter(({ state }) => state === "loaded");
  if (covers(loaded)) return { state: "loaded", deletedAt: Infinity };
  const alive = windows.filter(({ deletedAt = Infinity }) => deletedAt > now);
  const deletedAt = Math.min(...alive.map(({ deletedAt = Infinity }) => deletedAt));
  if (covers(alive)) return { state: deletedAt - now < SOON_MS ? "expiring" : "asked", deletedAt };
  return { state: covers(windows) ? "expired" : "missing", deletedAt };
}
