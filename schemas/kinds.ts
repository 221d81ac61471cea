/**
 * The kinds of value that a column can have, each with its DuckDB type and the zod type that reads it.
 * A zod type of a kind takes a cell's text or a JSON value and gives the record's value; where it fails, the value does not fit.
 */
import { z } from "zod";

/**
 * A JSON number that a double does not give back as it is written (too long, or with zeros at its end), kept as its text.
 * Everything that reads a JSON value has to expect it beside plain numbers.
 */
export class LongNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Kind = "text" | "decimal" | "boolean" | "timestamp" | "texts" | "json";

/** The DuckDB type of each kind. Money and quantities are decimals: they are read from their text, never through a float. */
export const DUCKDB_TYPES = {
  text: "VARCHAR",
  decimal: "DECIMAL(18,4)",
  boolean: "BOOLEAN",
  timestamp: "TIMESTAMPTZ",
  texts: "VARCHAR[]",
  json: "JSON",
} as const satisfies Record<Kind, string>;

/** What a record holds for each kind. */
export interface KindValues {
  text: string;
  /** Canonical decimal text: at most 14 digits, a dot and at most 4 digits, no trailing zeros ("79.5"). */
  decimal: string;
  boolean: boolean;
  /** ISO 8601 in UTC with three or six fraction digits ("2025-09-14T10:02:11.480Z"). */
  timestamp: string;
  texts: (string | null)[];
  /** JSON text. */
  json: string;
}

/** The text of a JSON scalar; undefined for null, objects and arrays. */
function scalarText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return value instanceof LongNumber ? value.text : undefined;
}

/** The point is part of the second group: were it optional between the two, a long run of digits would cost quadratic time. */
const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/** The canonical text of a number that DECIMAL(18,4) holds exactly; undefined for everything else ("10%", 1.00005). */
export function decimalText(text: string): string | undefined {
  const match = DECIMAL.exec(text.trim());
  if (!match) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  if (whole === "" && fraction === "") return undefined;
  const point = whole.length + Number(exponent);
  const digits = whole + fraction;
  if (Math.abs(point) > 400) return /^0*$/.test(digits) ? "0" : undefined;
  const integer = (point > 0 ? digits.slice(0, point).padEnd(point, "0") : "").replace(/^0+/, "");
  const rest = withoutTrailingZeros(point >= 0 ? digits.slice(point) : "0".repeat(-point) + digits);
  if (integer.length > 14 || rest.length > 4) return undefined;
  const magnitude = (integer || "0") + (rest && `.${rest}`);
  return sign === "-" && magnitude !== "0" ? `-${magnitude}` : magnitude;
}

function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === "0") end -= 1;
  return digits.slice(0, end);
}

const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/**
 * How the text of a value looks that already is its canonical text: whoever finds one so need not read it. In JavaScript and RE2 alike. What
 * looks otherwise may still fit.
 */
export const CANONICAL = {
  /** Milliseconds and Z, on a day that every month has. */
  timestamp: String.raw`[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z`,
  /** No zeros at either end. */
  decimal: String.raw`-?[1-9]\d{0,13}(?:\.\d{0,3}[1-9])?|0|-?0\.\d{0,3}[1-9]`,
  boolean: "true|false",
  /** A JSON list of texts without white space and escapes. */
  texts: String.raw`\[(?:"[^"\\\x00-\x1f]*"(?:,"[^"\\\x00-\x1f]*")*)?\]`,
} as const satisfies Partial<Record<Kind, string>>;

const CANONICAL_TIMESTAMP = new RegExp(`^(?:${CANONICAL.timestamp})$`);

/**
 * The canonical text of an ISO 8601 time; undefined where it is none or finer than a microsecond.
 * Without a zone it is UTC (the vendor's page promises UTC); without a time of day it is midnight.
 */
