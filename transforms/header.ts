import { SignalhouseError } from "../schemas/errors.ts";
import { exportColumn, type ExportHeader, isExportHeader, TIME_HEADERS, TYPE_HEADERS } from "../schemas/export-columns.ts";
import type { ContactColumn, FieldMeaning, Header, RepeatedName } from "../schemas/header.ts";
import { cleanName, contactColumnName, spellingOf } from "../schemas/names.ts";
import { type Choice, choosePlace } from "./repeated.ts";

/**
 * Reads a header row. Its names are cleaned before anything is compared. A fixed column is recognised by its exact upper-case name, once; everything else is
 * a contact attribute with a column of its own. Columns that would collide get _2, _3, …; once given, a header keeps its column in every later file.
 * @param known the contact columns of the warehouse
 * @param row what the row is called in messages
 * @param isShown whether a message may show what stands in it: it may be a record
 * @throws SignalhouseError header_missing where the columns are not those of an export, or the lines of the file end in CR alone
 */
export function readHeader(names: readonly string[], known: readonly ContactColumn[], row = "the first row", isShown = true): Header {
  assertExport(names.map(cleanName), row, isShown);
  return meaningOf(names, known);
}

/** What the names of a header row mean, whether they are those of an export or not: for rows of a file that was loaded. @param known as for readHeader() */
export function meaningOf(names: readonly string[], known: readonly ContactColumn[]): Header {
  const cleaned = names.map(cleanName);
  const own = ownPlaces(cleaned);
  const columns = new Columns(known);
  const seen = new Map<string, number>();
  const positions = new Map<string, number>();
  const fields = cleaned.map((header, position): FieldMeaning => {
    const choice = own.get(header);
    const fixed = exportColumn(header);
    if (fixed && choice?.position === position) {
      positions.set(header, position);
      return { header, column: header.toLowerCase(), contact: false, fixed };
    }
    const occurrence = (seen.get(header) ?? (fixed ? 1 : 0)) + 1;
    seen.set(header, occurrence);
    return { header, column: columns.of(header, occurrence), contact: true, occurrence };
  });
  return { names, fields, positions, repeated: repeatedNames(fields, own), added: columns.added };
}

/** Where each fixed column stands. */
function ownPlaces(names: readonly string[]): ReadonlyMap<string, Choice> {
  const places = new Map<string, number[]>();
  for (const [position, name] of names.entries()) {
    if (!exportColumn(name)) continue;
    const known = places.get(name);
    if (known) known.push(position);
    else places.set(name, [position]);
  }
  const anchors = new Set([...places.values()].flatMap((all) => (all.length === 1 ? all : [])));
  return new Map(
    [...places].map(([name, all]) => [
      name,
      all.length === 1 ? { position: all[0] as number, decided: true } : choosePlace(name, all, names, anchors),
    ]),
  );
}

function repeatedNames(fields: readonly FieldMeaning[], own: ReadonlyMap<string, Choice>): RepeatedName[] {
  const repeated = new Map<string, RepeatedName>();
  for (const [position, { header, column, contact }] of fields.entries()) {
    const choice = own.get(header);
    if (!contact || !choice) continue;
    const known = repeated.get(header) ?? { header, place: choice.position + 1, others: [], decided: choice.decided };
    known.others.push({ place: position + 1, column });
    repeated.set(header, known);
  }
  return [...repeated.values()];
}

/** The columns of contact attributes: those that there are, and those that are added. */
class Columns {
  readonly added: ContactColumn[] = [];
  readonly #columns = new Map<string, string>();
  readonly #taken: Set<string>;
  /** By column: the next number to try. */
  readonly #numbers = new Map<string, number>();

