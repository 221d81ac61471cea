/** Columns of text, out of the records of blocks. */
import { Assembly } from "./assembly.ts";
import type { Block } from "./block.ts";

const NUMBER_BYTES = 4;
/** A column's first piece of memory; each next one is twice as large, up to a limit. */
const PIECE_BYTES = 32 * 1024;
const MOST_PIECE_BYTES = 1024 * 1024;
const ROWS = 4096;

/** Where the columns are in memory, and the block whose fields they are taken from. */
export class ColumnMemory {
  readonly assembly = new Assembly();
  /** Sizes of what there is room for, and where. */
  #room = { bytes: -1, records: 0, fields: 0, places: { bytes: 0, fields: 0, starts: 0, ends: 0 } };
  #block: Block | undefined;

  /** Takes a block in; the one before is forgotten. */
  setBlock(block: Block): void {
    const { assembly } = this;
    const { bytes, records, fieldEnds } = block;
    const room = this.#room;
    if (bytes.length > room.bytes || records > room.records || fieldEnds.length > room.fields) {
      // With some more, as the next block may be a little larger, and what it leaves behind stays until all is cleared.
      const more = (needed: number, there: number) => Math.max(Math.ceil(needed * 1.25), there);
      const wanted = { bytes: more(bytes.length, room.bytes), records: more(records, room.records), fields: more(fieldEnds.length, room.fields) };
      const places = {
        bytes: assembly.place(wanted.bytes),
        fields: assembly.place(wanted.fields * NUMBER_BYTES),
        starts: assembly.place(wanted.records * NUMBER_BYTES),
        ends: assembly.place(wanted.records * NUMBER_BYTES),
      };
      this.#room = { ...wanted, places };
    }
    assembly.bytes.set(bytes, this.#room.places.bytes);
    assembly.numbers(this.#room.places.fields, fieldEnds.length).set(fieldEnds);
    this.#block = block;
  }

  /** Says which of the block's records the columns are to be of. */
  setRows(indexes: readonly number[]): void {
    const { assembly } = this;
    const { places } = this.#room;
    const { starts, firstFields } = this.#block as Block;
    const [rowStarts, rowEnds] = [assembly.numbers(places.starts, indexes.length), assembly.numbers(places.ends, indexes.length)];
    for (const [row, index] of indexes.entries()) {
      rowStarts[row] = starts[index] as number;
      rowEnds[row] = places.fields + (firstFields[index] as number) * NUMBER_BYTES;
    }
    assembly.code.setRows(places.bytes, places.starts, places.ends, indexes.length);
  }

  /** Forgets everything; columns are to be made anew. */
  clear(): void {
    this.assembly.clear();
    this.#room = { ...this.#room, bytes: -1 };
  }
}

/** The texts of a column, each behind its length, and which rows have one. */
export class TextColumn {
  readonly #assembly: Assembly;
  readonly #pieces: { at: number; length: number; room: number }[] = [];
  #present = 0;
  #rows = 0;

  constructor({ assembly }: ColumnMemory) {
    this.#assembly = assembly;
  }

  /** Adds a field of the records that the memory has as rows. @param count how many @param firstRow rows that were added before */
  add(field: number, isLast: boolean, count: number, firstRow: number): void {
    if (firstRow + count > this.#rows) this.#widen((firstRow + count) * 2);
    const { code } = this.#assembly;
    let piece = this.#pieces.at(-1);
    for (let row = 0; row < count;) {
      const [at, end] = piece ? [piece.at + piece.length, piece.at + piece.room] : [0, 0];
      row = code.addColumn(row, field, isLast, at, end, this.#present, firstRow);
      if (piece) piece.length = code.filled.value - piece.at;
      if (row < count) {
        const room = Math.max(code.wanted.value, piece ? Math.min(piece.room * 2, MOST_PIECE_BYTES) : PIECE_BYTES);
        piece = { at: this.#assembly.place(room), length: 0, room };
        this.#pieces.push(piece);
      }
    }
  }

  #widen(least: number): void {
    const rows = Math.ceil(Math.max(least, ROWS) / 8) * 8;
    const at = this.#assembly.place(rows / 8);
    const { bytes } = this.#assembly;
    bytes.fill(0, at, at + rows / 8);
    bytes.copyWithin(at, this.#present, this.#present + this.#rows / 8);
    this.#present = at;
    this.#rows = rows;
  }

  /** The texts, in pieces. */
  texts(): Uint8Array[] {
    return this.#pieces.map(({ at, length }) => this.#assembly.bytes.subarray(at, at + length));
  }

  /** A bit for each of so many rows, the lowest first: whether it has a text. */
  present(rows: number): Uint8Array {
    return this.#assembly.bytes.subarray(this.#present, this.#present + Math.ceil(rows / 8));
  }
}
