/** Values as people read them in a report: exact amounts in their currency, days, shares. */
import { oneLine } from "../../../schemas/characters.ts";
import type { Kind, Value } from "../question.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
export const NONE = "–";

const counts = new Intl.NumberFormat("en");

export const count = (value: number): string => counts.format(value);

/** "31 Aug 2025", or without its year. */
export function day(text: string, withYear = true): string {
  const [year = "", month, date] = text.split("-");
  return `${Number(date)} ${MONTHS[Number(month) - 1]}${withYear ? ` ${year}` : ""}`;
}

/** "2025-09-05 23:59" of an ISO 8601 time in UTC. */
export const time = (text: string): string => text.slice(0, 16).replace("T", " ");

/** "47.7 %"; with more digits where it is little. */
export function share(value: number): string {
  const percent = value * 100;
  if (percent === 0) return "0 %";
  return `${percent.toFixed(Math.abs(percent) < 9.95 ? 2 : 1)} %`;
}

/** How many places a currency's amounts have at least: two where nobody knows it. */
const formatOf = (currency: string | null, options: Intl.NumberFormatOptions) => {
  // A code that is none to Intl, such as one of four letters, stands behind the number.
  const isCode = currency !== null && /^[A-Z]{3}$/.test(currency);
  const format = new Intl.NumberFormat(
    "en",
    isCode ? { style: "currency", currency, currencyDisplay: "narrowSymbol", ...options } : { minimumFractionDigits: 2, ...options },
  );
  const behind = currency === null || isCode ? "" : ` ${currency}`;
  return (value: string | number) => format.format(value as number) + behind;
};

/** How a report writes amounts. */
export interface Money {
  /** Every digit that there is. @param text decimal */
  exact: (text: string) => string;
  /** In as many places as the currency has: what a division gives has more. */
  usual: (text: string) => string;
  /** In whole units: "€12,719". */
  whole: (text: string) => string;
  /** For an axis: "€12K". */
  short: (value: number) => string;
}

/** How amounts of a currency are written; null is none. Amounts are read as decimals, never as doubles. */
export function moneyOf(currency: string | null): Money {
  return {
    exact: formatOf(currency, { maximumFractionDigits: 4 }),
    usual: formatOf(currency, /^[A-Z]{3}$/.test(currency ?? "") ? {} : { maximumFractionDigits: 2 }),
    whole: formatOf(currency, { minimumFractionDigits: 0, maximumFractionDigits: 0 }),
    short: formatOf(currency, { minimumFractionDigits: 0, maximumFractionDigits: 1, notation: "compact" }),
  };
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** A name as a line that is so long at most: cut between characters, as people see them. */
export function cut(text: string, most: number): string {
  const line = oneLine(text.replace(/\s+/gu, " ").trim());
  const signs = [...graphemes.segment(line.slice(0, most * 20))].map(({ segment }) => segment);
  return signs.length > most
    ? `${signs
        .slice(0, most - 1)
        .join("")
        .trimEnd()}…`
    : line;
}

/** Characters of a name in a table. */
const LONGEST_NAME = 70;

/** A value as its kind is written. */
export function shown(value: Value, kind: Kind, money: Money): string {
  if (value === null) return NONE;
  switch (kind) {
    case "count":
      return count(Number(value));
    case "amount":
      return money.exact(String(value));
    case "part":
      return money.usual(String(value));
    case "share":
      return share(Number(value));
    case "day":
      return day(String(value));
    case "time":
      return time(String(value));
    case "number":
    case "verbatim":
      return String(value);
    default:
      return cut(String(value), LONGEST_NAME);
  }
}
