/** Bars that lie: one a name, longest first, with its value at the end. */
import { oneLine } from "../../../schemas/characters.ts";
import { cut } from "./format.ts";
import { type Draw, type Plots, ticksTo } from "./plot.ts";
import type { Html } from "./html.ts";

interface Bar {
  name: string;
  value: number;
  /** What stands at its end. */
  text: string;
  /** Parts of the value, each a part of the one before: drawn within the bar. */
  inner?: readonly number[];
  /** What a pointer that rests on it is told; name and text by default. */
  title?: string;
}

export interface BarsOptions {
  bars: readonly Bar[];
  /** How the axis writes values. */
  tick: (value: number) => string;
  /** Of the bar, and of the parts within it. */
  colors: readonly string[];
}

/** A chart of bars. @param label what it shows, for those who hear it */
export function bars(draw: Draw, label: string, { bars, tick, colors }: BarsOptions): Html {
  const data = bars.map((bar, place) => ({ ...bar, place, label: cut(bar.name, 26), title: oneLine(bar.title ?? `${bar.name}: ${bar.text}`) }));
  const most = Math.max(...data.map(({ value }) => value), 0) || 1;
  const least = Math.min(...data.map(({ value }) => value), 0);
  return draw(label, ({ marks, isNarrow }): Plots.PlotOptions => {
    const ticks = ticksTo(most, isNarrow ? 3 : 6);
    const value = { x: (bar: { value: number }) => Math.max(bar.value, 0), text: "text", textAnchor: "start", dx: 6, fontWeight: 600 } as const;
    return {
      height: data.length * (isNarrow ? 46 : 32) + 34,
      // Room for the value behind the longest bar.
      marginRight: Math.max(...data.map(({ text }) => text.length * 8 + 12), 20),
      marginLeft: isNarrow ? 2 : 200,
      marginTop: isNarrow ? 14 : 4,
      marginBottom: 24,
      x: { domain: [least, most], axis: null },
      y: { domain: data.map(({ place }) => place), axis: null, paddingInner: isNarrow ? 0.6 : 0.35, paddingOuter: isNarrow ? 0.3 : 0.15 },
      marks: [
        marks.gridX({ ticks }),
        marks.axisX({ ticks, tickFormat: tick, tickSize: 0, label: null }),
        ...colors.map((fill, layer) =>
          marks.barX(data, {
            x: (bar: Bar) => (layer === 0 ? bar.value : (bar.inner?.[layer - 1] ?? 0)),
            y: "place",
            fill,
            title: "title",
            insetTop: layer * 3,
            insetBottom: layer * 3,
          }),
        ),
        isNarrow
          ? marks.text(data, {
              frameAnchor: "left",
              y: "place",
              dy: -19,
              text: (bar: { name: string }) => cut(bar.name, 40),
              textAnchor: "start",
              title: "title",
            })
          : marks.text(data, { frameAnchor: "left", y: "place", dx: -8, text: "label", textAnchor: "end", title: "title" }),
        marks.text(data, { ...value, y: "place" }),
      ],
    };
  });
}
