/**
 * Rows of delimited text, whatever its lines end in: LF, CRLF, CR, or all of them. Strict: a quote may only open a field, be doubled, or close one. Where a row breaks that, only its
 * first line is given up, so that it takes no neighbour with it.
 */
import { isUtf8 } from "node:buffer";
import { type Options, parse } from "csv-parse/sync";

/** Where a row stands. Rows count from 0, which is the header, lines from 1; an empty line is no row. */
interface Position {
  row: number;
  line: number;
}

export interface DelimitedRow extends Position {
  kind: "row";
  fields: string[];
  /** Which fields have bytes that are no UTF-8; they were read as Latin-1. */
  notUtf8?: number[];
}

/** A line that is no row by itself. */
export interface BrokenRow extends Position {
  kind: "broken";
  text: string;
  reason: string;
}

/** No row is larger: a quote that is never closed would hold the whole file. */
const MOST_BYTES = 4 * 1024 * 1024;
/** Rows that csv-parse reads at once: setting it up takes as long as reading some fifty. */
const MOST_ROWS = 4096;

/** The rows, some at a time. Memory: a few chunks, or twice a row where that is larger. */
export async function* delimitedRows(bytes: AsyncIterable<Uint8Array>, delimiter: string): AsyncGenerator<(DelimitedRow | BrokenRow)[], undefined> {
  const reader = new Reader(delimiter);
  for await (const chunk of bytes) yield [...reader.take(chunk, false)];
  yield [...reader.take(new Uint8Array(), true)];
}

const [LF, CR, QUOTE] = [0x0a, 0x0d, 0x22];

/** A row's bytes, its line end included, and the lines that they are. */
interface Piece {
  start: number;
  end: number;
  lines: number;
  isEmpty: boolean;
}

/** Where in a field the reader is. */
const AT = { start: 0, plain: 1, quoted: 2, closed: 3 } as const;
type State = (typeof AT)[keyof typeof AT];

class Reader {
  readonly #delimiter: number;
  readonly #options: Options;
  #rest: Buffer = Buffer.alloc(0);
  #row = 0;
  #line = 1;
  /** The rest of a line that was given up is to come. */
  #isSkipping = false;

  constructor(delimiter: string) {
    this.#delimiter = delimiter.charCodeAt(0);
    this.#options = { delimiter, record_delimiter: ["\r\n", "\n", "\r"], relax_column_count: true, skip_empty_lines: true };
  }

