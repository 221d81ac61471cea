/** What the backfill commands have in common. */
import { backfillSpan } from "../pipeline/backfill.ts";
import type { BackfillPlan } from "../pipeline/backfill-plan.ts";
import type { Span } from "../pipeline/span.ts";
import type { Config } from "../schemas/config.ts";
import { exportMoment, unlistedTypes } from "../schemas/connect.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import { LISTED_TYPES } from "../schemas/signal-types.ts";
import { count, number, table } from "./format.ts";

export const SPAN_OPTIONS = {
  from: { type: "string", value: "DAY", help: "the first day that the warehouse is to have; backfill.from by default" },
  to: { type: "string", value: "DAY", help: "the last day; backfill.to by default, else yesterday" },
  types: { type: "string", value: "LIST", help: "signal types and groups; backfill.types by default, which is all" },
} as const;

/** The span that the options mean, else the configuration. @throws SignalhouseError usage */
export function spanOf(values: { from?: string; to?: string; types?: string }, { backfill }: Config, now: number): Span {
  for (const name of ["from", "to"] as const) {
    const text = values[name];
    if (text === undefined) continue;
    exportMoment(`--${name}`, text, "start");
    if (text.length !== 10)
      throw new SignalhouseError("usage", `--${name} is "${text}", not a day`, "A backfill has whole days, such as 2025-07-01.");
  }
  const { from = backfill.from, to = backfill.to, types = backfill.types } = values;
  return backfillSpan({ from, to, types }, now);
}

/** The calendar of a plan, for people. */
export function calendarLines({ calendar, guessed, tooLarge }: BackfillPlan, guess: number): string[] {
  const rows = calendar.flatMap(({ day, jobs }) =>
    jobs.map((job, index) => [index === 0 ? day : "", windowText(job), typesText(job.types), `about ${number(Math.round(job.rows))}`]),
  );
  const jobs = calendar.reduce((sum, day) => sum + day.jobs.length, 0);
  const notes = [
    ...(guessed.length > 0
      ? [`Nothing is known yet of ${guessed.join(", ")}: ${number(guess)} rows a day each are a guess (backfill.guessRowsPerDay).`]
      : []),
    ...(tooLarge.length > 0 ? [`${count(tooLarge.length, "window")} may have more rows than a day allows, even alone.`] : []),
  ];
  if (calendar.length === 0) return ["Nothing is missing: all of it is loaded or asked for."];
  return [
    ...table(["ask on (UTC)", "for", "types", { right: "rows" }], rows),
    "",
    `${count(jobs, "job")} on ${count(calendar.length, "day")}.`,
    ...notes,
  ];
}

function typesText(types: readonly string[]): string {
  if (types.length === LISTED_TYPES.length && unlistedTypes(types).length === 0) return "all";
  return types.length > 4 ? `${types.slice(0, 3).join(", ")} and ${types.length - 3} more` : types.join(", ");
}

/** A window as days where it is whole days, else as times. */
function windowText({ start, end }: { start: number; end: number }): string {
  const text = (at: number) => new Date(at).toISOString();
  const isWhole = start % 86_400_000 === 0 && end % 86_400_000 === 0;
  if (!isWhole) return `${text(start).slice(0, 16)} to ${text(end).slice(11, 16)}`;
  const [first, last] = [text(start).slice(0, 10), text(end - 1).slice(0, 10)];
  return first === last ? first : `${first} to ${last}`;
}
