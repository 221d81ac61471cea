/** The rows of one table, out of the records of many blocks, as columns. */
import type { PlainPlan } from "../schemas/plain-columns.ts";
import { type Placement, SIGNAL_TYPES, type SignalType, TYPE_NAMES } from "../schemas/signal-types.ts";
import { type Block, fieldCount } from "./block.ts";
import { type ColumnMemory, ColumnValues, Room, valuesOf } from "./columns.ts";
import { checkedAction, foundNumber } from "./content-plan.ts";
import { type ParquetColumn, parquetOf } from "./parquet.ts";

/** Records of a block, which all have as many fields. */
export interface Chosen {
  /** Which of the block's, from 0. */
  indexes: number[];
  /** The numbers of their types. */
  types: number[];
  /** How long they are together. */
  bytes: number;
}

/**
 * Room for what is found in rows: bytes for each of theirs, for texts that are written anew and for entries, and as many more entries as they have fields that are checked, and a key. It is enough for all that is not odd;
 * what finds none is left to the row path.
 */
const ROOM = { rewritten: 3, entries: 3 };
const ENTRY_BYTES = 16;

/** A column of the rows, and how it is filled out of rows that were read. */
interface Filled extends Pick<ParquetColumn, "name" | "kind"> {
  add: (column: ColumnValues, last: number, firstRow: number, count: number) => void;
}

export class TableRows {
  readonly #plan: PlainPlan;
  readonly #id: number;
  readonly #memory: ColumnMemory;
  readonly #room: Room<"texts" | "rewritten" | "entries">;
  readonly #perByte: typeof ROOM;
  readonly #filled: readonly Filled[];
  readonly #fields: number;
  #columns: ColumnValues[] = [];
  #numbers: number[] = [];

  /** Where the memory has only what is kept. @param id where the records' id stands @param perByte a test may want less room */
  constructor(plan: PlainPlan, id: number | undefined, last: number, memory: ColumnMemory, perByte = ROOM) {
    this.#plan = plan;
    this.#id = id ?? NOWHERE;
    this.#memory = memory;
    this.#room = new Room(memory.assembly);
    this.#perByte = perByte;
    this.#filled = filledOf(plan, memory);
    const fields = plan.checked.flatMap((column) => [
      column.position,
      Number(column.position === last),
      checkedAction(column),
      foundNumber(column.name),
    ]);
    this.#fields = memory.assembly.keep(Uint32Array.from(fields));
  }

  get count(): number {
    return this.#numbers.length;
  }

  /**
   * Adds some records of the block that the memory has.
   * @param before how many records of the file come before the block
   * @returns the indexes of those that are left: with a value that is not for sure what the row path makes of it, or without a time
   */
  add(block: Block, { indexes, types, bytes }: Chosen, before: number): number[] {
    if (indexes.length === 0) return [];
    const memory = this.#memory;
    const last = fieldCount(block, indexes[0] as number) - 1;
    memory.setRows(indexes, types);
    this.#read(last, indexes.length, bytes);
    const accepted = memory.accepted(indexes.length);
    if (!accepted.includes(0)) {
      this.#addRows(indexes, last, before);
      return [];
    }
    const isAdded = (_: number, row: number) => accepted[row] !== 0;
    const added = indexes.filter(isAdded);
    const left = indexes.filter((index, row) => !isAdded(index, row));
    if (added.length === 0) return left;
    memory.setRows(added, types.filter(isAdded));
    this.#addRows(added, last, before);
    return left;
  }

  /** Finds what the rows say, and refuses some of them. */
  #read(last: number, rows: number, bytes: number): void {
    const { content, checked } = this.#plan;
    const sizes = {
      texts: bytes + rows,
      rewritten: Math.floor(bytes * this.#perByte.rewritten),
      entries: Math.floor(bytes * this.#perByte.entries) + rows * (checked.length + 1) * ENTRY_BYTES,
    };
    const { texts, rewritten, entries } = this.#room.places(sizes);
    const { code } = this.#memory.assembly;
    code.setFields(this.#fields, checked.length);
    const [rewrittenEnd, entriesEnd] = [rewritten + sizes.rewritten, entries + sizes.entries];
    code.readRows(content ?? NOWHERE, content === last, this.#id, texts, rewritten, rewrittenEnd, entries, entriesEnd);
  }

  #addRows(indexes: readonly number[], last: number, before: number): void {
    const [firstRow, count] = [this.#numbers.length, indexes.length];
    if (this.#columns.length === 0) this.#columns = this.#filled.map(() => new ColumnValues(this.#memory));
    for (const index of indexes) this.#numbers.push(before + index + 1);
    // Column by column: what is written to is then always the same.
    for (const [index, { add }] of this.#filled.entries()) add(this.#columns[index] as ColumnValues, last, firstRow, count);
  }

  /** The rows as a Parquet file, in pieces that are valid until the memory is cleared, which must come before rows are added again. */
  take(): Uint8Array[] {
    const columns = this.#filled.map(({ name, kind }, index) => ({ name, kind, values: this.#columns[index] as ColumnValues }));
    const file = parquetOf(this.#numbers, columns);
    this.#numbers = [];
    this.#columns = [];
    return file;
  }
}

const NOWHERE = -1;

function filledOf({ byType, copied, found }: PlainPlan, { assembly }: ColumnMemory): Filled[] {
  return [
    ...byType.map((name): Filled => {
      const names = assembly.keepNames(TYPE_NAMES.map((type) => (name === "signal_type" ? type : placed(type, name))));
      return { name, kind: "text", add: (column, _, firstRow, count) => column.addNames(names, firstRow, count) };
    }),
    ...copied.map(({ name, kind, position }): Filled => {
      return { name, kind, add: (column, last, firstRow, count) => column.addField(position, position === last, firstRow, count) };
    }),
    ...found.map((plain): Filled => {
      const [values, number] = [valuesOf(plain), foundNumber(plain.name)];
      return { ...plain, add: (column, _, firstRow, count) => column.addFound(values, number, firstRow, count) };
    }),
  ];
}

const placed = (type: string, what: "channel" | "action"): string => (SIGNAL_TYPES[type as SignalType] as Placement)[what] ?? "";
