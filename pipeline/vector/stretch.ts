/** A stretch of a file: records that DuckDB writes in one go. Nothing of them is held in memory but where those are that are read one by one. */
import { rm } from "node:fs/promises";
import type { Table } from "../../schemas/signal-types.ts";
import type { PlainRows } from "../../sinks/vector/plain-rows.ts";
import { markedRows, type Row, rowsOf } from "../../transforms/rows.ts";
import type { Router } from "../../transforms/route.ts";
import type { Block, Broken, Marks } from "../../transforms/block.ts";
import type { Marker } from "../../transforms/marker.ts";
import type { Reject } from "../../schemas/record.ts";
import type { Spool, SpooledText } from "./spool.ts";

/** So many records are held at a time, or so many bytes and one record more. */
const SOME = 2000;
const SOME_BYTES = 4 * 1024 * 1024;

export interface StretchOptions {
  spool: Spool;
  /** Absent where no record can be told at a glance. */
  router: Router | undefined;
  /** For records that are read one by one. */
  marker: Marker;
  /** Bytes whose columns are held in memory. */
  rowGroupBytes: number;
}

/** Where a line stands in the text that is put away. */
interface Line {
  recordNo: number;
  at: number;
  length: number;
  marks?: Marks | undefined;
}

/** A record that is left, as it is read again. */
interface LeftRecord {
  recordNo: number;
  bytes: Buffer;
  marks: Marks | undefined;
}

export class Stretch {
  readonly #options: StretchOptions;
  /** The text of the records that are left, and of the lines that are no CSV. */
  #text: SpooledText | undefined;
  readonly #left: Line[] = [];
  readonly #broken: (Line & Pick<Broken, "code" | "isPrivate">)[] = [];
  readonly #plain = new Map<Table, PlainRows>();
  #first: number | undefined;
  #routed = 0;
  #leftBytes = 0;
  bytes = 0;
  records = 0;

  constructor(options: StretchOptions) {
    this.#options = options;
  }

  /** Takes a block in. @param before how many records of the file come before it */
  add(block: Block, before: number): void {
    const { bytes, records, starts, marks } = block;
    this.#first ??= before + 1;
    const left = this.#options.router?.add(block, before) ?? Array.from(starts, (_, index) => before + index + 1);
    this.#leave(
      left.map((recordNo): LeftRecord => {
        const index = recordNo - before - 1;
        return { recordNo, bytes: bytes.subarray(starts[index], starts[index + 1]), marks: marks?.get(index) };
      }),
      this.#left,
    );
    this.bytes += bytes.length;
    this.records += records;
    if (this.bytes - this.#routed >= this.#options.rowGroupBytes) this.#putPlain();
  }

  /** Takes a line in that is no CSV: a reject among the records, which does not end the stretch. @param before as for add() */
  addBroken({ bytes, code, isPrivate = false }: Broken, before: number): void {
    this.#first ??= before + 1;
    this.#leave([{ recordNo: before + 1, bytes, code, isPrivate }], this.#broken);
    this.bytes += bytes.length;
    this.records += 1;
  }

  /** Puts lines away. */
  #leave<Kept extends Line>(some: readonly (Omit<Kept, "at" | "length"> & { bytes: Buffer })[], lines: Kept[]): void {
    if (some.length === 0) return;
    this.#text ??= this.#options.spool.text();
    let at = this.#text.add(some.length === 1 ? (some[0] as { bytes: Buffer }).bytes : Buffer.concat(some.map(({ bytes }) => bytes)));
    for (const { bytes, ...line } of some) {
      lines.push({ ...line, at, length: bytes.length } as unknown as Kept);
      at += bytes.length;
      this.#leftBytes += bytes.length;
    }
  }

  #putPlain(): void {
    this.#routed = this.bytes;
    const first = this.#first ?? 1;
    for (const { table, file, records } of this.#options.router?.take() ?? []) {
      const plain = this.#plain.get(table);
      const files = [...(plain?.files ?? []), this.#options.spool.put(file)];
      this.#plain.set(table, { table, files, records: (plain?.records ?? 0) + records, first, last: first + this.records - 1 });
    }
  }

  /** Nothing more is added. */
  finish(): void {
    this.#putPlain();
  }

  /** The records that DuckDB writes, by table. */
  get plain(): readonly PlainRows[] {
    return [...this.#plain.values()];
  }

  /** How many records are left. */
  get left(): number {
    return this.#left.length + this.#broken.length;
  }

  /** The records that are left as rows, and lines that are no CSV as rejects, some at a time. @param maxRecordBytes as for rowsOf() */
  *rows(maxRecordBytes: number): Generator<(Row | Reject)[]> {
    const text = this.#text as SpooledText;
    let some: LeftRecord[] = [];
    let size = 0;
    for (const { recordNo, at, length, marks } of this.#left) {
      some.push({ recordNo, bytes: text.read(at, length), marks });
      size += length;
      if (some.length < SOME && size < SOME_BYTES) continue;
      yield this.#readRows(some);
      some = [];
      size = 0;
    }
    if (some.length > 0) yield this.#readRows(some);
    for (const { recordNo, at, length, code, isPrivate = false } of this.#broken)
      yield rowsOf({ kind: "broken", bytes: text.read(at, length), code, isPrivate }, recordNo, maxRecordBytes);
  }

  /** Whether so many records, or characters of them, are enough for those that are left. */
  isFew({ records, characters }: { records: number; characters: number }): boolean {
    return this.left <= records && this.#leftBytes <= characters;
  }

  #readRows(some: readonly LeftRecord[]): Row[] {
    const block = this.#options.marker.whole(some.map(({ bytes }) => bytes));
    const marks = new Map(some.flatMap(({ marks }, index) => (marks ? [[index, marks] as const] : [])));
    return markedRows(
      { ...block, ...(marks.size > 0 ? { marks } : {}) },
      some.map(({ recordNo }) => recordNo),
    );
  }

  /** Lets go of the files of its plain rows: they are written. */
  async forgetPlain(): Promise<void> {
    await Promise.all([...this.#plain.values()].flatMap(({ files }) => files).map((file) => rm(file, { force: true })));
    this.#plain.clear();
  }

  /** Lets go of all of its files. May be called twice. */
  async close(): Promise<void> {
    await Promise.all([this.#text?.close(), this.forgetPlain()]);
  }
}
