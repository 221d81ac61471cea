/** What the page says of the shop: products, carts and searches. */
import { CARTS } from "../questions/carts.ts";
import { FAILED_SEARCHES } from "../questions/failed-searches.ts";
import { PRODUCT_FUNNEL, productName } from "../questions/product-funnel.ts";
import { share as shareOf } from "../question.ts";
import { bars } from "./bars.ts";
import { card, legend } from "./card.ts";
import { columns } from "./columns.ts";
import { asked, type Context } from "./context.ts";
import { count, NONE, share } from "./format.ts";
import { type Html, html } from "./html.ts";

const MOST_BARS = 10;

/** The way of products from the view to the order. */
export async function productFunnel(context: Context): Promise<Html> {
  const rows = await asked(context, PRODUCT_FUNNEL);
  const steps = [
    ["Viewed", "var(--step-1)"],
    ["Put into the cart", "var(--step-2)"],
    ["Ordered", "var(--step-3)"],
  ] as const;
  const all = rows.slice(0, MOST_BARS).map((row) => {
    const bought = shareOf(row.viewed_carted_bought, row.viewed);
    return {
      name: productName(row),
      value: row.viewed,
      inner: [row.viewed_carted, row.viewed_carted_bought],
      text: bought === null ? NONE : share(bought),
      title: `${productName(row)}: viewed ${count(row.viewed)}, put into the cart ${count(row.viewed_carted)}, ordered ${count(row.viewed_carted_bought)}`,
    };
  });
  const chart = bars(context.draw, "Visits by product: viewed, put into the cart, ordered", {
    bars: all,
    tick: count,
    colors: steps.map(([, color]) => color),
  });
  return card(context, PRODUCT_FUNNEL, {
    rows,
    figure: html`${legend(steps)}
      <div class="chart">${chart}</div>`,
    empty: "No product was viewed in the period.",
    notes: ["At the end of each bar: ordered of viewed. Shares of fewer than 30 are not shown."],
  });
}

/** Carts that were left, and what became of them. */
export async function carts(context: Context): Promise<Html> {
  const { draw, axis } = context;
  const rows = await asked(context, CARTS);
  const series = { "Recovered by a message": "var(--email)", "Recovered otherwise": "var(--whatsapp)", "Not recovered": "var(--none)" };
  const [byMessage = "", otherwise = "", not = ""] = Object.keys(series);
  const parts = rows.flatMap((row) =>
    (
      [
        [byMessage, row.recovered_by_message],
        [otherwise, row.recovered - row.recovered_by_message],
        [not, row.carts - row.recovered],
      ] as const
    ).map(([name, value]) => ({ step: row.day, series: name, value, text: count(value) })),
  );
  const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((all, row) => all + of(row), 0);
  const [left, recovered, messaged] = [sum((row) => row.carts), sum((row) => row.recovered), sum((row) => row.recovered_by_message)];
  const rate = shareOf(recovered, left);
  const chart = columns(draw, "Carts that were left, over time", { ...axis, parts, series, tick: count });
  return card(context, CARTS, {
    rows,
    figure: html`${legend(Object.entries(series))}
      <div class="chart">${chart}</div>`,
    empty: "No cart was left in the period.",
    notes: [
      `${count(recovered)} of ${count(left)} were recovered${rate === null ? "" : ` (${share(rate)})`}, ${count(messaged)} of them by a message.`,
      axis.note,
    ],
  });
}

/** Searches that found nothing. */
export async function failedSearches(context: Context): Promise<Html> {
  const rows = await asked(context, FAILED_SEARCHES);
  const all = rows.slice(0, MOST_BARS).map((row) => ({
    name: row.search_term,
    value: row.without_results,
    text: count(row.without_results),
    title: `${row.search_term}: ${count(row.without_results)} of ${count(row.searches)} found nothing`,
  }));
  const chart = bars(context.draw, "Searches that found nothing", { bars: all, tick: count, colors: ["var(--email)"] });
  return card(context, FAILED_SEARCHES, {
    rows,
    figure: html`<div class="chart">${chart}</div>`,
    empty: "No search of the period found nothing.",
  });
}
