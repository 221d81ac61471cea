/** The rows of one table, out of the records of many blocks, as columns. */
import { type Block, fieldCount } from "./block.ts";
import { type ColumnMemory, TextColumn } from "./columns.ts";
import type { ContentReader } from "./content-reader.ts";
import { parquetOf } from "./parquet.ts";

/** Records of a block, which all have as many fields. */
export interface Chosen {
  /** Which of the block's, from 0. */
  indexes: number[];
  /** The numbers of their types in PLANNED_TYPES; of types that have none there, any. */
  types: number[];
  /** How long they are together. */
  bytes: number;
}

/** How content is cut into columns of its own. */
interface Content {
  reader: ContentReader;
  /** Where it stands. */
  position: number;
}

export class TableRows {
  readonly #positions: readonly number[];
  readonly #memory: ColumnMemory;
  readonly #content: Content | undefined;
  #columns: TextColumn[] = [];
  #numbers: number[] = [];

  /** @param positions of the fields that become columns, named f and their position @param content where it is to be read: its columns are called as CONTENT_TEXTS says */
  constructor(positions: readonly number[], memory: ColumnMemory, content?: Content) {
    this.#positions = positions;
    this.#memory = memory;
    this.#content = content;
  }

  get count(): number {
    return this.#numbers.length;
  }

  /**
   * Adds some records of the block that the memory has. A field that is empty or `\N`, quoted or not, is null.
   * @param before how many records of the file come before the block
   * @returns the indexes of those that are left, since their content is not for columns
   */
  add(block: Block, { indexes, types, bytes }: Chosen, before: number): number[] {
    if (indexes.length === 0) return [];
    const last = fieldCount(block, indexes[0] as number) - 1;
    const firstRow = this.#numbers.length;
    this.#memory.setRows(indexes);
    let added = indexes;
    const left: number[] = [];
    if (this.#content) {
      const { reader, position } = this.#content;
      const accepted = reader.read(position, position === last, Uint8Array.from(types), bytes);
      if (accepted.includes(0)) {
        added = [];
        for (const [row, index] of indexes.entries()) (accepted[row] === 0 ? left : added).push(index);
        if (added.length === 0) return left;
        this.#memory.setRows(added);
      }
      reader.add(firstRow, added.length);
    }
    if (this.#columns.length === 0) this.#columns = this.#positions.map(() => new TextColumn(this.#memory));
    for (const index of added) this.#numbers.push(before + index + 1);
    // Column by column: what is written to is then always the same.
    for (const [column, position] of this.#positions.entries()) {
      this.#columns[column]?.addField(position, position === last, firstRow, added.length);
    }
    return left;
  }

  /** The rows as a Parquet file, in pieces that are valid until the memory is cleared, which must come before rows are added again. */
  take(): Uint8Array[] {
    const columns = this.#columns.map((column, index) => ({ name: `f${this.#positions[index]}`, column }));
    const file = parquetOf(this.#numbers, [...columns, ...(this.#content?.reader.take() ?? [])]);
    this.#numbers = [];
    this.#columns = [];
    return file;
  }
}
