/**
 * Regular expressions (RE2) of JSON that DuckDB and the row path take for the same, value for value: scalars that both write alike, no escapes beyond the plain ones, nothing
 * nested but what a field is known to hold. What they leave out is not wrong, it only goes the way of the row path. What matches is valid JSON.
 */
import { CANONICAL, type Kind } from "../../schemas/kinds.ts";

const WS = String.raw`[ \t\n]*`;
const or = (...patterns: string[]) => `(?:${patterns.join("|")})`;
const separated = (item: string) => `(?:${item}(?:${WS},${WS}${item})*)?`;
const list = (item: string) => `\\[${WS}${separated(item)}${WS}\\]`;

const STRING = String.raw`"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt])*"`;
/** Without escapes: written as it is read. */
const SIMPLE = String.raw`"[^"\\\x00-\x1f]*"`;
/** ASCII, where upper and lower case are the same to all. */
const ASCII = String.raw`"[ !#-\[\]-~]*"`;
/** Numbers that a double gives back as they are written. */
const NUMBER = String.raw`(?:0|-?[1-9]\d{0,14}|-?(?:0|[1-9]\d{0,9})\.\d{0,3}[1-9])`;
/** Numbers that DECIMAL(18,4) holds, as JSON numbers, and as text. */
const DECIMAL = or(String.raw`-?[1-9]\d{10,13}`, String.raw`-?(?:0|[1-9]\d{0,9})(?:\.\d{1,4})?`, String.raw`"-?\d{1,14}(?:\.\d{1,4})?"`);
const BOOLEAN = "(?:true|false)";

const PRESENT = or(SIMPLE, NUMBER, BOOLEAN);
const SCALAR = or(PRESENT, "null");
const NAMED = `\\{${WS}"name"${WS}:${WS}${SCALAR}${WS},${WS}"value"${WS}:${WS}${SCALAR}${WS}\\}`;
/** A key that is no whole number (JavaScript would put it first), and whose first character cannot be taken for the end of another one. */
const KEY = String.raw`"[^"\\\x00-\x1f\d:][^"\\\x00-\x1f]*"`;
/** One level, or a list of {"name": …, "value": …}, as custom attributes are written. */
const FLAT = or(PRESENT, list(SCALAR), `\\{${WS}${separated(`${KEY}${WS}:${WS}${SCALAR}`)}${WS}\\}`, list(NAMED));

/** How the value of a field of a kind may look. */
export function valuePattern(kind: Kind, letterCase?: "upper" | "lower"): string {
  switch (kind) {
    case "text":
      return letterCase === undefined ? or(STRING, NUMBER, BOOLEAN) : ASCII;
    case "decimal":
      return DECIMAL;
    case "boolean":
      return BOOLEAN;
    case "timestamp":
      return `"(?:${CANONICAL.timestamp})"`;
    case "json":
      return FLAT;
    default:
      // A list of texts, or the one text that older senders write instead.
      return or(list(SIMPLE), String.raw`"http[^"\\\x00-\x1f]*"`);
  }
}

/** An object with any of some keys, each with a value of its pattern. */
export function objectPattern(keys: Iterable<readonly [key: string, pattern: string]>): string {
  const byPattern = new Map<string, string[]>();
  for (const [key, pattern] of keys) byPattern.set(pattern, [...(byPattern.get(pattern) ?? []), key]);
  const pairs = [...byPattern].map(([pattern, names]) => `"${or(...names)}"${WS}:${WS}${pattern}`);
  return `\\{${WS}${separated(or(...pairs))}${WS}\\}`;
}

/** A list of such objects. */
export const listPattern = list;
/** A pattern, or null. */
export const orNull = (pattern: string) => or(pattern, "null");
