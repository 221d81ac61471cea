/**
 * What says which signal a record is: its type and its SIGNAL_ID, wherever and whenever it stands. Without an id that is one, what the record says of itself.
 */
import type { ExportHeader } from "./export-columns.ts";

/** Blanks that people and programs leave around a value, seen and unseen. Characters rather than escapes: JavaScript, RE2 and DuckDB's trim() write those differently. */
export const BLANKS = " \t\r\n\u00a0\u2007\u202f\u3000\u200b\u200c\u200d\u2060\ufeff";
const AROUND = `${BLANKS}"'`;

/**
 * How the text of an id looks that is none, in any case; in JavaScript and RE2 alike.
 * Names for nothing · a spreadsheet's errors · nothing but zeros, dashes and the like, such as the nil UUID, and the UUID that is all ones · numbers that a spreadsheet or a double has rounded.
 */
export const NO_ID = [
  `[${AROUND}({<\\[]*`,
  "(?:",
  [
    "",
    "null|undefined|undef|none|nil|nan|n[/.]?a[.]?|not[ _]?set|unknown|missing|empty|true|false|object object",
    "#(?:n/a|null!|ref!|value!|name[?]|num!|div/0!)",
    "-1|[-0_.*?\u2013\u2014]+|f{8}-?f{4}-?f{4}-?f{4}-?f{12}",
    "[+-]?[0-9][.,][0-9]{1,20}e[+]?[0-9]{1,3}|[+-]?[0-9]e[+][0-9]{1,3}|[1-9][0-9]{14}0{3,20}",
  ].join("|"),
  ")",
  `[${AROUND})}>\\]]*`,
].join("");

const NO_ID_PATTERN = new RegExp(`^(?:${NO_ID})$`, "iu");

/** Characters: a longer one is not looked at, since what stands around it would be tried in many ways. */
export const LONGEST_NO_ID = 100;

/** Whether a SIGNAL_ID is none, although something stands there. */
export const isNoId = (id: string): boolean => id.length <= LONGEST_NO_ID && NO_ID_PATTERN.test(id);

/** An id without blanks around it. */
export function bareId(id: string): string {
  let [start, end] = [0, id.length];
  while (start < end && BLANKS.includes(id[start] as string)) start += 1;
  while (end > start && BLANKS.includes(id[end - 1] as string)) end -= 1;
  return id.slice(start, end);
}

/**
 * Columns that tell signals without an id apart, besides type, time, and content in canonical form; the session first, without which contact attributes do, too. All others say how a signal was received, or describe
 * something that may be renamed or be left out of the next export.
 */
export const KEY_COLUMNS = ["TLTSID", "MESSAGE_ID", "LINK_ID"] as const satisfies readonly ExportHeader[];

/** What the key of a signal without an id is made of; texts that are not there are empty. */
export interface KeyParts {
  /** In Connect's spelling where it is known. */
  type: string;
  /** When it happened, in microseconds since 1970. */
  microseconds: string;
  /** What KEY_COLUMNS have, empty where that is none, as of ids. */
  columns: readonly string[];
  /** SIGNAL_CONTENT: valid JSON. */
  content: string | undefined;
  /** An id that is there, but is not UTF-8, and so in no column: it tells signals apart all the same. */
  damagedId?: string | undefined;
  /** Contact attributes, by name. */
  contact: readonly (readonly [name: string, value: string])[];
}

/** Between the parts of what is hashed. */
export const PART_END = "\u001f";

/** What the key of a signal without an id begins with, and how many hexadecimal digits of a SHA-256 follow. */
export const CONTENT_KEY = { prefix: "h:", digits: 32 } as const;
