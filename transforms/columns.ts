/** Columns of text, out of the records of blocks. */
import { Assembly } from "./assembly.ts";
import type { Block } from "./block.ts";

const NUMBER_BYTES = 4;
/** A column's memory grows by so much at least. */
const PIECE_BYTES = 32 * 1024;
const ROWS = 4096;

/** Where the columns are in memory, and the block whose fields they are taken from. */
export class ColumnMemory {
  readonly assembly = new Assembly();
  /** Sizes of what there is room for, and where. */
  #room = { bytes: -1, records: 0, fields: 0, places: { bytes: 0, starts: 0, firsts: 0, ends: 0, rows: 0 } };

  /** Takes a block in; the one before is forgotten. */
  setBlock({ bytes, records, starts, firstFields, fieldEnds }: Block): void {
    const { assembly } = this;
    const room = this.#room;
    if (bytes.length > room.bytes || records > room.records || fieldEnds.length > room.fields) {
      // With some more, as the next block may be a little larger, and what it leaves behind stays until all is cleared.
      const more = (needed: number, there: number) => Math.max(Math.ceil(needed * 1.25), there);
      const wanted = { bytes: more(bytes.length, room.bytes), records: more(records, room.records), fields: more(fieldEnds.length, room.fields) };
      const places = {
        bytes: assembly.place(wanted.bytes),
        starts: assembly.place(wanted.records * NUMBER_BYTES),
        firsts: assembly.place((wanted.records + 1) * NUMBER_BYTES),
        ends: assembly.place(wanted.fields * NUMBER_BYTES),
        rows: assembly.place(wanted.records * NUMBER_BYTES),
      };
      this.#room = { ...wanted, places };
    }
    const { places } = this.#room;
    assembly.bytes.set(bytes, places.bytes);
    assembly.numbers(places.starts, records).set(starts);
    assembly.numbers(places.firsts, records + 1).set(firstFields);
    assembly.numbers(places.ends, fieldEnds.length).set(fieldEnds);
    assembly.code.setBlock(places.bytes, places.starts, places.firsts, places.ends);
  }

  /** Says which of the block's records are meant. @returns where that is written */
  setRows(indexes: readonly number[]): number {
    const { rows } = this.#room.places;
    this.assembly.numbers(rows, indexes.length).set(indexes);
    return rows;
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

  /** @param rows where it is written which records are added @param field of them @param firstRow rows that were added before */
  add(rows: number, count: number, field: number, isLast: boolean, firstRow: number): void {
    if (firstRow + count > this.#rows) this.#widen((firstRow + count) * 2);
    const { code } = this.#assembly;
    const most = code.columnBytes(rows, count, field, isLast);
    if (most === 0) return;
    let piece = this.#pieces.at(-1);
    if (!piece || piece.length + most > piece.room) {
      const room = Math.max(most, PIECE_BYTES);
      piece = { at: this.#assembly.place(room), length: 0, room };
      this.#pieces.push(piece);
    }
    piece.length = code.addColumn(rows, count, field, isLast, piece.at + piece.length, this.#present, firstRow) - piece.at;
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
