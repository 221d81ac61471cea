/** How what says who somebody is stands in texts and files: the patterns by which it is looked for there. */

/** What to look for. Patterns are RE2's. */
export interface Needles {
  /** Any of the values as a word of its own, in any case, as it is, or escaped as in JSON and in addresses of web pages; undefined where there are none. */
  words: string | undefined;
  /** The same of those values alone that stand nowhere by chance: a number of few digits does. */
  distinct: string | undefined;
  /** Those anywhere, as parts of longer words, too. */
  parts: string | undefined;
  /** Those in all their spellings, in lower case. */
  spellings: readonly string[];
}

const LEAST_CHARACTERS = 8;
const isDistinct = (value: string) => value.length >= LEAST_CHARACTERS || value.includes("@");

/** What may stand before and behind a value that is a word of its own: nothing that a longer address or number may have there, unless it is escaped. */
const BEFORE = String.raw`(?:^|%[0-9a-f]{2}|\\u[0-9a-f]{4}|\\[nrt]|[^a-z0-9._+%~-])`;
const BEHIND = String.raw`(?:$|[.](?:$|[^a-z0-9])|[^a-z0-9._~-])`;

/** @param values as they came, or as they are compared */
export function needlesOf(values: readonly string[]): Needles {
  const spelled = (some: readonly string[]) => [...new Set(some.flatMap(spellingsOf))];
  const spellings = spelled(values.filter(isDistinct));
  const any = (some: readonly string[], before = "", behind = "") =>
    some.length === 0 ? undefined : `(?i)${before}(?:${some.map(literal).join("|")})${behind}`;
  return {
    words: any(spelled(values), BEFORE, BEHIND),
    distinct: any(spellings, BEFORE, BEHIND),
    parts: any(spellings),
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
