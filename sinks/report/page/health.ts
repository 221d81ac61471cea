/** What the page says of the data itself. */
import { KNOWN_CONTACTS } from "../questions/known-contacts.ts";
import { SIGNAL_TYPES } from "../questions/signal-types.ts";
import { SIGNALS_BY_DAY } from "../questions/signals-by-day.ts";
import { TO_LOOK_AFTER } from "../questions/to-look-after.ts";
import { card } from "./card.ts";
import { columns } from "./columns.ts";
import { asked, type Context } from "./context.ts";
import { count, day } from "./format.ts";
import { type Html, html } from "./html.ts";

/** Names that a sentence has at most. */
const MOST_NAMES = 8;

const listed = (names: readonly string[]): string =>
  names.length > MOST_NAMES ? `${names.slice(0, MOST_NAMES).join(", ")} and ${count(names.length - MOST_NAMES)} more` : names.join(", ");

/** Signals over time, and the days without. */
export async function signalsByDay(context: Context): Promise<Html> {
  const { draw, axis, scope } = context;
  const rows = await asked(context, SIGNALS_BY_DAY);
  const parts = rows.map((row) => ({ step: row.day, series: "Signals", value: row.signals, text: count(row.signals) }));
  const chart = columns(draw, "Signals over time", { ...axis, parts, series: { Signals: "var(--email)" }, tick: count });
  const known = new Map(rows.map((row) => [row.day, row]));
  const empty = axis.steps.filter((step) => (known.get(step)?.empty_days ?? 1) > 0).map((step) => day(step, false));
  return card(context, SIGNALS_BY_DAY, {
    rows,
    figure: html`<div class="chart">${chart}</div>`,
    empty: "There are no signals in the period.",
    notes: [
      empty.length === 0
        ? "There are signals of every day."
        : `${scope.step === "week" ? "Days without signals are in the weeks of" : "There are no signals of"} ${listed(empty)}.`,
      axis.note,
    ],
  });
}

/** The newest signals by type. */
export async function signalTypes(context: Context): Promise<Html> {
  const rows = await asked(context, SIGNAL_TYPES);
  const newest = rows.reduce<string>((latest, row) => (row.newest_day !== null && row.newest_day > latest ? row.newest_day : latest), "");
  const older = rows.filter((row) => row.newest_day !== newest);
  const told = older.map((row) => (row.newest_day === null ? `${row.signal_type} (none yet)` : `${row.signal_type} (${day(row.newest_day, false)})`));
  const fresh = `${rows.length - older.length} of ${rows.length} signal types have signals of ${newest === "" ? "no day" : day(newest)}, the newest day.`;
  return card(context, SIGNAL_TYPES, {
    rows,
    figure: html`<p class="answer">${fresh} ${older.length > 0 && `Older: ${listed(told)}.`}</p>`,
    empty: "There are no signals.",
  });
}

/** Whose signals these are, and what orders name. */
export async function knownContacts(context: Context): Promise<Html> {
  const found = await asked(context, KNOWN_CONTACTS);
  const rows = found.some((row) => row.in_all > 0) ? found : [];
  return card(context, KNOWN_CONTACTS, { rows, empty: "There are no signals in the period." });
}

/** Exports that expire, files that failed, rejects and drift. */
export async function toLookAfter(context: Context): Promise<Html> {
  return card(context, TO_LOOK_AFTER, {
    rows: await asked(context, TO_LOOK_AFTER),
    empty: "Nothing: all files are loaded, and there are neither rejects nor drift.",
  });
}
