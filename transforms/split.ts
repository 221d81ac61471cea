import { SignalhouseError } from "../schemas/errors.ts";

/** A run of whole, well-quoted records; the last one's line end may be missing at the end of the file. */
export interface Block {
  kind: "block";
  bytes: Buffer;
  records: number;
}

/** A line that is not CSV by itself, kept whole, without its line end. */
export interface Broken {
  kind: "broken";
  bytes: Buffer;
  code: "csv_broken" | "record_too_large";
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
    let records = 0;
    const block = (): Block => ({ kind: "block", bytes: bytes.subarray(blockStart, start), records });

    while (start < bytes.length) {
      const end = this.#recordEnd(bytes, start, atEnd);
      if (end === INCOMPLETE) break;
      if (end > 0) {
        if (!isEmptyLine(bytes, start, end)) records += 1;
        start = end;
        continue;
      }
      const line = this.#line(bytes, start, atEnd);
      if (!line) break;
      if (records > 0) yield block();
      yield { kind: "broken", bytes: line.bytes, code: end === BROKEN ? "csv_broken" : "record_too_large" };
      start = line.next;
      [blockStart, records] = [start, 0];
    }
    if (records > 0) yield block();
    if (start > 0 || bytes.length >= 3) this.#atFileStart = false;
    this.#rest = bytes.subarray(start);
  }

  #recordEnd(bytes: Buffer, start: number, atEnd: boolean): number {
    const end = recordEnd(bytes, start, atEnd);
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
const LF = 0x0a;
const CR = 0x0d;

const INCOMPLETE = -1;
const BROKEN = -2;
const TOO_LARGE = -3;

/**
 * The offset after the record that starts at `start`, its line end included; INCOMPLETE or BROKEN.
 * This loop sees every byte of every file.
 */
function recordEnd(bytes: Buffer, start: number, atEnd: boolean): number {
  const length = bytes.length;
  let at = start;
  for (;;) {
    // A field starts here.
    if (at < length && bytes[at] === QUOTE) {
      for (;;) {
        at += 1;
        while (at < length && bytes[at] !== QUOTE) at += 1;
        if (at >= length) return atEnd ? BROKEN : INCOMPLETE;
        at += 1;
        if (at >= length) return atEnd ? length : INCOMPLETE;
        if (bytes[at] !== QUOTE) break;
      }
      if (bytes[at] === CR) {
        at += 1;
        if (at >= length) return atEnd ? length : INCOMPLETE;
        if (bytes[at] !== LF) return BROKEN;
      }
      const next = bytes[at];
      at += 1;
      if (next === LF) return at;
      if (next !== COMMA) return BROKEN;
      continue;
    }
    let byte = 0;
    while (at < length) {
      byte = bytes[at] as number;
      if (byte === COMMA || byte === LF || byte === QUOTE) break;
      at += 1;
    }
    if (at >= length) return atEnd ? length : INCOMPLETE;
    if (byte === QUOTE) return BROKEN;
    at += 1;
    if (byte === LF) return at;
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

/** A block's first record by itself, and the others. */
export function firstOf(block: Block): { first: Block; rest: Block } {
  let start = 0;
  for (;;) {
    const end = recordEnd(block.bytes, start, true);
    const isRecord = !isEmptyLine(block.bytes, start, end);
    start = end;
    if (!isRecord) continue;
    const first: Block = { kind: "block", bytes: block.bytes.subarray(0, start), records: 1 };
    return { first, rest: { kind: "block", bytes: block.bytes.subarray(start), records: block.records - 1 } };
  }
}

/** The records of a block one by one, without their line ends. */
export function recordsOf(block: Block): Buffer[] {
  const records: Buffer[] = [];
  for (let start = 0; start < block.bytes.length;) {
    const end = recordEnd(block.bytes, start, true);
    if (!isEmptyLine(block.bytes, start, end)) records.push(withoutLineEnd(block.bytes.subarray(start, end)));
    start = end;
  }
  return records;
}

/** A record without its line end; at the end of a file that may be half of one. */
export function withoutLineEnd(line: Buffer): Buffer {
  let end = line.length;
  if (line[end - 1] === LF) end -= 1;
  if (line[end - 1] === CR) end -= 1;
  return line.subarray(0, end);
}
