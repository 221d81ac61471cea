/** Cuts the content of many records into texts: those that CONTENT_TEXTS names. What it does not read for sure as the row path would is left to that. */
import { CONTENT_TEXTS, JSON_TEXTS } from "../schemas/content-columns.ts";
import { type ColumnMemory, Room, TextColumn } from "./columns.ts";
import { placePlan } from "./content-plan.ts";
import type { NamedColumn } from "./parquet.ts";

/** What room there must be for each byte of content: see transforms/assembly/content.ts. */
const [REWRITTEN, ENTRIES] = [2, 3];

export class ContentReader {
  readonly #memory: ColumnMemory;
  readonly #room: Room<"accepted" | "texts" | "rewritten" | "entries">;
  #columns: TextColumn[] = [];

  /** Where the memory has nothing else in it yet. */
  constructor(memory: ColumnMemory) {
    this.#memory = memory;
    this.#room = new Room(memory.assembly);
    placePlan(memory.assembly);
  }

  /**
   * Reads the content of the rows that the memory has, once.
   * @param field where it stands @param count how many rows there are @param bytes they have together, at most
   * @returns a number for each row: 0 where it is left
   */
  read(field: number, isLast: boolean, count: number, bytes: number): Uint8Array {
    const { assembly } = this.#memory;
    const { accepted, texts, rewritten, entries } = this.#room.places({
      accepted: count,
      texts: bytes,
      rewritten: bytes * REWRITTEN,
      entries: bytes * ENTRIES,
    });
    assembly.code.readContent(field, isLast, accepted, texts, rewritten, entries);
    return assembly.bytes.subarray(accepted, accepted + count);
  }

  /** Adds what was read of the rows that are not left. @param firstRow rows that were added before @param count how many come */
  add(firstRow: number, count: number): void {
    const { code } = this.#memory.assembly;
    if (this.#columns.length === 0) this.#columns = CONTENT_TEXTS.map(() => new TextColumn(this.#memory));
    for (const [index, column] of this.#columns.entries()) column.addTexts(code.firstEntry(index), firstRow, count);
  }

  /** The columns, and begins new ones. */
  take(): NamedColumn[] {
    const columns = this.#columns;
    this.#columns = [];
    return columns.map((column, index) => {
      const name = CONTENT_TEXTS[index] as string;
      return { name, column, isJson: JSON_TEXTS.includes(name) };
    });
  }
}
