/** What the page says of revenue. */
import { CAMPAIGN_REVENUE, campaignName, type CampaignRow, type Model, MODEL_NAMES, MODELS, MOST_CAMPAIGNS } from "../questions/campaign-revenue.ts";
import { allRanges, CLICK_TO_ORDER, rangeName } from "../questions/click-to-order.ts";
import { DAILY_REVENUE } from "../questions/daily-revenue.ts";
import { channelName } from "../questions/words.ts";
import { isPart, type Scope } from "../scope.ts";
import { bars } from "./bars.ts";
import { CHANNEL_COLORS, presentChannels } from "./channels.ts";
import { card, legend } from "./card.ts";
import { columns } from "./columns.ts";
import { asked, type Context } from "./context.ts";
import { count, share } from "./format.ts";
import { type Html, html } from "./html.ts";

const noOrders = (scope: Scope): string => (isPart(scope) ? "No order of the period followed it." : "There are no orders in the period.");
/** Bars that a chart has at most. */
const MOST_BARS = 8;

/** Revenue by campaign: a chart a model, of which the one that is chosen is shown. */
export async function campaignRevenue(context: Context): Promise<Html> {
  const rows = await asked(context, CAMPAIGN_REVENUE);
  const campaigns = rows.filter((row) => row.after_message);
  const choice = (model: Model, index: number) =>
    html`<input type="radio" name="model" id="model-${model}" ${index === 0 && html` checked`} /><label for="model-${model}"
        >${MODELS[model]}</label
      >`;
  const figure = html`<fieldset class="models choice">
    <legend class="unseen">Model</legend>
    ${MODEL_NAMES.map(choice)} ${MODEL_NAMES.map((model) => html`<div class="chart of-${model}">${chartOf(context, model, campaigns)}</div> `)}
  </fieldset>`;
  return card(context, CAMPAIGN_REVENUE, {
    rows,
    figure: campaigns.length > 0 ? figure : undefined,
    empty: noOrders(context.scope),
    notes: [
      campaigns.length > MOST_BARS ? `The ${MOST_BARS} that earned most; the others are in the numbers.` : undefined,
      rows.length === MOST_CAMPAIGNS ? `The numbers have the first ${MOST_CAMPAIGNS} campaigns.` : undefined,
    ],
  });
}

function chartOf({ draw, money }: Context, model: Model, campaigns: readonly CampaignRow[]): Html {
  const earned = campaigns.flatMap((row) => {
    const amount = row[model];
    return amount === null || Number(amount) === 0 ? [] : [{ name: campaignName(row), value: Number(amount), text: money.whole(amount) }];
  });
  if (earned.length === 0) return html`<p class="note">By this model no campaign earned anything in the period.</p>`;
  const most = earned.toSorted((a, b) => b.value - a.value).slice(0, MOST_BARS);
  return bars(draw, `Revenue by campaign: ${MODELS[model]}`, { bars: most, tick: money.short, colors: ["var(--email)"] });
}

/** Revenue over time, by the channel of the last click. */
export async function dailyRevenue(context: Context): Promise<Html> {
  const { draw, money, axis } = context;
  const question = isPart(context.scope) ? { ...DAILY_REVENUE, title: "When did it bring revenue?" } : DAILY_REVENUE;
  const rows = await asked(context, question);
  const series = presentChannels(rows).map((channel) => [channelName(channel), (channel && CHANNEL_COLORS[channel]) ?? "var(--none)"] as const);
  const parts = rows.flatMap(({ day, channel, revenue }) =>
    revenue === null ? [] : [{ step: day, series: channelName(channel), value: Number(revenue), text: money.exact(revenue) }],
  );
  const chart = columns(draw, "Revenue over time by channel", { ...axis, parts, series: Object.fromEntries(series), tick: money.short });
  return card(context, question, {
    rows,
    figure: html`${legend(series)}
      <div class="chart">${chart}</div>`,
    empty: noOrders(context.scope),
    notes: [axis.note],
  });
}

/** How long orders take after the click. */
export async function clickToOrder(context: Context): Promise<Html> {
  const rows = await asked(context, CLICK_TO_ORDER);
  const inAll = rows[0]?.in_all ?? 0;
  const all = allRanges(rows).map((row) => ({
    name: rangeName(row),
    value: row.orders,
    text: `${count(row.orders)} (${share(row.orders / inAll)})`,
  }));
  const chart = bars(context.draw, "Orders by the time since the click", { bars: all, tick: count, colors: ["var(--email)"] });
  return card(context, CLICK_TO_ORDER, { rows, figure: html`<div class="chart">${chart}</div>`, empty: "No order of the period followed a click." });
}
