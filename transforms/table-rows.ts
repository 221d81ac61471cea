/** The rows of one table, out of the records of many blocks, as columns. */
import { type Block, fieldCount } from "./block.ts";
import { type ColumnMemory, ColumnValues } from "./columns.ts";
import type { ContentReader } from "./content-reader.ts";
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

/** A field that becomes a column, which is named f and its position: of times, of its texts, or, for the signal type, of the types' names in Connect's spelling. */
export interface FieldColumn {
  position: number;
  holds: "times" | "texts" | "names";
}

/** How content is cut into columns of its own. */
interface Content {
  reader: ContentReader;
  /** Where it stands. */
  position: number;
  /** Where the record's id stands. */
  id: number | undefined;
}

export class TableRows {
  readonly #fields: readonly FieldColumn[];
  readonly #memory: ColumnMemory;
  readonly #content: Content | undefined;
  #columns: ColumnValues[] = [];
  #numbers: number[] = [];

  /** @param content where it is to be read: its columns are called as CONTENT_TEXTS says */
  constructor(fields: readonly FieldColumn[], memory: ColumnMemory, content?: Content) {
    this.#fields = fields;
    this.#memory = memory;
    this.#content = content;
  }

  get count(): number {
    return this.#numbers.length;
  }

  /**
   * Adds some records of the block that the memory has. A field that is empty or `\N`, quoted or not, is null.
   * @param before how many records of the file come before the block
   * @returns the indexes of those that are left: with a time that is not canonical, or content that is not for columns
   */
  add(block: Block, { indexes, types, bytes }: Chosen, before: number): number[] {
    if (indexes.length === 0) return [];
    const memory = this.#memory;
    const last = fieldCount(block, indexes[0] as number) - 1;
    memory.setRows(indexes, types);
    for (const { position, holds } of this.#fields) if (holds === "times") memory.assembly.code.refuseTimes(position, position === last);
    if (this.#content) this.#content.reader.read(this.#content.position, this.#content.position === last, this.#content.id, bytes);
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

  #addRows(indexes: readonly number[], last: number, before: number): void {
    const [firstRow, count] = [this.#numbers.length, indexes.length];
    if (this.#columns.length === 0) this.#columns = this.#fields.map(() => new ColumnValues(this.#memory));
    for (const index of indexes) this.#numbers.push(before + index + 1);
    this.#content?.reader.add(firstRow, count);
    // Column by column: what is written to is then always the same.
    for (const [index, { position, holds }] of this.#fields.entries()) {
      const column = this.#columns[index] as ColumnValues;
      if (holds === "names") column.addNames(this.#memory.typeNames, firstRow, count);
      else if (holds === "times") column.addTimes(position, position === last, firstRow, count);
      else column.addField(position, position === last, firstRow, count);
    }
  }

  /** The rows as a Parquet file, in pieces that are valid until the memory is cleared, which must come before rows are added again. */
  take(): Uint8Array[] {
    const columns = this.#fields.map(({ position, holds }, index): ParquetColumn => {
      return { name: `f${position}`, values: this.#columns[index] as ColumnValues, type: holds === "times" ? "time" : "text" };
    });
    const file = parquetOf(this.#numbers, [...columns, ...(this.#content?.reader.take() ?? [])]);
    this.#numbers = [];
    this.#columns = [];
    return file;
  }
}
