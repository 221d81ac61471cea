/** The tiles on top: what changed since the period before. */
import { MESSAGES_CHANGED, type MessagesRow, ORDERS_CHANGED, type OrdersRow } from "../questions/what-changed.ts";
import { share as shareOf } from "../question.ts";
import { daysOf, isPart } from "../scope.ts";
import { sqlOf } from "./card.ts";
import { asked, type Context } from "./context.ts";
import { count, NONE, share } from "./format.ts";
import { type Html, html } from "./html.ts";
import { table } from "./table.ts";

interface Tile {
  name: string;
  now: number | null;
  before: number | null | undefined;
  text: (value: number) => string;
  /** Below the value. */
  more: string;
  /** Whether more is better; undefined where that cannot be said. */
  isGood?: boolean;
  isShare?: boolean;
}

/** The tiles, with their numbers below. */
export async function tiles(context: Context): Promise<Html> {
  const { scope } = context;
  const messages = await asked(context, MESSAGES_CHANGED);
  const orders = await asked(context, ORDERS_CHANGED);
  const all = [...ofOrders(context, orders), ...ofMessages(context, messages)];
  const days = daysOf(scope);
  return html`<section aria-labelledby="changed">
    <h2 id="changed" class="unseen">What changed since the ${days === 1 ? "day" : `${days} days`} before?</h2>
    <ul class="tiles">
      ${all.map(tile)}
    </ul>
    <details>
      <summary>The numbers and the SQL of these</summary>
      ${[table("Orders, this period and before", ORDERS_CHANGED.columns(scope), orders, context), sqlOf(ORDERS_CHANGED, scope)]}
      ${[table("Messages, this period and before", MESSAGES_CHANGED.columns(scope), messages, context), sqlOf(MESSAGES_CHANGED, scope)]}
    </details>
  </section> `;
}

/** Of the period and of the one before; undefined where that is not compared. */
function pair<Row extends { is_now: boolean }>(rows: readonly Row[], { scope }: Context, value: (row: Row) => number | null, none: number | null) {
  const of = (isNow: boolean) => {
    const row = rows.find(({ is_now }) => is_now === isNow);
    // Where neither period has anything, there is nothing that could have been counted.
    return row ? value(row) : rows.length === 0 ? null : none;
  };
  return { now: of(true), before: scope.before ? of(false) : undefined };
}

function ofOrders(context: Context, rows: readonly OrdersRow[]): Tile[] {
  const { money, scope } = context;
  const now = rows.find(({ is_now }) => is_now);
  const [all, earned] = [now?.revenue ?? "0", now?.revenue_after_click ?? "0"];
  const part = Number(all) > 0 ? `${share(Number(earned) / Number(all))} of ` : "of ";
  const amount = (text: string) => ({ text: () => money.whole(text), isGood: true });
  if (isPart(scope))
    return [
      { name: "Revenue", ...pair(rows, context, (row) => Number(row.revenue_after_click ?? 0), 0), ...amount(earned), more: "by the last click" },
      { name: "Orders", ...pair(rows, context, ({ orders }) => orders, 0), text: count, isGood: true, more: "by the last click" },
    ];
  return [
    { name: "Revenue", ...pair(rows, context, ({ revenue }) => Number(revenue ?? 0), 0), ...amount(all), more: "of all orders" },
    {
      name: "Revenue after a click",
      ...pair(rows, context, (row) => Number(row.revenue_after_click ?? 0), 0),
      ...amount(earned),
      more: now ? `${part}${money.whole(all)}` : "of all orders",
    },
    { name: "Orders", ...pair(rows, context, ({ orders }) => orders, 0), text: count, isGood: true, more: "each once" },
  ];
}

function ofMessages(context: Context, rows: readonly MessagesRow[]): Tile[] {
  const now = rows.find(({ is_now }) => is_now);
  const rate = (name: string, of: (row: MessagesRow) => number, by: (row: MessagesRow) => number, more: string, isGood: boolean): Tile => ({
    name,
    ...pair(rows, context, (row) => shareOf(of(row), by(row)), null),
    text: share,
    more,
    isGood,
    isShare: true,
  });
  return [
    { name: "Delivered", ...pair(rows, context, ({ delivered }) => delivered, 0), text: count, more: `of ${count(now?.sent ?? 0)} sent` },
    rate(
      "Open rate",
      (row) => row.opened,
      (row) => row.trackable_opens,
      "by people, no SMS",
      true,
    ),
    rate(
      "Click rate",
      (row) => row.clicked,
      (row) => row.trackable_clicks,
      "by people",
      true,
    ),
    rate(
      "Unsubscribe rate",
      (row) => row.unsubscribed,
      (row) => row.delivered,
      "of delivered",
      false,
    ),
    rate(
      "Bounce rate",
      (row) => row.bounced,
      (row) => row.sent,
      "of sent",
      false,
    ),
  ];
}

function tile({ name, now, before, text, more, isGood, isShare = false }: Tile): Html {
  const value = now === null ? NONE : text(now);
  return html`<li>
    <span class="name">${name}</span><span class="${value.length > 11 ? "value long" : "value"}">${value}</span>${
      before !== undefined && html`<span class="${tone(now, before, isGood)}">${change(now, before, isShare)}</span>`
    }<span class="more">${more}</span>
  </li> `;
}

function change(now: number | null, before: number | null, isShare: boolean): string {
  if (now === null || before === null || (before === 0 && !isShare)) return before === 0 && now !== 0 ? "none before" : NONE;
  const by = isShare ? now - before : (now - before) / Math.abs(before);
  const sign = by > 0 ? "▲" : by < 0 ? "▼" : "=";
  const points = Math.abs(by * 100);
  return `${sign} ${isShare ? `${points.toFixed(points < 1 ? 2 : 1)} points` : `${points.toFixed(1)} %`}`;
}

function tone(now: number | null, before: number | null, isGood: boolean | undefined): string {
  if (now === null || before === null || now === before || isGood === undefined) return "change";
  return now > before === isGood ? "change good" : "change bad";
}
