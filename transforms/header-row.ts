/** Header rows as they stand in a file: the first one, also where its quotes are not CSV's; and those of files that were joined. */
import { exportColumn, type ExportHeader, TIME_HEADERS } from "../schemas/export-columns.ts";
import type { Header } from "../schemas/header.ts";
import { fitTime } from "../schemas/kinds.ts";
import { cleanName } from "../schemas/names.ts";
import { knownSignalType } from "../schemas/signal-types.ts";
import { type Block, fieldCount, fieldEnd, fieldStart } from "./block.ts";
import { DASH, NINE, OPEN, QUOTE, ZERO } from "./bytes.ts";

/** A field in quotes, with blanks and what nobody sees around them, or one without; then a comma or the end. */
const AROUND = String.raw`[\p{White_Space}\p{Default_Ignorable_Code_Point}]*`;
const FIELD = new RegExp(`${AROUND}"((?:[^"]|"")*)"${AROUND}(?:,|$)|([^,]*)(?:,|$)`, "guy");

/** Bytes of a line: a longer one is no header row, and too long for a pattern that goes back and forth. */
const LONGEST_LINE = 256 * 1024;

/**
 * The fields of a line whose quotes are not where CSV has them, such as behind a blank or a byte order mark; as far as they can be told. Where quotes do not
 * pair up, they are in the fields.
 */
export function looseFields(bytes: Buffer): string[] {
  if (bytes.length > LONGEST_LINE) return [];
  const line = bytes.toString("utf8");
  const fields: string[] = [];
  FIELD.lastIndex = 0;
  for (let match = FIELD.exec(line); match; match = FIELD.exec(line)) {
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (FIELD.lastIndex >= line.length && !match[0].endsWith(",")) break;
  }
  return fields;
}

/** Whether quotes are left in a name: they do not pair up. */
export const hasOddQuotes = (fields: readonly string[]): boolean => fields.some((field) => cleanName(field).includes('"'));

/**
 * What a row behind the first one is: a header row of its own; or the end of a record and, without a line end between, a header row. Undefined: a record.
 * A header row names columns where a record has values. So no row is one that has a time or content where the header in force has them, and none that
 * merely has such names among its values.
 */
export function headerIn(fields: readonly string[], inForce: Header): "header" | "glued" | undefined {
  const names = fields.map((field) => (field.length > LONGEST_NAME ? field : cleanName(field)));
  if (names.length === inForce.fields.length && names.every((name, at) => name === inForce.fields[at]?.header)) return "header";
  const { length } = inForce.fields;
  const fixed = countFixed(names);
  const contact = new Set(inForce.fields.flatMap((field) => (field.contact ? [field.header] : [])));
  const known = fixed + names.filter((name) => contact.has(name)).length;
  const isHeader = fixed > 1 && (known >= FEWEST || fixed === names.length) && names.some(isTelling) && !isRecord(fields, inForce);
  // Behind a record without a line end, the first names are that record's values.
  if (isHeader && (names.length <= length || countFixed(names.slice(0, length - 1)) > 0)) return "header";
  return countFixed(names.slice(length)) > 1 ? "glued" : undefined;
}

/** A value that is longer is no name. */
const LONGEST_NAME = 1024;
/** Fewer names of export columns, and of contact attributes that the header in force has, tell no header row, unless there is nothing else. */
const FEWEST = 3;

/** In any letters: a row in small ones is no record either. */
const fixedName = (name: string) => (name.length > LONGEST_NAME ? undefined : exportColumn(name.toUpperCase()) && name.toUpperCase());
const countFixed = (names: readonly string[]) => new Set(names.flatMap((name) => fixedName(name) ?? [])).size;
const isTelling = (name: string) => ["SIGNAL_ID", "SIGNAL_TYPE", "SIGNAL_CONTENT"].includes(fixedName(name) ?? "");

function isRecord(fields: readonly string[], { positions }: Header): boolean {
  const field = (name: ExportHeader) => fields[positions.get(name) ?? -1] ?? "";
  if (TIME_HEADERS.some((name) => fitTime(field(name)) !== undefined) || field("SIGNAL_CONTENT").trimStart().startsWith("{")) return true;
  // A contact attribute may be called as a type is.
  const said = fields.filter((value) => value !== "");
  return knownSignalType(field("SIGNAL_TYPE")) !== undefined && countFixed(said.map(cleanName)) * 2 < said.length;
}

/** Tells records at a glance: by the first bytes of a time or of content, which is enough for nearly all. */
export class Glance {
  readonly #fields: number;
  readonly #times: readonly number[];
  readonly #content: number | undefined;

  constructor({ fields, positions }: Header) {
    this.#fields = fields.length;
    this.#times = TIME_HEADERS.flatMap((name) => positions.get(name) ?? []);
    this.#content = positions.get("SIGNAL_CONTENT");
  }

  /** Whether a record of a block is one, and no header row. Where this is not so, it may still be one. */
  isRecord(block: Block, index: number): boolean {
    if (fieldCount(block, index) !== this.#fields) return false;
    for (const position of this.#times) if (this.#isTime(block, index, position)) return true;
    return this.#content !== undefined && block.bytes[startOf(block, index, this.#content)] === OPEN;
  }

  /** Whether a field begins as a time does: with a year and a dash. */
  #isTime(block: Block, index: number, position: number): boolean {
    const start = startOf(block, index, position);
    const { bytes } = block;
    for (let at = start; at < start + 4; at += 1) {
      const byte = bytes[at] as number;
      if (!(byte >= ZERO && byte <= NINE)) return false;
    }
    return bytes[start + 4] === DASH;
  }
}

/** Where the text of a field starts, in quotes or not. */
function startOf(block: Block, index: number, field: number): number {
  const start = fieldStart(block, index, field);
  return block.bytes[start] === QUOTE ? start + 1 : start;
}

/** The texts of a record's fields, as much of them as tells whether they are names. */
export function nameTexts(block: Block, index: number): string[] {
  return Array.from({ length: fieldCount(block, index) }, (_, field) => {
    const [start, end] = [fieldStart(block, index, field), fieldEnd(block, index, field)];
    const isQuoted = block.bytes[start] === QUOTE;
    const text = block.bytes.toString("utf8", isQuoted ? start + 1 : start, Math.min(isQuoted ? end - 1 : end, start + LONGEST_NAME + 2));
    return isQuoted ? text.replaceAll('""', '"') : text;
  });
}
