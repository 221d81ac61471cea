/** The way of a file's bytes to pieces, each with the header row that says what its fields are. */
import { oneLine } from "../schemas/characters.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import { type ContactColumn, type Header, MOST_CONTACT_COLUMNS } from "../schemas/header.ts";
import type { Reject } from "../schemas/record.ts";
import { type Block, type Broken, firstOf, sliceOf } from "./block.ts";
import { readHeader } from "./header.ts";
import { Glance, hasOddQuotes, headerIn, looseFields, nameTexts } from "./header-row.ts";
import type { PrivateRecords } from "./private-records.ts";
import { type Row, rowsOf } from "./rows.ts";
import { split } from "./split.ts";
import { unzip } from "./unzip.ts";

export interface ReadOptions {
  maxRecordBytes: number;
  maxExpansionRatio: number;
  /** The contact columns that are known already; a header keeps its column. */
  contactColumns: readonly ContactColumn[];
  /** What takes out of records what is not to be kept, before anybody looks at them; nothing by default. */
  privacy?: PrivateRecords | undefined;
  /** How many of these there may be, with those that the file adds; any number by default. */
  maxContactColumns?: number;
}

/** A piece of a file, only there until the next one is asked for; or, without one, a header row by itself. */
export interface Section {
  /** The header in force: the same object for as long as it holds. */
  header: Header;
  /** How many records of the file come before. Header rows are none. */
  before: number;
  piece?: Block | Broken;
}

/**
 * The pieces of one export file, gzip or plain. The first section has the header alone. A file that was joined from several may have a header row in the
 * middle: it is no record, and holds for those behind it.
 * @throws SignalhouseError header_missing, too_many_columns, record_too_large, and what unzip() throws; errors of the source as they are
 */
export async function* sectionsOf(source: AsyncIterable<Uint8Array>, options: ReadOptions): AsyncGenerator<Section> {
  const reader = new HeaderReader(options);
  const { privacy } = options;
  for await (const piece of split(unzip(source, options.maxExpansionRatio), options.maxRecordBytes)) {
    if (privacy) for (const section of reader.sections(piece)) yield await privateSection(section, privacy);
    else yield* reader.sections(piece);
  }
  if (reader.isFresh) throw noText();
}

async function privateSection({ header, before, piece }: Section, privacy: PrivateRecords): Promise<Section> {
  const own = { header: privacy.headerOf(header), before };
  return piece ? { ...own, piece: await privacy.rewrite(piece, header, before) } : own;
}

/** What a file without any text is refused with. */
const noText = () =>
  new SignalhouseError(
    "header_missing",
    "the file has no header row: there is no text in it",
    "Check that the file is a complete export. If it is not, export it again.",
  );

class HeaderReader {
  readonly #options: ReadOptions;
  /** Columns that the file's own headers have added. */
  readonly #added: ContactColumn[] = [];
  #inForce: { header: Header; glance: Glance } | undefined;
  #before = 0;

  constructor(options: ReadOptions) {
    this.#options = options;
  }

  /** Whether there was no header yet. */
  get isFresh(): boolean {
    return this.#inForce === undefined;
  }

  *sections(piece: Block | Broken): Generator<Section> {
    if (this.#inForce) {
      yield* piece.kind === "broken" ? this.#ofBroken(piece, this.#inForce.header) : this.#ofBlock(piece);
      return;
    }
    const { first, rest } = piece.kind === "broken" ? { first: piece } : firstOf(piece);
    const loose = first.kind === "broken" ? looseFields(first.bytes) : [];
    yield this.#begin(this.#read(loose.length === 0 || hasOddQuotes(loose) ? this.#names(first) : loose));
    if (rest) yield* this.#ofBlock(rest);
  }

