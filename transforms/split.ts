import { SignalhouseError } from "../schemas/errors.ts";
import * as Status from "./assembly/status.ts";
import type { Block, Broken } from "./block.ts";
import { CR, LF } from "./bytes.ts";
import { LARGEST, Marker } from "./marker.ts";

/**
 * Cuts CSV into record-aligned blocks, and counts their records. Strict: a quote may only open a field, be doubled, or close one.
 *
 * Where a record breaks that rule (a quote left open shows at the next quote, or at the end of the file), only its first line is
 * given up as broken; the next record starts on the line after it. So one damaged record never takes its neighbours with it, and
 * what is given up is handed over whole.
 *
 * Byte order marks at the start are skipped; an empty line is no record. Memory: twice a chunk, or twice a record where that is larger, and its marks.
 */
export class Splitter {
  readonly #maxRecordBytes: number;
  /** Has the record that is not whole yet, from one place to another. */
  readonly #marker = new Marker();
  #rest: readonly [start: number, end: number] = [0, 0];
  /** Chunks that came since. They join it once they are as long as it, so that a large record is not looked at from its start for every chunk. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #atFileStart = true;

  /** @param maxRecordBytes a record larger than this is broken; beyond 512 MiB it counts as that */
  constructor(maxRecordBytes: number) {
    this.#maxRecordBytes = Math.min(maxRecordBytes, LARGEST);
  }

  /**
   * Takes the next bytes in and gives what is complete. Each piece is only there until the next one is asked for.
   * @throws SignalhouseError record_too_large where a single line is larger than the limit, so that it cannot even be kept as a reject
   */
  *push(chunk: Uint8Array): Generator<Block | Broken> {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes >= this.#rest[1] - this.#rest[0]) yield* this.#cut(false);
  }

  /** Gives the rest: the file ends here, and another one may begin. */
  *end(): Generator<Block | Broken> {
    yield* this.#cut(true);
    this.#rest = [0, 0];
    this.#atFileStart = true;
  }

  *#cut(atEnd: boolean): Generator<Block | Broken> {
    const end = this.#join();
    let start = 0;
    if (this.#atFileStart) {
      start = byteOrderMarksEnd(this.#marker.bytes(end));
      // What is there may be the beginning of another one.
      this.#atFileStart = end - start < BYTE_ORDER_MARK.length && !atEnd;
      if (this.#atFileStart) {
        this.#rest = [start, end];
        return;
      }
    }
    while (start < end) {
      const { block, next, status } = this.#marker.mark(start, end, atEnd, this.#maxRecordBytes);
      start = next;
      if (block) yield block;
      if (status === Status.WHOLE || status === Status.INCOMPLETE) break;
      if (status === Status.FULL) continue;
      const line = this.#line(this.#marker.bytes(end).subarray(start), atEnd);
      if (!line) break;
      yield { kind: "broken", bytes: line.bytes, code: status === Status.TOO_LARGE ? "record_too_large" : "csv_broken" };
      start += line.size;
    }
    this.#rest = [start, end];
  }

  /** Puts the chunks that wait behind the rest. @returns how many bytes that are */
  #join(): number {
    const [start, end] = this.#rest;
    let size = end - start;
    const bytes = this.#marker.bytes(Math.max(end, size + this.#waitingBytes));
    bytes.copyWithin(0, start, end);
    for (const chunk of this.#waiting) {
      bytes.set(chunk, size);
      size += chunk.length;
    }
    this.#waiting = [];
    this.#waitingBytes = 0;
    return size;
  }

  /** The line that some bytes begin with, without its end; undefined where it is not whole yet. */
  #line(bytes: Buffer, atEnd: boolean): { bytes: Buffer; size: number } | undefined {
    const lineFeed = bytes.indexOf(LF);
    const end = lineFeed === -1 ? bytes.length : lineFeed;
    if (end > this.#maxRecordBytes) {
      throw new SignalhouseError(
        "record_too_large",
        `a line has more than ${this.#maxRecordBytes} bytes`,
        this.#maxRecordBytes < LARGEST
          ? "If the file is what you expect, raise limits.maxRecordBytes: a record takes some fifty times its size in memory. Nothing of it was loaded."
          : "No larger one can be read, whatever limits.maxRecordBytes is: take the line out of the file. Nothing of it was loaded.",
      );
    }
    if (lineFeed === -1 && !atEnd) return undefined;
    return { bytes: bytes.subarray(0, bytes[end - 1] === CR ? end - 1 : end), size: lineFeed === -1 ? end : end + 1 };
  }
}

const BYTE_ORDER_MARK = Buffer.from("\ufeff");

/** The place behind the byte order marks that some bytes begin with: tools that each put one there leave several. */
function byteOrderMarksEnd(bytes: Buffer): number {
  let at = 0;
  while (bytes.subarray(at, at + BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)) at += BYTE_ORDER_MARK.length;
  return at;
}

/** A whole file may come as one chunk; it must not become one block. */
const BLOCK_BYTES = 256 * 1024;

/** The pieces of a file, in order; each is only there until the next one is asked for. */
export async function* split(source: AsyncIterable<Uint8Array>, maxRecordBytes: number): AsyncGenerator<Block | Broken> {
  const splitter = new Splitter(maxRecordBytes);
  for await (const chunk of source) {
    for (let start = 0; start < chunk.length; start += BLOCK_BYTES) yield* splitter.push(chunk.subarray(start, start + BLOCK_BYTES));
  }
  yield* splitter.end();
}
