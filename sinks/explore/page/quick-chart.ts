/** A chart of a result whose first column is a text or a day, and another one a number. */
import type { Json } from "@duckdb/node-api";
import type { QueryResult } from "../../query/run.ts";
import { cellOf } from "../../query/texts.ts";
import { bars } from "../../report/page/bars.ts";
import { columns as columnsChart } from "../../report/page/columns.ts";
import { type Html, html } from "../../report/page/html.ts";
import type { Draw } from "../../report/page/plot.ts";

/** Bars that are drawn at most, and days. */
const MOST_BARS = 20;
const MOST_DAYS = 400;

/** Nothing of the data: what it shows stands above it. */
const LABEL = "The result as a chart";

const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** @returns undefined where the result is no such one, or a name is there twice */
export function quickChart(draw: Draw, { columns }: Pick<QueryResult, "columns">, rows: readonly (readonly Json[])[]): Html | undefined {
  const at = columns.findIndex(({ isNumber }, index) => isNumber && index > 0);
  const [first] = columns;
  const number = columns[at];
  if (!number || !first || first.isNumber || rows.length < 2) return undefined;
  const values = rows.flatMap((row) => {
    const value = Number(row[at] ?? Number.NaN);
    return Number.isFinite(value) ? [{ name: cellOf(row[0], 200), value, text: cellOf(row[at]) }] : [];
  });
  if (values.length < 2 || new Set(values.map(({ name }) => name)).size < values.length) return undefined;
  const title = `${number.name} by ${first.name}`;
  const isByDay = values.every(({ name }) => /^\d{4}-\d\d-\d\d(T00:00:00\.000Z)?$/.test(name));
  if (isByDay && values.length > MOST_DAYS) return undefined;
  return html`<figure class="chart">
    <figcaption class="note">${title}${!isByDay && values.length > MOST_BARS && `: the first ${MOST_BARS}`}</figcaption>
    ${isByDay ? byDay(draw, number.name, values) : byName(draw, values)}
  </figure>`;
}

interface Value {
  name: string;
  value: number;
  text: string;
}

const byName = (draw: Draw, values: readonly Value[]) =>
  bars(draw, LABEL, { bars: values.slice(0, MOST_BARS), tick: (value) => short.format(value), colors: ["var(--email)"] });

function byDay(draw: Draw, series: string, values: readonly Value[]): Html {
  const parts = values
    .map(({ name, value, text }) => ({ step: name.slice(0, 10), series, value, text }))
    .toSorted((a, b) => (a.step < b.step ? -1 : 1));
  return columnsChart(draw, LABEL, {
    steps: parts.map(({ step }) => step),
    partial: [],
    parts,
    series: { [series]: "var(--email)" },
    tick: (value) => short.format(value),
  });
}