  #names(piece: Block | Broken): string[] {
    return headerNames(rowsOf(piece, 1, this.#options.maxRecordBytes)[0]);
  }

  #read(names: readonly string[], row?: string): Header {
    const { contactColumns, privacy } = this.#options;
    const header = readHeader(names, [...contactColumns, ...this.#added], row, !privacy?.lists);
    this.#added.push(...header.added);
    this.#assertRoom(header);
    return header;
  }

  /** Each column costs memory in every load, whether it is filled or not: that is told before it is taken. */
  #assertRoom({ added }: Header): void {
    const { contactColumns, maxContactColumns = Infinity } = this.#options;
    const columns = new Set([...contactColumns, ...this.#added].map(({ column }) => column)).size;
    if (added.length === 0 || columns <= maxContactColumns) return;
    const brought = `${this.#added.length} contact attributes that the warehouse has no columns for, such as ${oneLine(added[0]?.header ?? "")}`;
    throw new SignalhouseError(
      "too_many_columns",
      `the file has ${brought}; with them there would be ${columns}, and limits.maxContactColumns is ${maxContactColumns}`,
      maxContactColumns < MOST_CONTACT_COLUMNS
        ? "Have Connect export only the attributes that you need. Or raise limits.maxContactColumns, and limits.memory with it: by some 2 MB for each column more. Nothing of the file was loaded."
        : "That is the most that there may be: have Connect export only the attributes that you need. Nothing of the file was loaded.",
    );
  }

  #begin(header: Header): Section {
    this.#inForce = { header, glance: new Glance(header) };
    return { header, before: this.#before };
  }

  #section(header: Header, piece: Block | Broken): Section {
    const before = this.#before;
    this.#before += piece.kind === "block" ? piece.records : 1;
    return { header, before, piece };
  }

  *#ofBlock(block: Block): Generator<Section> {
    let { header, glance } = this.#inForce as { header: Header; glance: Glance };
    let from = 0;
    for (let index = 0; index < block.records; index += 1) {
      if (glance.isRecord(block, index)) continue;
      const found = headerIn(nameTexts(block, index), header);
      if (!found) continue;
      if (index > from) yield this.#section(header, sliceOf(block, from, index));
      from = index + 1;
      const later = this.#later(this.#names(sliceOf(block, index, index + 1)), found, header);
      if (later) yield later;
      ({ header, glance } = this.#inForce as { header: Header; glance: Glance });
    }
    if (from === 0) yield this.#section(header, block);
    else if (from < block.records) yield this.#section(header, sliceOf(block, from, block.records));
  }

  *#ofBroken(piece: Broken, header: Header): Generator<Section> {
    const names = looseFields(piece.bytes);
    const found = headerIn(names, header);
    const later = found && this.#later(names, hasOddQuotes(names) ? "glued" : found, header);
    if (later) yield later;
    else if (!found) yield this.#section(header, piece);
  }

  /** @returns undefined where the row is the header in force again @throws SignalhouseError header_missing */
  #later(names: readonly string[], found: "header" | "glued", inForce: Header): Section | undefined {
    const row = this.#before === 0 ? "a second header row" : `a second header row, behind record ${this.#before.toLocaleString("en-US")},`;
    if (found === "glued") {
      throw new SignalhouseError(
        "header_missing",
        `${row} stands in one line with the record before it, or its quotes do not pair up: which columns the records behind it have cannot be told`,
        "The file was joined from several, the first of which does not end with a line end: load them one by one, or join them anew. Nothing of it was loaded.",
      );
    }
    const header = this.#read(names, row);
    const isSame = header.fields.length === inForce.fields.length && header.fields.every(({ header }, at) => header === inForce.fields[at]?.header);
    return isSame ? undefined : this.#begin(header);
  }
}

/** The names that a header row has. @throws SignalhouseError header_missing */
export function headerNames(row: Row | Reject | undefined): string[] {
  if (row?.kind === "row") return row.fields;
  throw new SignalhouseError(
    "header_missing",
    `the first row cannot be read as a header: ${row?.reason ?? "there is none"}`,
    "Check that the file is an export of signals as Connect writes it, separated by commas, and that its first row is the header.",
  );
}
