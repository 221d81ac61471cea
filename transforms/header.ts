import { SignalhouseError } from "../schemas/errors.ts";
import { exportColumn, TELLING_HEADERS } from "../schemas/export-columns.ts";
import type { ContactColumn, FieldMeaning, Header } from "../schemas/header.ts";
import { contactColumnName } from "../schemas/names.ts";

/** What a header row may be separated by after a spreadsheet program wrote the file anew. */
const OTHER_SEPARATORS = { ";": "semicolons", "\t": "tabs", "|": "pipes" };

/**
 * Reads a header row. A fixed column is recognised by its exact upper-case name, once; everything else is a contact attribute with a
 * column of its own. Columns that would collide get _2, _3, …; once given, a header keeps its column in every later file.
 * @param known the contact columns of the warehouse
 * @throws SignalhouseError header_missing where no column of an export is among the names, or the lines of the file end in CR alone
 */
export function readHeader(names: readonly string[], known: readonly ContactColumn[]): Header {
  if (!isTelling(names)) {
    const start = names.join(",").slice(0, 80);
    const other = Object.entries(OTHER_SEPARATORS).find(([separator]) => names.some((name) => isTelling(name.split(separator))));
    if (other) {
      throw new SignalhouseError(
        "header_missing",
        `the fields of the first row are separated by ${other[1]}, those of an export by commas (it starts ${JSON.stringify(start)})`,
        "Take the file as Connect wrote it; a spreadsheet program that saves it anew changes it.",
      );
    }
    throw new SignalhouseError(
      "header_missing",
      `the first row is not the header of a signal export: it names none of ${TELLING_HEADERS.join(", ")} (it starts ${JSON.stringify(start)})`,
      "Check that the file is an export of signals and that its first row is the header.",
    );
  }
  if (names.some((name) => /\r(?!\n)/.test(name))) {
    throw new SignalhouseError(
      "header_missing",
      "the first row holds a carriage return without a line feed: the file's lines do not end as an export's do",
      "Check that the file's lines end in LF or CRLF, as Connect writes them.",
    );
  }
  const columns = new Map(known.map(({ header, occurrence, column }) => [`${occurrence} ${header}`, column]));
  const taken = new Set(columns.values());
  const numbers = new Map<string, number>();
  const free = (wanted: string) => {
    if (!taken.has(wanted)) return wanted;
    let number = numbers.get(wanted) ?? 2;
    while (taken.has(`${wanted}_${number}`)) number += 1;
    numbers.set(wanted, number);
    return `${wanted}_${number}`;
  };
  const added: ContactColumn[] = [];
  const seen = new Map<string, number>();
  const occurrenceOf = (header: string) => {
    const occurrence = (seen.get(header) ?? 0) + 1;
    seen.set(header, occurrence);
    return occurrence;
  };

  const positions = new Map<string, number>();
  const fields = names.map((header, position): FieldMeaning => {
    const occurrence = occurrenceOf(header);
    const fixed = exportColumn(header);
    if (fixed && occurrence === 1) {
      positions.set(header, position);
      return { header, column: header.toLowerCase(), contact: false, fixed };
    }
    const key = `${occurrence} ${header}`;
    let column = columns.get(key);
    if (!column) {
      column = free(contactColumnName(header));
      columns.set(key, column);
      taken.add(column);
      added.push({ header, occurrence, column });
    }
    return { header, column, contact: true };
  });
  return { names, fields, positions, added };
}

const isTelling = (names: readonly string[]) => TELLING_HEADERS.some((name) => names.includes(name));
