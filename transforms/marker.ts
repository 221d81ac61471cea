/** Finds where records start and where their fields end. */
import * as Status from "./assembly/status.ts";
import { Assembly, NUMBER_BYTES } from "./assembly.ts";
import type { Block } from "./block.ts";

/** Of a block. Those of small records are many. */
const MOST_RECORDS = 32 * 1024;
/** Room for the ends of a block's fields, at first: a record may have more. */
const FIELDS = 128 * 1024;

/** What was marked, and what is next. */
interface Marked {
  block?: Block;
  /** The place behind it. */
  next: number;
  /** What is there: of transforms/assembly/status.ts. */
  status: number;
}

/** No record may be larger, whatever the limit: V8 has no text of this size, and the memory is to stay below 2 GiB. */
export const LARGEST = 512 * 1024 * 1024;

/** Marks bytes that are in its memory. That is as large as the largest piece that was put there, and 768 KiB and more for the marks: four bytes for each field of the largest record. */
export class Marker {
  readonly #assembly = new Assembly();
  #size = 0;
  #fields = FIELDS;
  #starts = 0;
  #firsts = 0;
  #bytes = 0;
  #ends = 0;

  /** The memory for so many bytes. What was there before is there still, where there is room. */
  bytes(size: number): Buffer {
    if (size > this.#size) this.#arrange(size, this.#fields);
    return this.#assembly.bytes.subarray(this.#bytes, this.#bytes + size);
  }

  /** Only what is behind the bytes moves. */
  #arrange(size: number, fields: number): void {
    this.#assembly.clear();
    this.#starts = this.#assembly.place(MOST_RECORDS * NUMBER_BYTES);
    this.#firsts = this.#assembly.place((MOST_RECORDS + 1) * NUMBER_BYTES);
    this.#bytes = this.#assembly.place(size);
    this.#ends = this.#assembly.place(fields * NUMBER_BYTES);
    this.#size = size;
    this.#fields = fields;
  }

  /**
   * Marks whole records between two places, as many as there is room for. The block is a view, until something is marked again.
   * @param atEnd whether the file ends there @param maxRecordBytes a record larger than this is not whole
   */
  mark(start: number, end: number, atEnd: boolean, maxRecordBytes: number): Marked {
    const { code } = this.#assembly;
    const [from, to] = [this.#bytes + start, this.#bytes + end];
    const endsEnd = this.#ends + this.#fields * NUMBER_BYTES;
    const status = code.mark(from, to, atEnd, Math.min(maxRecordBytes, LARGEST), this.#starts, this.#firsts, MOST_RECORDS, this.#ends, endsEnd);
    const [records, next] = [code.records.value, code.next.value];
    if (status === Status.FULL && records === 0) {
      this.#arrange(this.#size, this.#fields * 2);
      return this.mark(start, end, atEnd, maxRecordBytes);
    }
    const marked = { next: next - this.#bytes, status };
    return records === 0 ? marked : { ...marked, block: this.#block(from, next, records) };
  }

  #block(start: number, end: number, records: number): Block {
    const firstFields = this.#assembly.numbers(this.#firsts, records + 1);
    return {
      kind: "block",
      bytes: this.#assembly.bytes.subarray(start, end),
      records,
      starts: this.#assembly.numbers(this.#starts, records),
      firstFields,
      fieldEnds: this.#assembly.numbers(this.#ends, firstFields[records] as number),
    };
  }

  /** Marks records that were told to be whole before; they must be no more than 32,768. */
  whole(pieces: readonly Uint8Array[]): Block {
    const size = pieces.reduce((sum, { length }) => sum + length, 0);
    const bytes = this.bytes(size);
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    let marked = this.mark(0, size, true, size);
    while (marked.status === Status.FULL && (marked.block?.records ?? 0) < MOST_RECORDS) {
      this.#arrange(this.#size, this.#fields * 2);
      marked = this.mark(0, size, true, size);
    }
    const { block, next } = marked;
    if (!block || next < size) throw new Error(`there is no whole record at ${next} of ${size}`);
    return block;
  }
}
