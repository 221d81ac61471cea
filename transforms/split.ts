import { SignalhouseError } from "../schemas/errors.ts";
import { atMost, firstFound, Words } from "./words.ts";

/** A run of whole, well-quoted records; the last one's line end may be missing at the end of the file. */
export interface Block {
  kind: "block";
  bytes: Buffer;
  records: number;
  /** Where each record starts. */
  starts: readonly number[];
  /** Where each field ends, of all records one after the other: at the comma or line end behind it. */
  fieldEnds: Uint32Array;
  /** The place of each record's first field in `fieldEnds`, and one more, behind the last record. */
  firstFields: readonly number[];
}

export const fieldCount = ({ firstFields }: Block, index: number): number => (firstFields[index + 1] as number) - (firstFields[index] as number);

/** Where a field of a record starts: behind the comma after the one before it. */
export const fieldStart = ({ starts, fieldEnds, firstFields }: Block, index: number, field: number): number =>
  field === 0 ? (starts[index] as number) : (fieldEnds[(firstFields[index] as number) + field - 1] as number) + 1;

/** Where it ends; an unquoted last one has the CR of its line end in `fieldEnds`. */
export function fieldEnd({ bytes, starts, fieldEnds, firstFields }: Block, index: number, field: number): number {
  const at = (firstFields[index] as number) + field;
  const end = fieldEnds[at] as number;
  return at + 1 === firstFields[index + 1] && bytes[end - 1] === CR && end > (starts[index] as number) ? end - 1 : end;
}

/** A line that is not CSV by itself, kept whole, without its line end. */
export interface Broken {
  kind: "broken";
  bytes: Buffer;
  code: "csv_broken" | "record_too_large";
}

/** Notes where records start and fields end, for one block at a time. */
class Marks {
  #starts: number[] = [];
  #firstFields: number[] = [];
  #blockStart = 0;
  /** Ends of the fields of the kept records, and behind them those of the record that is being read. */
  ends = new Uint32Array(0);
  #kept = 0;
  /** How many ends there are; recordEnd() counts on from `kept`. */
  count = 0;

  get records(): number {
    return this.#starts.length;
  }

