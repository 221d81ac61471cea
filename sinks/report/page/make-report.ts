/** The report: what is asked, in the order in which the page has it. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { WINDOW_DAYS } from "../../../schemas/marts.ts";
import { keptSettings } from "../../mart-settings.ts";
import { chosenCurrency, currenciesOf, type CurrencyUse } from "../currencies.ts";
import { keep } from "../kept.ts";
import { type DataDays, dataDays, periodBefore, periodOf } from "../period.ts";
import { daysOf, type Period, type Scope } from "../scope.ts";
import type { Context } from "./context.ts";
import { count, day, moneyOf, time } from "./format.ts";
import { knownContacts, signalsByDay, signalTypes, toLookAfter } from "./health.ts";
import { type Html, html } from "./html.ts";
import { deliverability, engagement, messages, recipientDomains } from "./messages.ts";
import { pageOf } from "./page.ts";
import { drawing } from "./plot.ts";
import { campaignRevenue, clickToOrder, dailyRevenue } from "./revenue.ts";
import { carts, failedSearches, productFunnel } from "./shop.ts";
import { tiles } from "./tiles.ts";
import { axisOf } from "./time-axis.ts";

/** What a report is to be about. */
export interface ReportOptions {
  /** The first and the last UTC day, "2025-09-01"; the last 28 full days of the data by default. */
  from?: string | undefined;
  to?: string | undefined;
  /** The currency of the amounts; that of most orders of the period by default. */
  currency?: string | undefined;
}

export interface Report {
  /** The page: one file, which needs no other. */
  html: string;
  /** The days that it is about, both included; null where the warehouse has no signals, and none were named. */
  period: Period | null;
  /** Null where orders name none, or there are none. */
  currency: string | null;
}

/** What is answered, in order. */
const PARTS: Readonly<Record<string, readonly ((context: Context) => Promise<Html>)[]>> = {
  Revenue: [campaignRevenue, dailyRevenue, clickToOrder],
  Messages: [engagement, deliverability, recipientDomains, messages],
  Shop: [productFunnel, carts, failedSearches],
  "The data": [signalsByDay, signalTypes, knownContacts, toLookAfter],
};

/** Periods of more days are shown by week. */
const MOST_DAYS = 92;

const TITLE = "Campaign report";

/**
 * Makes the report of a warehouse, which is only read: the same data, period and currency give the same bytes.
 * Memory: DuckDB's, and some megabytes; each table of the page is bounded.
 * @throws SignalhouseError not_found where no order is in the currency that is wished
 */
export async function makeReport(connection: DuckDBConnection, options: ReportOptions = {}): Promise<Report> {
  const data = await dataDays(connection);
  const wishes = { ...(options.from !== undefined && { from: options.from }), ...(options.to !== undefined && { to: options.to }) };
  const period = periodOf(data, wishes);
  if (!period) return { html: emptyPage(), period: null, currency: null };
  const currencies = await currenciesOf(connection, period);
  const scope: Scope = {
    ...period,
    before: periodBefore(data, period),
    step: daysOf(period) > MOST_DAYS ? "week" : "day",
    currency: chosenCurrency(currencies, options.currency),
    windowDays: (await keptSettings(connection))?.windowDays ?? WINDOW_DAYS,
  };
  await keep(connection, scope);
  const context: Context = { connection, scope, axis: axisOf(scope, data), money: moneyOf(scope.currency), draw: await drawing() };
  const body = [await tiles(context)];
  for (const [title, answers] of Object.entries(PARTS)) {
    body.push(html`<h2>${title}</h2> `);
    for (const answer of answers) body.push(await answer(context));
  }
  return { html: pageOf({ title: TITLE, lead: leadOf(scope, data, currencies), body, foot: FOOT }), period, currency: scope.currency };
}

function leadOf(scope: Scope, data: DataDays | undefined, currencies: readonly CurrencyUse[]): string[] {
  const { from, to, before, currency } = scope;
  const days = daysOf(scope);
  const period = days === 1 ? day(from) : `${day(from)} to ${day(to)} (${count(days)} days, UTC)`;
  const compared = before
    ? `against ${day(before.from)} to ${day(before.to)}`
    : data
      ? `with nothing to compare: the data begins on ${day(data.first)}`
      : "with nothing to compare";
  const others = currencies.filter((use) => use.currency !== currency && use.orders > 0);
  const amounts =
    currencies.length === 0 ? "There are no orders." : currency === null ? "The orders name no currency." : `Amounts are in ${currency}.`;
  const beside = others.map((use) => `${count(use.orders)} in ${use.currency ?? "no currency"}`).join(", ");
  return [
    `${period}, ${compared}.`,
    `${amounts}${others.length > 0 ? ` Other orders are not in them: ${beside}.` : ""}`,
    data ? `Data until ${time(data.until)} UTC.` : "The warehouse has no signals.",
  ];
}

const FOOT = [
  "Opens and clicks count once a message sent, and those that Connect takes for a bot's are left out unless it is said. Orders count once, however often they were sent.",
  "What became of messages is told by the day of their send, so that the latest days still change.",
];

const emptyPage = (): string =>
  pageOf({
    title: TITLE,
    lead: ["The warehouse has no signals yet."],
    body: [],
    foot: ["Load exports with signalhouse sync or signalhouse load, then make the report anew."],
  });
