/** The rows of one table, out of the records of many blocks, as columns. */
import { type Block, fieldCount } from "./block.ts";
import { type ColumnMemory, TextColumn } from "./columns.ts";
import type { ContentReader } from "./content-reader.ts";
import { parquetOf } from "./parquet.ts";

/** Records of a block, which all have as many fields. */
export interface Chosen {
  /** Which of the block's, from 0. */
  indexes: number[];
  /** The numbers of their types. */
  types: number[];
  /** How long they are together. */
  bytes: number;
}

/** How content is cut into columns of its own. */
interface Content {
  reader: ContentReader;
  /** Where it stands: that is no column but what it was cut into. */
  position: number;
}

export class TableRows {
  readonly #positions: readonly number[];
  readonly #typePosition: number;
  readonly #memory: ColumnMemory;
  readonly #content: Content | undefined;
  #columns: TextColumn[] = [];
  #numbers: number[] = [];

  /**
   * @param positions of the fields that become columns, named f and their position @param typePosition of the signal type, whose column has its name in Connect's spelling
   * @param content where it is to be read: its columns are called as CONTENT_TEXTS says
   */
  constructor(positions: readonly number[], typePosition: number, memory: ColumnMemory, content?: Content) {
    this.#positions = positions.filter((position) => position !== content?.position);
    this.#typePosition = typePosition;
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
    this.#memory.setRows(indexes, types);
    let added = indexes;
    const left: number[] = [];
    if (this.#content) {
      const { reader, position } = this.#content;
      const accepted = reader.read(position, position === last, indexes.length, bytes);
      if (accepted.includes(0)) {
        const isAdded = (_: number, row: number) => accepted[row] !== 0;
        added = indexes.filter(isAdded);
        left.push(...indexes.filter((index, row) => !isAdded(index, row)));
        if (added.length === 0) return left;
        this.#memory.setRows(added, types.filter(isAdded));
      }
      reader.add(firstRow, added.length);
    }
    if (this.#columns.length === 0) this.#columns = this.#positions.map(() => new TextColumn(this.#memory));
    for (const index of added) this.#numbers.push(before + index + 1);
    // Column by column: what is written to is then always the same.
    for (const [column, position] of this.#positions.entries()) {
      if (position === this.#typePosition) this.#columns[column]?.addNames(this.#memory.typeNames, firstRow, added.length);
      else this.#columns[column]?.addField(position, position === last, firstRow, added.length);
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
