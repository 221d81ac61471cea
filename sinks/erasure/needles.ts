/** How what says who somebody is stands in texts and files: the patterns by which it is looked for there. */
import { LEAST_CHARACTERS } from "../suppress.ts";

/** What to look for. Patterns are RE2's. */
export interface Needles {
  /** Any of the values that stand nowhere by chance, as a word of its own, in any case, as it is, or escaped as in JSON and in addresses of web pages; undefined where there are none. */
  distinct: string | undefined;
  /** The same in a row of a CSV file, and of the values that may stand somewhere by chance, such as a number of few digits, those that fill a field. */
  fields: string | undefined;
  /** Those anywhere, as parts of longer words, too. */
  parts: string | undefined;
  /** Those in all their spellings, in lower case. */
  spellings: readonly string[];
}

const isDistinct = (value: string) => value.length >= LEAST_CHARACTERS || value.includes("@");

/** What may stand before and behind a value that is a word of its own: nothing that a longer address or number may have there, unless it is escaped. */
const BEFORE = String.raw`(?:^|%[0-9a-f]{2}|\\u[0-9a-f]{4}|\\[nrt]|[^a-z0-9._+%~-])`;
const BEHIND = String.raw`(?:$|[.](?:$|[^a-z0-9])|[^a-z0-9._~-])`;

/** @param values as they came, or as they are compared */
export function needlesOf(values: readonly string[]): Needles {
  const spellings = [...new Set(values.filter(isDistinct).flatMap(spellingsOf))];
  const anyOf = (some: readonly string[], before = "", behind = "") =>
    some.length === 0 ? [] : [`${before}(?:${some.map(literal).join("|")})${behind}`];
  const words = anyOf(spellings, BEFORE, BEHIND);
  const fields = anyOf(
    values.filter((value) => !isDistinct(value)),
    String.raw`(?:^|,)\s*"?`,
    String.raw`"?\s*(?:,|$)`,
  );
  const inAnyCase = (patterns: readonly string[]) => (patterns.length === 0 ? undefined : `(?i)(?:${patterns.join("|")})`);
  return {
    distinct: inAnyCase(words),
    fields: inAnyCase([...words, ...fields]),
    parts: inAnyCase(anyOf(spellings)),
    spellings: [...new Set(spellings.map((text) => text.toLowerCase()))],
  };
}

function spellingsOf(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const ascii = json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const address = encodeURIComponent(value.toWellFormed());
  return [value, json, ascii, address, address.replaceAll("%40", "@")];
}

/** A text as a pattern of itself, whatever signs are in it. */
const literal = (text: string): string => text.toWellFormed().replace(/[^\p{L}\p{N}]/gu, (sign) => `\\x{${(sign.codePointAt(0) ?? 0).toString(16)}}`);
