/** The axis of days or weeks that charts over time have in common. */
import type { DataDays } from "../period.ts";
import { addDays, type Scope, stepsOf } from "../scope.ts";
import { day } from "./format.ts";
import type { Frame, Plots } from "./plot.ts";

/** The days or weeks of a chart, and those of them that may not be whole. */
export interface TimeAxis {
  steps: readonly string[];
  partial: readonly string[];
  /** Which these are, in words. */
  note: string | undefined;
}

/** The axis of a period. */
export function axisOf(scope: Scope, data: DataDays | undefined): TimeAxis {
  const { from, to, step } = scope;
  const steps = stepsOf(scope);
  const days = (data?.partial ?? []).filter((day) => day >= from && day <= to);
  const inWeek = (week: string) => days.some((day) => day >= week && day < addDays(week, 7)) || week < from || addDays(week, 6) > to;
  const partial = step === "week" ? steps.filter(inWeek) : days;
  const list = partial.map((text) => day(text, false)).join(" and ");
  const why = step === "week" ? `The weeks of ${list} are not, or perhaps not, whole` : `${list} may not be whole: the data begins or ends there`;
  return {
    steps,
    partial,
    note: partial.length === 0 ? undefined : `${why}, and ${partial.length === 1 && step === "day" ? "is" : "are"} drawn pale.`,
  };
}

/** Which steps have a label: so many at most, evenly, each a day of its own. */
function labelled(steps: readonly string[], most: number): string[] {
  const every = Math.ceil(steps.length / most);
  return steps.filter((_, index) => index % every === 0);
}

export function timeAxis({ marks, isNarrow }: Frame, { steps }: Pick<TimeAxis, "steps">): Plots.Markish {
  return marks.axisX(labelled(steps, isNarrow ? 4 : 9), { tickFormat: (step: string) => day(step, false), tickSize: 4, label: null });
}