  /** A block begins. @param most bytes that it may have */
  begin(most: number, blockStart: number): void {
    if (this.ends.length <= most) this.ends = new Uint32Array(most + 1);
    [this.#starts, this.#firstFields, this.#blockStart, this.#kept, this.count] = [[], [], blockStart, 0, 0];
  }

  /** A record starts. */
  again(): void {
    this.count = this.#kept;
  }

  /** The record that was read is one of the block's. */
  keep(start: number): void {
    this.#starts.push(start - this.#blockStart);
    this.#firstFields.push(this.#kept);
    this.#kept = this.count;
  }

  /** The block of what was kept; another one begins. */
  take(bytes: Buffer): Block {
    const fieldEnds = this.ends.slice(0, this.#kept);
    if (this.#blockStart > 0) for (let at = 0; at < fieldEnds.length; at += 1) fieldEnds[at] = (fieldEnds[at] as number) - this.#blockStart;
    this.#firstFields.push(this.#kept);
    return { kind: "block", bytes, records: this.#starts.length, starts: this.#starts, fieldEnds, firstFields: this.#firstFields };
  }
}

/**
 * Cuts CSV into record-aligned blocks, one for the bytes of each push, and counts their records. Strict: a quote may only open a field, be doubled, or close one.
 *
 * Where a record breaks that rule (a quote left open shows at the next quote, or at the end of the file), only its first line is
 * given up as broken; the next record starts on the line after it. So one damaged record never takes its neighbours with it, and
 * what is given up is handed over whole.
 *
 * A byte order mark at the start is skipped; an empty line is no record. Memory: twice a chunk, or twice a record where that is larger.
 */
export class Splitter {
  readonly #maxRecordBytes: number;
  /** The record that is not whole yet. */
  #rest = Buffer.alloc(0);
  /** Chunks that came since. They join #rest once they are as long as it, so that a large record is not scanned from its start for every chunk. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #atFileStart = true;
  #marks = new Marks();

  /** @param maxRecordBytes a record larger than this is broken */
  constructor(maxRecordBytes: number) {
    this.#maxRecordBytes = maxRecordBytes;
  }

  /**
   * Takes the next bytes in and gives what is complete.
   * @throws SignalhouseError record_too_large where a single line is larger than the limit, so that it cannot even be kept as a reject
   */
  *push(chunk: Uint8Array): Generator<Block | Broken> {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes >= this.#rest.length) yield* this.#cut(false);
  }

  /** Gives the rest: the file ends here. */
  *end(): Generator<Block | Broken> {
    yield* this.#cut(true);
  }

  *#cut(atEnd: boolean): Generator<Block | Broken> {
    const bytes = Buffer.concat([this.#rest, ...this.#waiting]);
    this.#waiting = [];
    this.#waitingBytes = 0;
    let start = this.#atFileStart ? byteOrderMarkLength(bytes) : 0;
    let blockStart = start;
    const words = new Words(bytes);
    const marks = this.#marks;
    const block = (): Block => marks.take(bytes.subarray(blockStart, start));
    marks.begin(bytes.length - start, blockStart);

    while (start < bytes.length) {
      const end = this.#recordEnd(bytes, words, start, atEnd);
      if (end === INCOMPLETE) break;
      if (end > 0) {
        if (!isEmptyLine(bytes, start, end)) marks.keep(start);
        start = end;
        continue;
      }
      const line = this.#line(bytes, start, atEnd);
      if (!line) break;
      if (marks.records > 0) yield block();
      yield { kind: "broken", bytes: line.bytes, code: end === BROKEN ? "csv_broken" : "record_too_large" };
      start = line.next;
      blockStart = start;
      marks.begin(bytes.length - start, blockStart);
    }
    if (marks.records > 0) yield block();
    if (start > 0 || bytes.length >= 3) this.#atFileStart = false;
    this.#rest = bytes.subarray(start);
  }

  #recordEnd(bytes: Buffer, words: Words, start: number, atEnd: boolean): number {
    const end = recordEnd(words, start, atEnd, this.#marks);
    if (end === BROKEN) return end;
    return (end === INCOMPLETE ? bytes.length : end) - start > this.#maxRecordBytes ? TOO_LARGE : end;
  }

  /** The line at `start`, without its end; undefined where it is not whole yet. */
  #line(bytes: Buffer, start: number, atEnd: boolean): { bytes: Buffer; next: number } | undefined {
    const lineFeed = bytes.indexOf(LF, start);
    const end = lineFeed === -1 ? bytes.length : lineFeed;
    if (end - start > this.#maxRecordBytes) {
      throw new SignalhouseError(
        "record_too_large",
        `a line has more than ${this.#maxRecordBytes} bytes`,
        "If the file is what you expect, raise limits.maxRecordBytes. Nothing of it was loaded.",
      );
    }
    if (lineFeed === -1 && !atEnd) return undefined;
    const text = bytes.subarray(start, end > start && bytes[end - 1] === CR ? end - 1 : end);
    return { bytes: text, next: lineFeed === -1 ? end : end + 1 };
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COMMAS = 0x2c2c2c2c;
const LF = 0x0a;
const CR = 0x0d;

const INCOMPLETE = -1;
const BROKEN = -2;
const TOO_LARGE = -3;

/**
 * The offset after the record that starts at `start`, its line end included; INCOMPLETE or BROKEN. Notes where its fields end.
 * This loop sees every byte of every file, and most of them four at a time: V8 needs as long for one byte as for a word.
 */
function recordEnd(words: Words, start: number, atEnd: boolean, marks: Marks): number {
  const { bytes, view, length } = words;
  const lastWord = length - 4;
  const ends = marks.ends;
  marks.again();
  let count = marks.count;
  let at = start;
  for (;;) {
    // A field starts here.
    if (at <= lastWord && view.getInt32(at, true) === COMMAS) {
      // Four empty ones: most fields of an export are.
      ends[count] = at;
      ends[count + 1] = at + 1;
      ends[count + 2] = at + 2;
      ends[count + 3] = at + 3;
      count += 4;
      at += 4;
      continue;
    }
    if (at < length && bytes[at] === QUOTE) {
      for (;;) {
        at = words.indexOf(QUOTE, at + 1);
        if (at >= length) return atEnd ? BROKEN : INCOMPLETE;
        at += 1;
        if (at >= length || bytes[at] !== QUOTE) break;
      }
      ends[count++] = at;
      if (at < length && bytes[at] === CR) {
        at += 1;
        if (at < length && bytes[at] !== LF) return BROKEN;
      }
      if (at >= length) {
        marks.count = count;
        return atEnd ? length : INCOMPLETE;
      }
      const next = bytes[at];
      at += 1;
      if (next === COMMA) continue;
      marks.count = count;
      return next === LF ? at : BROKEN;
    }
    let byte = 0;
    for (;;) {
      // The comma is the greatest of the three.
      if (at <= lastWord) {
        const found = atMost(COMMA, view.getInt32(at, true));
        if (found === 0) {
          at += 4;
          continue;
        }
        at += firstFound(found);
      }
      if (at >= length) break;
      byte = bytes[at] as number;
      if (byte === COMMA || byte === LF || byte === QUOTE) break;
      at += 1;
    }
    if (at < length && byte === QUOTE) return BROKEN;
    ends[count++] = at;
    if (at < length && byte === COMMA) {
      at += 1;
      continue;
    }
    marks.count = count;
    if (at >= length) return atEnd ? length : INCOMPLETE;
    return at + 1;
  }
}

function isEmptyLine(bytes: Buffer, start: number, end: number): boolean {
  const first = bytes[start];
  return first === LF || (first === CR && (end === start + 1 || bytes[start + 1] === LF));
}

function byteOrderMarkLength(bytes: Buffer): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

/** A whole file may come as one chunk; it must not become one block. */
const BLOCK_BYTES = 256 * 1024;

/** The pieces of a file, in order. */
export async function* split(source: AsyncIterable<Uint8Array>, maxRecordBytes: number): AsyncGenerator<Block | Broken> {
  const splitter = new Splitter(maxRecordBytes);
  for await (const chunk of source) {
    for (let start = 0; start < chunk.length; start += BLOCK_BYTES) yield* splitter.push(chunk.subarray(start, start + BLOCK_BYTES));
  }
  yield* splitter.end();
}

/** A block's first record by itself, and the others, if there are any. */
export function firstOf(block: Block): { first: Block; rest?: Block } {
  const cut = block.starts[1] ?? block.bytes.length;
  const first = slice(block, 0, 1, block.starts[0] as number, cut);
  return block.records > 1 ? { first, rest: slice(block, 1, block.records, cut, block.bytes.length) } : { first };
}

/** Some records in a row, and the bytes that hold them. */
function slice({ bytes, starts, fieldEnds, firstFields }: Block, from: number, to: number, start: number, end: number): Block {
  const field = firstFields[from] as number;
  return {
    kind: "block",
    bytes: bytes.subarray(start, end),
    records: to - from,
    starts: starts.slice(from, to).map((at) => at - start),
    fieldEnds: fieldEnds.subarray(field, firstFields[to]).map((at) => at - start),
    firstFields: firstFields.slice(from, to + 1).map((at) => at - field),
  };
}

/** A block of records that were told to be whole before. */
export function blockOf(bytes: Buffer): Block {
  const words = new Words(bytes);
  const marks = new Marks();
  marks.begin(bytes.length, 0);
  let start = 0;
  while (start < bytes.length) {
    const end = recordEnd(words, start, true, marks);
    if (end < 0) throw new Error(`there is no whole record at ${start}`);
    if (!isEmptyLine(bytes, start, end)) marks.keep(start);
    start = end;
  }
  return marks.take(bytes);
}

/** The records of a block one by one, without their line ends. */
export const recordsOf = (block: Block): Buffer[] => block.starts.map((_, index) => recordAt(block, index));

/** A record, without its line end. */
export const recordAt = ({ bytes, starts, fieldEnds, firstFields }: Block, index: number): Buffer =>
  withoutLineEnd(bytes.subarray(starts[index], fieldEnds[(firstFields[index + 1] as number) - 1]));

/** A record without its line end; at the end of a file that may be half of one. */
export function withoutLineEnd(line: Buffer): Buffer {
  let end = line.length;
  if (line[end - 1] === LF) end -= 1;
  if (line[end - 1] === CR) end -= 1;
  return line.subarray(0, end);
}
