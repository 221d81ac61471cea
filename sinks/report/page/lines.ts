/** Lines over time: shares by day or week. Where there are too few to tell a share, a line has a gap. */
import { day, share } from "./format.ts";
import type { Html } from "./html.ts";
import type { Draw, Plots } from "./plot.ts";
import { axisHeight, type TimeAxis, timeAxis } from "./time-axis.ts";

interface Line {
  name: string;
  color: string;
  isBroken: boolean;
  /** By step; null where there is none to show. */
  values: ReadonlyMap<string, number | null>;
}

export interface LinesOptions extends Pick<TimeAxis, "steps" | "partial"> {
  lines: readonly Line[];
  width?: "page" | "third";
}

/** Steps of which each has its point. */
const MOST_POINTS = 31;

/** A chart of lines; points of steps that may not be whole are hollow. @param label what it shows, for those who hear it */
export function lines(draw: Draw, label: string, { lines, width = "page", ...axis }: LinesOptions): Html {
  const pale = new Set(axis.partial);
  const points = lines.map((line) => ({
    ...line,
    points: axis.steps.map((step, index) => {
      const value = line.values.get(step) ?? null;
      // What has no neighbour is on no line.
      const isAlone = [index - 1, index + 1].every((near) => (line.values.get(axis.steps[near] ?? "") ?? null) === null);
      const isPale = pale.has(step);
      return {
        step,
        value: value ?? Number.NaN,
        isPale,
        isPoint: value !== null && (isAlone || isPale || axis.steps.length <= MOST_POINTS),
        title: value === null ? "" : `${day(step)}, ${line.name}: ${share(value)}`,
      };
    }),
  }));
  const most = Math.max(...points.flatMap((line) => line.points.map(({ value }) => value)).filter((value) => !Number.isNaN(value)), 0);
  return draw(
    label,
    (frame): Plots.PlotOptions => ({
      height: frame.isNarrow ? 200 : 230,
      marginLeft: 52,
      marginRight: frame.isNarrow ? 12 : 16,
      marginTop: 12,
      marginBottom: axisHeight(axis),
      x: { type: "point", domain: [...axis.steps], padding: 0.4 },
      y: { domain: [0, most || 0.01], nice: 4 },
      marks: [
        frame.marks.gridY({ ticks: 4 }),
        frame.marks.axisY({ ticks: 4, tickFormat: (value: number) => `${Number((value * 100).toFixed(2))} %`, tickSize: 0, label: null }),
        timeAxis(frame, axis),
        frame.marks.ruleY([0]),
        ...points.flatMap(({ points, color, isBroken }) => [
          frame.marks.lineY(points, { x: "step", y: "value", stroke: color, strokeWidth: 2, ...(isBroken ? { strokeDasharray: "3 4" } : {}) }),
          frame.marks.dot(
            points.filter(({ isPoint }) => isPoint),
            {
              x: "step",
              y: "value",
              r: 2.5,
              stroke: color,
              fill: (point: { isPale: boolean }) => (point.isPale ? "var(--card)" : color),
              title: "title",
            },
          ),
        ]),
      ],
    }),
    width,
  );
}