  *take(chunk: Uint8Array, atEnd: boolean): Generator<DelimitedRow | BrokenRow> {
    const bytes = Buffer.concat([this.#rest, chunk]);
    let at = 0;
    if (this.#isSkipping) {
      at = lineEnd(bytes, 0) ?? bytes.length;
      this.#isSkipping = at === bytes.length;
    }
    // Many rows are read at once where they can be; behind one that cannot, single ones first.
    let many = MOST_ROWS;
    while (at < bytes.length) {
      const pieces = this.#pieces(bytes, at, atEnd, many);
      const last = pieces.at(-1);
      // What is not whole yet waits, unless it is too large to become a row.
      if (!last && bytes.length - at <= MOST_BYTES) break;
      const rows = last && this.#read(bytes, pieces);
      if (rows) {
        let next = 0;
        for (const { isEmpty, lines } of pieces) {
          if (!isEmpty) yield { kind: "row", ...this.#position(), ...(rows[next++] as Fields) };
          this.#line += lines;
        }
        at = last.end;
        many = Math.min(many * 2, MOST_ROWS);
      } else if (pieces.length > 1) many = 1;
      else {
        const end = lineEnd(bytes, at);
        const reason = (last?.end ?? bytes.length) - at > MOST_BYTES ? SIZE_FAULT : QUOTE_FAULT;
        yield { kind: "broken", ...this.#position(), text: textOf(bytes.subarray(at, Math.min(end ?? bytes.length, at + SHOWN_BYTES))), reason };
        this.#line += 1;
        this.#isSkipping = end === undefined;
        at = end ?? bytes.length;
      }
    }
    this.#rest = bytes.subarray(at);
  }

  #position(): Position {
    const place = { row: this.#row, line: this.#line };
    this.#row += 1;
    return place;
  }

  #pieces(bytes: Buffer, start: number, atEnd: boolean, most: number): Piece[] {
    const pieces: Piece[] = [];
    for (let at = start; pieces.length < most;) {
      const piece = this.#piece(bytes, at, atEnd);
      if (!piece) break;
      pieces.push(piece);
      at = piece.end;
    }
    return pieces;
  }

  /** The rows that pieces in a row are; undefined where they are not all rows. */
  #read(bytes: Buffer, pieces: readonly Piece[]): Fields[] | undefined {
    if (pieces.some(({ start, end }) => end - start > MOST_BYTES)) return undefined;
    const rows = this.#parse(bytes.subarray(pieces[0]?.start, pieces.at(-1)?.end));
    return rows?.length === pieces.filter(({ isEmpty }) => !isEmpty).length ? rows : undefined;
  }

  /** The row that begins at a place; undefined where it does not end yet. What is no CSV ends somewhere, too: csv-parse says that it is none. */
  #piece(bytes: Buffer, start: number, atEnd: boolean): Piece | undefined {
    let lines = 0;
    let state: State = AT.start;
    for (let at = start; at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (byte === CR || byte === LF) {
        // A CR at the end of a chunk may be half of a CRLF.
        if (byte === CR && at + 1 === bytes.length && !atEnd) return undefined;
        const isCrLf = byte === CR && bytes[at + 1] === LF;
        lines += 1;
        if (isCrLf) at += 1;
        if (state !== AT.quoted) return { start, end: at + 1, lines, isEmpty: bytes[start] === CR || bytes[start] === LF };
      } else if (byte === QUOTE) {
        if (state === AT.quoted) state = AT.closed;
        else if (state !== AT.plain) state = AT.quoted;
      } else if (state !== AT.quoted) state = byte === this.#delimiter ? AT.start : AT.plain;
    }
    return atEnd && start < bytes.length ? { start, end: bytes.length, lines: lines + 1, isEmpty: false } : undefined;
  }

  #parse(bytes: Buffer): Fields[] | undefined {
    const encoding = isUtf8(bytes) ? "utf8" : "latin1";
    try {
      const rows = parse(bytes, { ...this.#options, encoding });
      return encoding === "utf8" ? rows.map((fields) => ({ fields })) : rows.map(decoded);
    } catch {
      return undefined;
    }
  }
}

const SIZE_FAULT = `it has more than ${MOST_BYTES} bytes, or a quote that is never closed`;
const QUOTE_FAULT = "a quote stands where none may, or is never closed";

type Fields = Pick<DelimitedRow, "fields" | "notUtf8">;

/** Fields that were read as Latin-1, which gives every byte back. */
function decoded(fields: string[]): Fields {
  const notUtf8: number[] = [];
  const texts = fields.map((field, index) => {
    const bytes = Buffer.from(field, "latin1");
    if (isUtf8(bytes)) return bytes.toString("utf8");
    notUtf8.push(index);
    return field;
  });
  return notUtf8.length === 0 ? { fields: texts } : { fields: texts, notUtf8 };
}

/** The place behind the line that goes on at a place; undefined where it does not end there. */
function lineEnd(bytes: Buffer, start: number): number | undefined {
  for (let at = start; at < bytes.length; at += 1) {
    if (bytes[at] === LF || (bytes[at] === CR && bytes[at + 1] !== LF)) return at + 1;
  }
  return undefined;
}

/** Of a line that is given up. */
const SHOWN_BYTES = 1000;

const textOf = (line: Buffer) => line.toString(isUtf8(line) ? "utf8" : "latin1").replace(/[\r\n]+$/, "");
