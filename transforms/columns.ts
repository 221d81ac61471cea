/** Columns of typed values, out of the records of blocks. */
import type { PlainColumn } from "../schemas/plain-columns.ts";
import * as Values from "./assembly/kind.ts";
import { Assembly, NUMBER_BYTES } from "./assembly.ts";
import type { Block } from "./block.ts";

/** A column's first piece of memory; each next one is twice as large, up to a limit. */
const PIECE_BYTES = 32 * 1024;
const MOST_PIECE_BYTES = 1024 * 1024;
const ROWS = 4096;

/** Where the columns are in memory, and the block whose fields they are taken from. */
export class ColumnMemory {
  readonly assembly = new Assembly();
  readonly #room = new Room<"bytes" | "fields" | "starts" | "ends" | "types" | "accepted">(this.assembly);
  #places = { bytes: 0, fields: 0, starts: 0, ends: 0, types: 0, accepted: 0 };
  #block: Block | undefined;

  /** Takes a block in; the one before is forgotten. */
  setBlock(block: Block): void {
    const { assembly } = this;
    const { bytes, records, fieldEnds } = block;
    const numbers = records * NUMBER_BYTES;
    this.#places = this.#room.places({
      bytes: bytes.length,
      fields: fieldEnds.length * NUMBER_BYTES,
      starts: numbers,
      ends: numbers,
      types: records,
      accepted: records,
    });
    assembly.bytes.set(bytes, this.#places.bytes);
    assembly.numbers(this.#places.fields, fieldEnds.length).set(fieldEnds);
    this.#block = block;
  }

  /** Says which of the block's records the columns are to be of: all are accepted until some are refused. @param types their types' numbers */
  setRows(indexes: readonly number[], types: readonly number[]): void {
    const { assembly } = this;
    const { bytes, fields, starts: startsAt, ends: endsAt, types: typesAt, accepted } = this.#places;
    const { starts, firstFields } = this.#block as Block;
    const [rowStarts, rowEnds] = [assembly.numbers(startsAt, indexes.length), assembly.numbers(endsAt, indexes.length)];
    for (const [row, index] of indexes.entries()) {
      rowStarts[row] = starts[index] as number;
      rowEnds[row] = fields + (firstFields[index] as number) * NUMBER_BYTES;
    }
    assembly.bytes.set(types, typesAt);
    assembly.bytes.fill(1, accepted, accepted + indexes.length);
    assembly.code.setRows(bytes, startsAt, endsAt, typesAt, accepted, indexes.length);
  }

  /** A number for each of so many rows, 0 where it was refused; until the memory grows. */
  accepted(count: number): Uint8Array {
    const { accepted } = this.#places;
    return this.assembly.bytes.subarray(accepted, accepted + count);
  }

  /** Forgets everything; columns are to be made anew. */
  clear(): void {
    this.assembly.clear();
  }
}

/** Places for things of a block, which are used again for the next one. */
export class Room<Names extends string> {
  readonly #assembly: Assembly;
  #sizes: Record<Names, number> | undefined;
  #places = {} as Record<Names, number>;
  #clears = 0;

  constructor(assembly: Assembly) {
    this.#assembly = assembly;
  }

  /** A place for each. @param needed their bytes */
  places(needed: Record<Names, number>): Record<Names, number> {
    const sizes = this.#sizes;
    const names = Object.keys(needed) as Names[];
    if (!sizes || this.#clears !== this.#assembly.clears || names.some((name) => needed[name] > sizes[name])) {
      // With some more, as the next block may be a little larger, and what it leaves behind stays until all is cleared.
      this.#sizes = Object.fromEntries(names.map((name) => [name, Math.max(Math.ceil(needed[name] * 1.25), sizes?.[name] ?? 0)])) as Record<
        Names,
        number
      >;
      this.#places = Object.fromEntries(names.map((name) => [name, this.#assembly.place(this.#sizes?.[name] as number)])) as Record<Names, number>;
      this.#clears = this.#assembly.clears;
    }
    return this.#places;
  }
}

/** What the values of a column are, by its kind: of transforms/assembly/kind.ts. */
export function valuesOf({ kind, letterCase }: PlainColumn): number {
  if (letterCase !== undefined) return letterCase === "upper" ? Values.UPPER : Values.LOWER;
  return { text: Values.TEXT, json: Values.TEXT, decimal: Values.DECIMAL, boolean: Values.BOOLEAN, timestamp: Values.TIME, texts: Values.LIST }[kind];
}

/** The values of a column, and which rows have one. How they lie there tells transforms/assembly/kind.ts; texts each behind its length. */
export class ColumnValues {
  readonly #assembly: Assembly;
  readonly #pieces: { at: number; length: number; room: number }[] = [];
  #present = 0;
  #rows = 0;

  constructor({ assembly }: ColumnMemory) {
    this.#assembly = assembly;
  }

  /** Adds a field of the records that the memory has as rows. @param firstRow rows that were added before @param count how many come */
  addField(field: number, isLast: boolean, firstRow: number, count: number): void {
    this.#add(0, firstRow, count, (from, at, end) => this.#assembly.code.addField(from, field, isLast, at, end, this.#present, firstRow));
  }

  /** Adds what the rows' types have. @param names by type, where they are @param firstRow, @param count as for fields */
  addNames(names: number, firstRow: number, count: number): void {
    this.#add(0, firstRow, count, (from, at, end) => this.#assembly.code.addNames(from, names, at, end, this.#present, firstRow));
  }

  /** Adds what was found in some of so many rows. @param values what they are, as valuesOf() tells @param column its number @param firstRow, @param count as for fields */
  addFound(values: number, column: number, firstRow: number, count: number): void {
    const { code } = this.#assembly;
    this.#add(code.firstEntry(column), firstRow, count, (from, at, end) => code.addFound(values, from, at, end, this.#present, firstRow));
  }

  /** @param fill adds what there is room for, and gives what there was none for */
  #add(first: number, firstRow: number, count: number, fill: (from: number, at: number, end: number) => number): void {
    if (firstRow + count > this.#rows) this.#widen((firstRow + count) * 2);
    const { code } = this.#assembly;
    let piece = this.#pieces.at(-1);
    for (let from = first; ;) {
      const [at, end] = piece ? [piece.at + piece.length, piece.at + piece.room] : [0, 0];
      from = fill(from, at, end);
      if (piece) piece.length = code.filled.value - piece.at;
      if (code.wanted.value === 0) return;
      const room = Math.max(code.wanted.value, piece ? Math.min(piece.room * 2, MOST_PIECE_BYTES) : PIECE_BYTES);
      piece = { at: this.#assembly.place(room), length: 0, room };
      this.#pieces.push(piece);
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

  /** All of them, in pieces. */
  pieces(): Uint8Array[] {
    return this.#pieces.map(({ at, length }) => this.#assembly.bytes.subarray(at, at + length));
  }

  /** A bit for each of so many rows, the lowest first: whether it has a value. */
  present(rows: number): Uint8Array {
    return this.#assembly.bytes.subarray(this.#present, this.#present + Math.ceil(rows / 8));
  }
}