export function timestampText(text: string): string | undefined {
  // Connect's own form, which nearly every value has, is told at a fraction of the cost.
  if (CANONICAL_TIMESTAMP.test(text)) return text;
  const match = TIMESTAMP.exec(text.trim());
  if (!match) return undefined;
  const [, year = "", month = "", day = "", hour = "00", minute = "00", second = "00", fraction = "", zone = "Z"] = match;
  const micros = fraction.padEnd(6, "0");
  if (/[1-9]/.test(micros.slice(6))) return undefined;
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const date = new Date(ms);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const written = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  if (year === "0000" || Number.isNaN(ms) || date.toISOString().slice(0, 19) !== written) return undefined;
  const rest = micros.slice(3, 6) === "000" ? micros.slice(0, 3) : micros.slice(0, 6);
  if (zone.toUpperCase() === "Z") return `${written}.${rest}Z`;
  const offset = zoneMinutes(zone);
  if (offset === undefined) return undefined;
  const utc = new Date(date.getTime() - offset * 60_000).toISOString();
  return utc.length === 24 && !utc.startsWith("0000") ? `${utc.slice(0, 19)}.${rest}Z` : undefined;
}

function zoneMinutes(zone: string): number | undefined {
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(":", ""));
  if (hours > 15 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...["true", "t", "1"].map((text) => [text, true] as const),
  ...["false", "f", "0"].map((text) => [text, false] as const),
]);

/** Half of a surrogate pair. No database takes it: neither as text nor as JSON. */
const HALF_CHARACTER = /\p{Surrogate}/u;

function list(value: unknown): (string | null)[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const texts = value.map((item: unknown) => (item === null ? null : scalarText(item)));
  const fits = texts.every((text) => text === null || (text !== undefined && !HALF_CHARACTER.test(text)));
  return fits ? (texts as (string | null)[]) : undefined;
}

/**
 * Finds a JSON number that JSON.parse might not give back as it is written: 16 digits and more, an exponent, a fraction so small that a
 * double is written with one, a zero at the end of a fraction (12.50), -0. It may also match inside a string; that costs time, never meaning.
 */
export const LONG_NUMBER = /(?:^|[:,[])\s*-?(?:[\d.]{16,}|[\d.]+[eE]|0\.0{6}|(?:\d+\.\d*0|(?<=-)0)(?=[\s,\]}]|$))/;

/** The list that a JSON text holds; undefined where it holds none, or a number that JSON.parse might change. */
function parsedList(text: string): unknown {
  try {
    const value = JSON.parse(text) as unknown;
    const numbers = Array.isArray(value) && value.some((item) => typeof item === "number");
    return numbers && LONG_NUMBER.test(text) ? undefined : value;
  } catch {
    return undefined;
  }
}

/** A zod type out of a function that gives undefined for what does not fit. */
function fitting<T>(read: (value: unknown) => T | undefined, expected: string) {
  return z.unknown().transform((value, context) => {
    const result = read(value);
    if (result !== undefined) return result;
    context.addIssue({ code: "custom", message: `expected ${expected}` });
    return z.NEVER;
  });
}

const viaText =
  <T>(read: (text: string) => T | undefined) =>
  (value: unknown) => {
    const text = scalarText(value);
    return text === undefined ? undefined : read(text);
  };

/** The zod type of each kind, for values that are not null. */
export const KIND_TYPES: { readonly [K in Kind]: z.ZodType<KindValues[K]> } = {
  text: fitting(scalarText, "text"),
  decimal: fitting(
    viaText((text) => decimalText(text)),
    "a number that DECIMAL(18,4) holds",
  ),
  boolean: fitting(
    viaText((text) => BOOLEANS.get(text.trim().toLowerCase())),
    "true or false",
  ),
  timestamp: fitting(
    viaText((text) => timestampText(text)),
    "an ISO 8601 time",
  ),
  texts: fitting((value) => list(typeof value === "string" ? parsedList(value) : value), "a list of texts"),
  json: fitting((value) => stringifyJson(value), "JSON"),
};

/**
 * JSON text of a parsed JSON value, LongNumbers included, digit for digit. Half a surrogate pair becomes U+FFFD: DuckDB's JSON
 * functions fail on it, and SIGNAL_CONTENT keeps it.
 */
export function stringifyJson(value: unknown): string {
  if (value instanceof LongNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(stringifyJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => `${stringifyText(key)}:${stringifyJson(item)}`);
    return `{${entries.join(",")}}`;
  }
  return typeof value === "string" ? stringifyText(value) : JSON.stringify(value ?? null);
}

function stringifyText(text: string): string {
  return JSON.stringify(HALF_CHARACTER.test(text) ? text.replace(/\p{Surrogate}/gu, "\uFFFD") : text);
}
