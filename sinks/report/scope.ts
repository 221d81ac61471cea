/** What a report is about, and the conditions that say it in SQL. */
import type { Channel } from "../../schemas/signal-types.ts";
import { quoteText } from "../../schemas/names.ts";

/** UTC days, "2025-09-01"; both belong to it. */
export interface Period {
  from: string;
  to: string;
}

export interface Scope extends Period {
  /** As many days before; undefined where the warehouse does not have them all. */
  before: Period | undefined;
  /** What a chart over time has a mark for: weeks begin on Mondays. */
  step: "day" | "week";
  /** Of the amounts, in capitals; null where orders say none. */
  currency: string | null;
  /** Days before an order in which a click earns it, by channel. */
  windowDays: Readonly<Record<Channel, number>>;
  /** The campaign, and the message, that it is only about; of all of them where none is named. */
  campaign?: string | undefined;
  message?: string | undefined;
}

/** Shares of fewer are not shown: they say more of chance than of people. */
export const FEWEST = 30;

const DAY_MS = 86_400_000;

/** The day so many days later. */
export const addDays = (day: string, count: number): string => new Date(Date.parse(day) + count * DAY_MS).toISOString().slice(0, 10);

/** How many days a period has. */
export const daysOf = ({ from, to }: Period): number => Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;

/** SQL: a day is one of the period. */
export const onDays = (column: string, { from, to }: Period): string => `${column} BETWEEN ${quoteText(from)} AND ${quoteText(to)}`;

/** SQL: a time is in the period, whatever time zone a session is in. */
export const inPeriod = (column: string, { from, to }: Period): string =>
  `${column} >= ${quoteText(`${from}T00:00:00Z`)} AND ${column} < ${quoteText(`${addDays(to, 1)}T00:00:00Z`)}`;

/** The last days of a period, so many at most. */
export const lastDays = ({ from, to }: Period, count: number): Period => ({ from: [from, addDays(to, 1 - count)].toSorted().at(-1) ?? from, to });

/** SQL: an amount is of the report's currency. */
export const inCurrency = ({ currency }: Pick<Scope, "currency">): string =>
  currency === null ? "currency IS NULL" : `currency = ${quoteText(currency)}`;

/** Whether a report is only about one campaign or message. */
export const isPart = ({ campaign, message }: Pick<Scope, "campaign" | "message">): boolean => campaign !== undefined || message !== undefined;

/** SQL behind other conditions: of the campaign and the message that the report is only about. */
export const onlyOf = ({ campaign, message }: Pick<Scope, "campaign" | "message">): string =>
  (campaign === undefined ? "" : ` AND campaign_id = ${quoteText(campaign)}`) +
  (message === undefined ? "" : ` AND message_id = ${quoteText(message)}`);

/** SQL of the day, or the first day of the week, that a UTC day counts for. */
export const stepOf = (day: string, { step }: Pick<Scope, "step">): string => (step === "week" ? `date_trunc('week', ${day})::DATE` : day);

/** All steps of the period, in order: what nothing happened in, too. */
export function stepsOf({ from, to, step }: Pick<Scope, "from" | "to" | "step">): string[] {
  const first = step === "week" ? addDays(from, -((new Date(from).getUTCDay() + 6) % 7)) : from;
  const size = step === "week" ? 7 : 1;
  const count = Math.floor((daysOf({ from: first, to }) - 1) / size) + 1;
  return Array.from({ length: count }, (_, index) => addDays(first, index * size));
}
