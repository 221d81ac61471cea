/** What a page is made with: period, currency, and what is said of them on top. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { SignalhouseError } from "../../../schemas/errors.ts";
import { WINDOW_DAYS } from "../../../schemas/marts.ts";
import { keptSettings } from "../../mart-settings.ts";
import { chosenCurrency, currenciesOf, type CurrencyUse } from "../currencies.ts";
import { keepDays, keepScope } from "../kept.ts";
import { type DataDays, dataDays, periodBefore, periodOf } from "../period.ts";
import { daysOf, type Period, type Scope } from "../scope.ts";
import type { Context } from "./context.ts";
import { count, day, moneyOf, time } from "./format.ts";
import { drawing } from "./plot.ts";
import { axisOf } from "./time-axis.ts";

/** What a report is to be about. */
export interface ReportOptions {
  /** The first and the last UTC day, "2025-09-01"; the last 28 full days of the data by default. */
  from?: string | undefined;
  to?: string | undefined;
  /** The currency of the amounts; that of most orders by default. */
  currency?: string | undefined;
}

/** The same of a page that is served. */
export interface PageOptions extends ReportOptions {
  /** The campaign, and the message, that it is only about. */
  campaign?: string | undefined;
  message?: string | undefined;
}

export interface Prepared {
  context: Context;
  /** The sentences on top of the page. */
  lead: string[];
  currencies: readonly CurrencyUse[];
}

/** Periods of more days are shown by week. */
const MOST_DAYS = 92;
/** Ten years: nobody looks at more weeks than that. */
const MOST_DAYS_IN_ALL = 3_653;

/**
 * Looks at what there is, and so what a page is about.
 * @param hrefOf where pages lead to, where they are served
 * @returns undefined where the warehouse has no signals, and no days were named
 * @throws SignalhouseError not_found where no order is in the currency that is wished; usage where the days are more than ten years
 */
export async function prepare(
  connection: DuckDBConnection,
  { from, to, currency, campaign, message }: PageOptions,
  hrefOf?: Context["hrefOf"],
): Promise<Prepared | undefined> {
  await keepDays(connection);
  const data = await dataDays(connection);
  const wishes = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  const period: Period | undefined = periodOf(data, wishes);
  if (!period) return undefined;
  if (daysOf(period) > MOST_DAYS_IN_ALL)
    throw new SignalhouseError("usage", `from ${period.from} to ${period.to} is more than ten years`, "Name days that are nearer to each other.");
  const currencies = await currenciesOf(connection, period);
  const scope: Scope = {
    ...period,
    before: periodBefore(data, period),
    step: daysOf(period) > MOST_DAYS ? "week" : "day",
    currency: chosenCurrency(currencies, currency),
    windowDays: (await keptSettings(connection))?.windowDays ?? WINDOW_DAYS,
    campaign,
    message,
  };
  await keepScope(connection, scope);
  const context: Context = { connection, scope, axis: axisOf(scope, data), money: moneyOf(scope.currency), draw: await drawing(), hrefOf };
  return { context, lead: leadOf(scope, data, currencies), currencies };
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
