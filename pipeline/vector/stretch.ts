/** A stretch of a file: blocks that DuckDB reads in one go. Nothing of them is held in memory but where their records are. */
import { rm } from "node:fs/promises";
import type { Table } from "../../schemas/signal-types.ts";
import type { Lanes, Reading } from "../../sinks/vector/lanes.ts";
import type { Projection } from "../../sinks/vector/projection.ts";
import type { ReadRows, TextRows } from "../../sinks/vector/text-rows.ts";
import { markedRows, type Row, rowsOf } from "../../transforms/rows.ts";
import type { Router } from "../../transforms/route.ts";
import type { Block, Broken } from "../../transforms/block.ts";
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

export class Stretch {
  readonly #options: StretchOptions;
  /** Its text as it was in the file. */
  readonly #text: SpooledText;
  /** Where its blocks are in that, and where their records start in them. */
  readonly #blocks: { before: number; offset: number; bytes: number; starts: Uint32Array }[] = [];
  readonly #parts = new Map<Table, TextRows>();
  readonly #left: number[] = [];
  /** Lines that are no CSV, in the text, too. */
  readonly #broken: { recordNo: number; at: number; length: number; code: Broken["code"] }[] = [];
  #first: number | undefined;
  readonly #readings = new Map<Table, { reading: Reading; file: string }>();
  #routed = 0;
  bytes = 0;
  records = 0;

  constructor(options: StretchOptions) {
    this.#options = options;
    this.#text = options.spool.text();
  }

  /** Spools a block. @param before how many records of the file come before it */
  add(block: Block, before: number): void {
    const { bytes, records } = block;
    this.#first ??= before + 1;
    // The block will be gone.
    const starts = block.starts.slice();
    const offset = this.#text.add(bytes);
    this.#blocks.push({ before, offset, bytes: bytes.length, starts });
    const left = this.#options.router?.add(block, before) ?? Array.from(starts, (_, index) => before + index + 1);
    for (const recordNo of left) this.#left.push(recordNo);
    this.bytes += bytes.length;
    this.records += records;
    if (this.bytes - this.#routed >= this.#options.rowGroupBytes) this.#putParts();
  }

  /** Spools a line that is no CSV: a reject among the records, which does not end the stretch. @param before as for add() */
  addBroken({ bytes, code }: Broken, before: number): void {
    this.#first ??= before + 1;
    this.#broken.push({ recordNo: before + 1, at: this.#text.add(bytes), length: bytes.length, code });
    this.bytes += bytes.length;
    this.records += 1;
  }

  #putParts(): void {
    this.#routed = this.bytes;
    const first = this.#first ?? 1;
    for (const { table, file, records } of this.#options.router?.take() ?? []) {
      const part = this.#parts.get(table);
      const files = [...(part?.files ?? []), this.#options.spool.put(file)];
      this.#parts.set(table, { files, records: (part?.records ?? 0) + records, first, last: first + this.records - 1 });
    }
  }

  /** Nothing more is added. */
  finish(): void {
    this.#putParts();
  }

  /** The records that can be told at a glance, by table. */
  get parts(): ReadonlyMap<Table, TextRows> {
    return this.#parts;
  }

  /** The record_no of the others that are CSV. */
  get left(): readonly number[] {
    return this.#left;
  }

  /** The record_no of all that are CSV. */
  get all(): number[] {
    return this.#blocks.flatMap(({ before, starts }) => Array.from(starts, (_, index) => before + index + 1));
  }

  /** How many lines are no CSV. */
  get broken(): number {
    return this.#broken.length;
  }

  /** Has a table's part read by the next lane that is free. @param isSpare as for Lanes */
  readBy(lanes: Lanes, table: Table, projections: ReadonlyMap<Table, Projection>, isSpare: boolean): void {
    const [part, projection] = [this.#parts.get(table), projections.get(table)];
    if (!part || !projection) return;
    const file = this.#options.spool.place();
    this.#readings.set(table, { reading: lanes.read(projection, part, file, isSpare), file });
  }

  /** What a lane has read, or is reading; undefined where none has come to it: then none will. @throws DuckDB's errors as they are */
  async read(table: Table): Promise<ReadRows | undefined> {
    return this.#readings.get(table)?.reading.take();
  }

  /** Records as rows, some at a time. @param recordNos which, in order @param maxRecordBytes as for rowsOf() */
  *rows(recordNos: readonly number[], maxRecordBytes: number): Generator<(Row | Reject)[]> {
    let some: { recordNo: number; bytes: Buffer }[] = [];
    let size = 0;
    for (const { recordNo, at, length } of this.#places(recordNos)) {
      some.push({ recordNo, bytes: this.#text.read(at, length) });
      size += length;
      if (some.length < SOME && size < SOME_BYTES) continue;
      yield this.#readRows(some, maxRecordBytes);
      some = [];
      size = 0;
    }
    if (some.length > 0) yield this.#readRows(some, maxRecordBytes);
  }

  /** The lines that are no CSV, as rejects, one at a time. @param maxRecordBytes as for rowsOf() */
  *rejects(maxRecordBytes: number): Generator<(Row | Reject)[]> {
    for (const { recordNo, at, length, code } of this.#broken)
      yield rowsOf({ kind: "broken", bytes: this.#text.read(at, length), code }, recordNo, maxRecordBytes);
  }

  /** Whether so many records, or characters of them, are enough for some of its records, and the lines that are no CSV. */
  isFew(recordNos: readonly number[], { records, characters }: { records: number; characters: number }): boolean {
    let bytes = 0;
    for (const { length } of this.#places(recordNos)) bytes += length;
    for (const { length } of this.#broken) bytes += length;
    return recordNos.length + this.#broken.length <= records && bytes <= characters;
  }

  #readRows(some: readonly { recordNo: number; bytes: Buffer }[], maxRecordBytes: number): (Row | Reject)[] {
    const block = this.#options.marker.whole(some.map(({ bytes }) => bytes));
    return markedRows(
      block,
      some.map(({ recordNo }) => recordNo),
      maxRecordBytes,
    );
  }

  /** Where some records are in its text. */
  *#places(recordNos: readonly number[]): Generator<{ recordNo: number; at: number; length: number }> {
    let next = 0;
    for (const { before, offset, bytes, starts } of this.#blocks) {
      for (; (recordNos[next] ?? Infinity) <= before + starts.length; next += 1) {
        const recordNo = recordNos[next] as number;
        const start = starts[recordNo - before - 1] as number;
        const end = starts[recordNo - before] ?? bytes;
        yield { recordNo, at: offset + start, length: end - start };
      }
    }
  }

  /** Lets go of its files, when lanes have done with them. May be called twice. */
  async close(): Promise<void> {
    const readings = [...this.#readings.values()];
    await Promise.allSettled(readings.map(({ reading }) => reading.take()));
    const files = [...readings.map(({ file }) => file), ...[...this.#parts.values()].flatMap((part) => part.files)];
    await Promise.all([this.#text.close(), ...files.map((file) => rm(file, { force: true }))]);
  }
}
