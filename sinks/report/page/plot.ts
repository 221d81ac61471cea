/** Charts as SVG, by Observable Plot: a wide one and a narrow one of each, of which the page shows what fits. */
import type * as Plots from "@observablehq/plot";
import { oneLine } from "../../../schemas/characters.ts";
import { Html, html } from "./html.ts";

export type { Plots };

/** Where a chart is drawn. */
export interface Frame {
  isNarrow: boolean;
  /** Plot's marks. */
  marks: typeof Plots;
}

/** What is done with a chart and its parts, by linkedom. */
interface Svg {
  outerHTML: string;
  querySelectorAll(selector: string): Iterable<Svg>;
  remove(): void;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
}

const WIDTHS = { page: 820, third: 256, phone: 330 };

/** How many ticks an axis has that ends at `most`: so few that no two are less than 1 apart, as nothing that is counted comes in halves. */
export const ticksTo = (most: number, atMost: number): number => Math.max(1, Math.min(atMost, Math.floor(most)));

/** Draws charts. @param width that of the page, or of a third of it, where three charts stand beside each other */
export type Draw = (label: string, options: (frame: Frame) => Plots.PlotOptions, width?: "page" | "third") => Html;

/** Loads what charts are made with, which takes longer than most commands. */
export async function drawing(): Promise<Draw> {
  const [marks, { parseHTML }] = await Promise.all([import("@observablehq/plot"), import("linkedom")]);
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const svg = (label: string, options: Plots.PlotOptions): Html => {
    const chart = marks.plot({ ...options, document }) as unknown as Svg;
    // Its styles are the page's: a policy that allows no others would pass over them.
    for (const style of chart.querySelectorAll("style")) style.remove();
    // To those who hear it a chart is one picture, whose parts have no names.
    for (const part of chart.querySelectorAll("[aria-label]")) {
      if (part.getAttribute("aria-label") === "text") part.setAttribute("class", "text");
      part.removeAttribute("aria-label");
    }
    chart.removeAttribute("class");
    chart.removeAttribute("font-family");
    chart.setAttribute("role", "img");
    chart.setAttribute("aria-label", oneLine(label));
    return new Html(chart.outerHTML);
  };
  const drawn = (label: string, width: keyof typeof WIDTHS, options: (frame: Frame) => Plots.PlotOptions) =>
    svg(label, { width: WIDTHS[width], ...options({ isNarrow: width !== "page", marks }) });
  return (label, options, width = "page") =>
    html`<div class="wide">${drawn(label, width, options)}</div>
      <div class="narrow">${drawn(label, "phone", options)}</div>`;
}
