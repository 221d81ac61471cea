/** Cuts the content of many records into texts: those that CONTENT_TEXTS names. What it does not read for sure as the row path would is left to that. */
import { CONTENT_TEXTS, JSON_TEXTS } from "../schemas/content-columns.ts";
import { type ColumnMemory, ColumnValues, Room } from "./columns.ts";
import { placePlan } from "./content-plan.ts";
import type { ParquetColumn } from "./parquet.ts";

/** Bytes there are for each byte of content, for texts that are written anew and for entries: enough for all that is not odd. What finds no room is left to the row path. */
const ROOM = { rewritten: 3, entries: 3 };

export class ContentReader {
  readonly #memory: ColumnMemory;
  readonly #room: Room<"texts" | "rewritten" | "entries">;
  readonly #perByte: typeof ROOM;
  #columns: ColumnValues[] = [];

  /** Where the memory has nothing else in it yet. @param perByte a test may want less */
  constructor(memory: ColumnMemory, perByte = ROOM) {
    this.#memory = memory;
    this.#perByte = perByte;
    this.#room = new Room(memory.assembly);
    placePlan(memory.assembly);
  }

  /**
   * Reads the content of the rows that the memory has, once, and refuses those that it is not to read.
   * @param field where it stands @param id where the record's id stands @param bytes the rows have together, at most
   */
  read(field: number, isLast: boolean, id: number | undefined, bytes: number): void {
    const sizes = { texts: bytes, rewritten: Math.floor(bytes * this.#perByte.rewritten), entries: Math.floor(bytes * this.#perByte.entries) };
    const { texts, rewritten, entries } = this.#room.places(sizes);
    this.#memory.assembly.code.readContent(field, isLast, id ?? -1, texts, rewritten, rewritten + sizes.rewritten, entries, entries + sizes.entries);
  }

  /** Adds what was read of the rows that are not refused. @param firstRow rows that were added before @param count how many come */
  add(firstRow: number, count: number): void {
    const { code } = this.#memory.assembly;
    if (this.#columns.length === 0) this.#columns = CONTENT_TEXTS.map(() => new ColumnValues(this.#memory));
    for (const [index, column] of this.#columns.entries()) column.addTexts(code.firstEntry(index), firstRow, count);
  }

  /** The columns, and begins new ones. */
  take(): ParquetColumn[] {
    const columns = this.#columns;
    this.#columns = [];
    return columns.map((values, index) => {
      const name = CONTENT_TEXTS[index] as string;
      return { name, values, type: JSON_TEXTS.includes(name) ? "json" : "text" };
    });
  }
}