  constructor(known: readonly ContactColumn[]) {
    const all = [...new Map(known.map((column) => [column.column, column])).values()];
    this.#taken = new Set(all.map(({ column }) => column));
    const isClean = ({ header }: ContactColumn) => cleanName(header) === header;
    for (const { header, occurrence, column } of all.filter(isClean)) this.#columns.set(keyOf(header, occurrence), column);
    // Older versions gave a header with a blank or a byte order mark a column of its own: it is that of the clean name now, or, where that has one, of its next occurrence.
    for (const { header: written, column } of all.filter((column) => !isClean(column))) {
      const header = cleanName(written);
      let occurrence = exportColumn(header) ? 2 : 1;
      while (this.#columns.has(keyOf(header, occurrence))) occurrence += 1;
      this.#columns.set(keyOf(header, occurrence), column);
    }
  }

  /** The column of a header, or of a further occurrence of it. */
  of(header: string, occurrence: number): string {
    const key = keyOf(header, occurrence);
    const known = this.#columns.get(key);
    if (known !== undefined) return known;
    const column = this.#free(contactColumnName(header));
    this.#columns.set(key, column);
    this.#taken.add(column);
    this.added.push({ header, occurrence, column });
    return column;
  }

  #free(wanted: string): string {
    if (!this.#taken.has(wanted)) return wanted;
    let number = this.#numbers.get(wanted) ?? 2;
    while (this.#taken.has(`${wanted}_${number}`)) number += 1;
    this.#numbers.set(wanted, number);
    return `${wanted}_${number}`;
  }
}

const keyOf = (header: string, occurrence: number) => `${occurrence} ${header}`;

/** Columns without which records are other signals, or none: no contact attribute has their names. */
const IDENTIFYING = ["SIGNAL_ID", "SIGNAL_TYPE", "SIGNAL_CONTENT", "SIGNAL_TIMESTAMP"] as const satisfies ExportHeader[];

/** What a header row may be separated by after a spreadsheet program wrote the file anew. */
const OTHER_SEPARATORS = { ";": "semicolons", "\t": "tabs", "|": "pipes" };

/** Whether names are an export's when they are split once more. */
const isSplitBy = (names: readonly string[], separator: string) =>
  names.some((name) => name.includes(separator)) && resembles(names.flatMap((name) => name.split(separator).map(cleanName)));

/** Whether names are an export's, though perhaps not enough of them. */
const resembles = (names: readonly string[]) => names.filter(exportColumn).length > 1 && names.some((name) => name.startsWith("SIGNAL_"));

/** @param names cleaned @throws SignalhouseError header_missing */
function assertExport(names: readonly string[], row: string, isShown: boolean): void {
  const start = isShown ? ` (it starts ${JSON.stringify(names.join(",").slice(0, 80))})` : "";
  const refuse = (what: string, hint: string) => new SignalhouseError("header_missing", `${what}${start}`, hint);
  if (names.some((name) => /\r(?!\n)/.test(name)) && isSplitBy(names, "\r")) {
    throw new SignalhouseError(
      "header_missing",
      `${row} holds a carriage return without a line feed: the file's lines do not end as an export's do`,
      "Check that the file's lines end in LF or CRLF, as Connect writes them.",
    );
  }
  if (isExportHeader(names)) {
    const [misspelt] = IDENTIFYING.flatMap((fixed) => {
      const name = names.includes(fixed) ? undefined : names.find((other) => spellingOf(other) === spellingOf(fixed));
      return name === undefined ? [] : [{ name, fixed }];
    });
    if (!misspelt) return;
    throw refuse(
      `${row} has ${JSON.stringify(misspelt.name)} in place of ${misspelt.fixed}: Connect writes it so, and as it stands it would be a contact attribute`,
      `Take the file as Connect wrote it, or call the column ${misspelt.fixed} again.`,
    );
  }
  const other = Object.entries(OTHER_SEPARATORS).find(([separator]) => isSplitBy(names, separator));
  if (other) {
    throw refuse(
      `the fields of ${row} are separated by ${other[1]}, those of an export by commas`,
      "Take the file as Connect wrote it; a spreadsheet program that saves it anew changes it.",
    );
  }
  if (isSplitBy(names, ",")) {
    throw refuse(
      `${row} stands in quotes as a whole: it reads as one field, or few, where an export has one for each column`,
      "Take the file as Connect wrote it; a program that saved it anew has put whole lines in quotes.",
    );
  }
  const upper = names.map((name) => name.toUpperCase());
  const changed = names.filter((name, at) => name !== upper[at] && exportColumn(upper[at] as string));
  if (changed.length > 0 && resembles(upper)) {
    throw refuse(
      `${row} has the names of an export's columns in other letters: ${listed(changed)}; Connect writes them in capitals, and a name in other letters is a contact attribute's`,
      "Take the file as Connect wrote it, or put these names back into capitals.",
    );
  }
  const found = [...new Set(names.filter(exportColumn))];
  throw refuse(
    `${row} is not the header of a signal export: ${missed(names)}; of an export's columns it has ${found.length === 0 ? "none" : listed(found)}`,
    "Check that the file is an export of signals and that its first row is the header.",
  );
}

/** What keeps names from being those of an export. */
function missed(names: readonly string[]): string {
  const has = (any: readonly string[]) => any.some((name) => names.includes(name));
  const [type, time] = [has(TYPE_HEADERS), has([...TIME_HEADERS, "SIGNAL_CONTENT"])];
  const what = `neither ${TYPE_HEADERS.join(" nor ")}, which say what a signal is`;
  const when = `none of ${TIME_HEADERS.join(", ")}, which say when it happened`;
  if (type && time) return "one column alone tells no signal";
  return `it names ${[...(type ? [] : [what]), ...(time ? [] : [when])].join(", and ")}`;
}

const listed = (names: readonly string[]) => (names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", "));
