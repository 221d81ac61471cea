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
  const where = [days.includes(data?.first ?? "") && "begins", days.includes(data?.last ?? "") && "ends"].filter(Boolean).join(" and ");
  const note =
    step === "week"
      ? `Pale: the weeks of ${list}, which are not, or may not be, whole.`
      : `Pale: ${list}, which may not be whole, as the data ${where} there.`;
  return { steps, partial, note: partial.length === 0 ? undefined : note };
}

/** Which steps have a label: so many at most, evenly, each a day of its own. */
function labelled(steps: readonly string[], most: number): string[] {
  const every = Math.ceil(steps.length / most);
  return steps.filter((_, index) => index % every === 0);
}

const year = (step: string | undefined) => step?.slice(0, 4);

/** Whether labels say years, too: where there are several. */
const saysYears = ({ steps }: Pick<TimeAxis, "steps">) => year(steps[0]) !== year(steps.at(-1));

/** The axis; a year stands below the first label of it. */
export function timeAxis({ marks, isNarrow }: Frame, axis: Pick<TimeAxis, "steps">): Plots.Markish {
  const labels = labelled(axis.steps, isNarrow ? 4 : 9);
  const text = (step: string, index: number) =>
    saysYears(axis) && year(step) !== year(labels[index - 1]) ? `${day(step, false)}\n${year(step)}` : day(step, false);
  return marks.axisX(labels, { tickFormat: text, tickSize: 4, label: null });
}

/** Height of the labels. */
export const axisHeight = (axis: Pick<TimeAxis, "steps">): number => (saysYears(axis) ? 42 : 26);
