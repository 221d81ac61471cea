/** Columns over time: one a day or week, of several parts. */
import { oneLine } from "../../../schemas/characters.ts";
import { day } from "./format.ts";
import type { Html } from "./html.ts";
import { type Draw, type Plots, ticksTo } from "./plot.ts";
import { axisHeight, type TimeAxis, timeAxis } from "./time-axis.ts";

interface ColumnPart {
  step: string;
  series: string;
  value: number;
  /** The value as it is written. */
  text: string;
}

export interface ColumnsOptions extends Pick<TimeAxis, "steps" | "partial"> {
  parts: readonly ColumnPart[];
  /** From the bottom to the top, with their colors. */
  series: Readonly<Record<string, string>>;
  tick: (value: number) => string;
}

/** Pixels of a column, however few there are. */
const WIDEST = 90;

/** A chart of columns; those that may not be whole are pale. @param label what it shows, for those who hear it */
export function columns(draw: Draw, label: string, { parts, series, tick, ...axis }: ColumnsOptions): Html {
  const pale = new Set(axis.partial);
  const sums = new Map<string, number>();
  for (const { step, value } of parts) sums.set(step, (sums.get(step) ?? 0) + value);
  const ticks = ticksTo(Math.max(...sums.values(), 0), 4);
  const data = parts.map((part) => ({ ...part, title: oneLine(`${day(part.step)}, ${part.series}: ${part.text}`) }));
  return draw(label, (frame): Plots.PlotOptions => ({
    height: frame.isNarrow ? 210 : 260,
    marginLeft: 52,
    marginRight: frame.isNarrow ? 12 : 16,
    marginTop: 12,
    marginBottom: axisHeight(axis),
    x: {
      type: "band",
      domain: [...axis.steps],
      padding: Math.max(axis.steps.length > 40 ? 0.12 : 0.2, 1 - (WIDEST * axis.steps.length) / (frame.isNarrow ? 260 : 750)),
    },
    color: { domain: Object.keys(series), range: Object.values(series) },
    marks: [
      frame.marks.gridY({ ticks }),
      frame.marks.axisY({ ticks, tickFormat: tick, tickSize: 0, label: null }),
      timeAxis(frame, axis),
      frame.marks.barY(data, {
        x: "step",
        y: "value",
        fill: "series",
        order: Object.keys(series),
        fillOpacity: (part: ColumnPart) => (pale.has(part.step) ? 0.45 : 1),
        title: "title",
        insetBottom: 0.5,
      }),
      frame.marks.ruleY([0]),
    ],
  }));
}
