/**
 * The kinds of value that a column can have, each with its DuckDB type and what reads it.
 * fitKind() takes a cell's text or a JSON value and gives the record's value; where there is none, the value does not fit.
 */

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

/** How Snowflake writes null into a file. */
export const NULL_TEXT = "\\N";

/** Whether a field of a row is null: empty, or NULL_TEXT. */
export const isNull = (field: string): boolean => field === "" || field === NULL_TEXT;

/** The kinds of value. */
export type Kind = "text" | "decimal" | "boolean" | "timestamp" | "texts" | "json";

/** How many digits a decimal has at most before its point, and behind it. */
export const DECIMAL_DIGITS = { whole: 14, places: 4 } as const;
const { whole: WHOLE_DIGITS, places: PLACES } = DECIMAL_DIGITS;

/** The DuckDB type of each kind. Money and quantities are decimals: they are read from their text, never through a float. */
export const DUCKDB_TYPES = {
  text: "VARCHAR",
  decimal: `DECIMAL(${WHOLE_DIGITS + PLACES},${PLACES})`,
  boolean: "BOOLEAN",
  timestamp: "TIMESTAMPTZ",
  texts: "VARCHAR[]",
  json: "JSON",
} as const satisfies Record<Kind, string>;

/** What a record holds for each kind. */
export interface KindValues {
  text: string;
  /** Canonical decimal text: digits, a dot and digits, as many as DECIMAL_DIGITS, without zeros at either end ("79.5"). */
  decimal: string;
  boolean: boolean;
  /** ISO 8601 in UTC with three or six fraction digits ("2025-09-14T10:02:11.480Z"). */
  timestamp: string;
  texts: (string | null)[];
  /** JSON text. */
  json: string;
}

/** A value as its column takes it. */
export interface Fitted<T> {
  value: T;
  /** Whether the column says less than what was sent: a number is rounded to its places, a time is cut to microseconds. */
  rounded: boolean;
}

/** The text of a JSON scalar; undefined for null, objects and arrays. */
function scalarText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return value instanceof LongNumber ? value.text : undefined;
}

/** The point is part of the second group: were it optional between the two, a long run of digits would cost quadratic time. */
const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
const FIVE = "5".charCodeAt(0);

/**
 * The canonical text of a number in a decimal column; undefined for what is none ("10%", "1,5"), or is too large. Further places are rounded half away
 * from zero, on the digits as they are written.
 */
export function fitDecimal(text: string): Fitted<string> | undefined {
  const match = NUMBER.exec(text.trim());
  if (!match) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  const digits = whole + fraction;
  if (digits === "") return undefined;
  const first = digits.search(/[1-9]/);
  if (first === -1) return { value: "0", rounded: false };
  // Of an exponent that is too long to be one this is infinite.
  const point = whole.length + Number(exponent);
  if (point - first > WHOLE_DIGITS) return undefined;
  const end = point + PLACES;
  const kept = end > first ? digits.slice(first, end).padEnd(end - first, "0") : "0";
  const units = String(BigInt(kept) + (digits.charCodeAt(end) >= FIVE ? 1n : 0n));
  if (units.length > WHOLE_DIGITS + PLACES) return undefined;
  const places = withoutTrailingZeros(units.slice(-PLACES).padStart(PLACES, "0"));
  const magnitude = (units.slice(0, -PLACES) || "0") + (places && `.${places}`);
  return { value: sign === "-" && magnitude !== "0" ? `-${magnitude}` : magnitude, rounded: /[1-9]/.test(digits.slice(Math.max(end, 0))) };
}

function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === "0") end -= 1;
  return digits.slice(0, end);
}

/** UTC is what some databases write for Z. */
const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s?(Z|UTC|[+-]\d\d(?::?\d\d)?)?)?$/i;

/** How Connect writes a time, which is its canonical text already: milliseconds and Z, on a day that every month has. */
const CANONICAL_TIME = /^[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/**
 * The canonical text of an ISO 8601 time; undefined where it is none. What is finer than a microsecond is cut off.
 * Without a zone it is UTC (the vendor's page promises UTC); without a time of day it is midnight.
 */
export function fitTime(text: string): Fitted<string> | undefined {
  // Connect's own form, which nearly every value has, is told at a fraction of the cost.
  if (CANONICAL_TIME.test(text)) return { value: text, rounded: false };
  const match = TIMESTAMP.exec(text.trim());
  if (!match) return undefined;
  const [, year = "", month = "", day = "", hour = "00", minute = "00", second = "00", fraction = "", zone = "Z"] = match;
  const micros = fraction.slice(0, 6).padEnd(6, "0");
  const rounded = /[1-9]/.test(fraction.slice(6));
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const date = new Date(ms);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const written = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  if (year === "0000" || Number.isNaN(ms) || date.toISOString().slice(0, 19) !== written) return undefined;
  const rest = micros.endsWith("000") ? micros.slice(0, 3) : micros;
  if (["Z", "UTC"].includes(zone.toUpperCase())) return { value: `${written}.${rest}Z`, rounded };
  const offset = zoneMinutes(zone);
  if (offset === undefined) return undefined;
  const utc = new Date(date.getTime() - offset * 60_000).toISOString();
  return utc.length === 24 && !utc.startsWith("0000") ? { value: `${utc.slice(0, 19)}.${rest}Z`, rounded } : undefined;
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
 * No part of it but blanks is without bound: going back over a run of millions of digits takes more stack than there is.
 */
export const LONG_NUMBER = /(?:^|[:,[])\s*-?(?:[\d.]{16}|[\d.]{1,15}[eE]|0\.0{6}|(?:\d{1,15}\.\d{0,15}0|(?<=-)0)(?=[\s,\]}]|$))/;

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

const viaText =
  <T>(read: (text: string) => T | undefined) =>
  (value: unknown) => {
    const text = scalarText(value);
    return text === undefined ? undefined : read(text);
  };

/** Of kinds that take a value whole, or not at all. */
const whole =
  <T>(read: (value: unknown) => T | undefined) =>
  (input: unknown): Fitted<T> | undefined => {
    const value = read(input);
    return value === undefined ? undefined : { value, rounded: false };
  };

/** What reads each kind, of values that are not null. */
const READERS: { readonly [K in Kind]: (value: unknown) => Fitted<KindValues[K]> | undefined } = {
  text: whole(scalarText),
  decimal: viaText(fitDecimal),
  boolean: whole(viaText((text) => BOOLEANS.get(text.trim().toLowerCase()))),
  timestamp: viaText(fitTime),
  texts: whole((value) => list(typeof value === "string" ? parsedList(value) : value)),
  json: whole(stringifyJson),
};

/** What a column of a kind takes of a value that is not null; undefined where the value does not fit. */
export const fitKind = <K extends Kind>(kind: K, value: unknown): Fitted<KindValues[K]> | undefined => READERS[kind](value);

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
