/** A stretch of a file: blocks that DuckDB reads in one go. Nothing of them is held in memory but where their records are. */
import { rm } from "node:fs/promises";
import type { Table } from "../../schemas/signal-types.ts";
import type { Lane, ReadRows } from "../../sinks/vector/lane.ts";
import type { Projection } from "../../sinks/vector/projection.ts";
import type { TextRows } from "../../sinks/vector/write.ts";
import { markedRows, type Row, rowsOf } from "../../transforms/rows.ts";
import type { Router } from "../../transforms/route.ts";
import { type Block, blockOf } from "../../transforms/split.ts";
import type { Reject } from "../../schemas/record.ts";
import type { Spool, SpooledText } from "./spool.ts";

/** So many records are held at a time, or so many bytes and one record more. */
const SOME = 2000;
const SOME_BYTES = 4 * 1024 * 1024;

export class Stretch {
  readonly #spool: Spool;
  readonly #router: Router | undefined;
  /** Its text as it was in the file. */
  readonly #text: SpooledText;
  /** Where its blocks are in that, and where their records start in them. */
  readonly #blocks: { before: number; offset: number; bytes: number; starts: readonly number[] }[] = [];
  readonly #parts = new Map<Table, TextRows & { files: string[] }>();
  readonly #left: number[] = [];
  readonly #read = new Map<Table, { rows: Promise<ReadRows>; file: string }>();
  readonly #rowGroupBytes: number;
  #routed = 0;
  bytes = 0;
  records = 0;

  /** @param router absent where no record can be told at a glance @param rowGroupBytes bytes whose columns are held in memory */
  constructor(spool: Spool, router: Router | undefined, rowGroupBytes: number) {
    this.#spool = spool;
    this.#router = router;
    this.#rowGroupBytes = rowGroupBytes;
    this.#text = spool.text();
  }

  /** Spools a block. @param before how many records of the file come before it */
  add(block: Block, before: number): void {
    const { bytes, starts, records } = block;
    const offset = this.#text.add(bytes);
    this.#blocks.push({ before, offset, bytes: bytes.length, starts });
    const left = this.#router?.add(block, before) ?? starts.map((_, index) => before + index + 1);
    for (const recordNo of left) this.#left.push(recordNo);
    this.bytes += bytes.length;
    this.records += records;
    if (this.bytes - this.#routed >= this.#rowGroupBytes) this.#putParts();
  }

  #putParts(): void {
    this.#routed = this.bytes;
    for (const { table, file, records } of this.#router?.take() ?? []) {
      const part = this.#parts.get(table) ?? { files: [], records: 0 };
      part.files.push(this.#spool.put(file));
      this.#parts.set(table, { files: part.files, records: part.records + records });
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

  /** The record_no of the others. */
  get left(): readonly number[] {
    return this.#left;
  }

  /** The record_no of all. */
  get all(): number[] {
    return this.#blocks.flatMap(({ before, starts }) => starts.map((_, index) => before + index + 1));
  }

  /** Has a lane read a table's part. */
  readBy(lane: Lane, table: Table, projections: ReadonlyMap<Table, Projection>): void {
    const [part, projection] = [this.#parts.get(table), projections.get(table)];
    if (!part || !projection) return;
    const file = this.#spool.place();
    const rows = lane.read(projection, part, file);
    // Whoever awaits it is told; it may be that nobody comes to that.
    rows.catch(() => undefined);
    this.#read.set(table, { rows, file });
  }

  /** What a lane has read; undefined where none was to. @throws DuckDB's errors as they are */
  async read(table: Table): Promise<ReadRows | undefined> {
    return this.#read.get(table)?.rows;
  }

  /** Records as rows, some at a time. @param recordNos which, in order @param maxRecordBytes as for rowsOf() */
  *rows(recordNos: readonly number[], maxRecordBytes: number): Generator<(Row | Reject)[]> {
    let some: { recordNo: number; bytes: Buffer }[] = [];
    let size = 0;
    for (const found of this.#find(recordNos)) {
      some.push(found);
      size += found.bytes.length;
      if (some.length < SOME && size < SOME_BYTES) continue;
      yield readRows(some, maxRecordBytes);
      some = [];
      size = 0;
    }
    if (some.length > 0) yield readRows(some, maxRecordBytes);
  }

  *#find(recordNos: readonly number[]): Generator<{ recordNo: number; bytes: Buffer }> {
    let next = 0;
    for (const { before, offset, bytes, starts } of this.#blocks) {
      for (; (recordNos[next] ?? Infinity) <= before + starts.length; next += 1) {
        const recordNo = recordNos[next] as number;
        const start = starts[recordNo - before - 1] as number;
        const end = starts[recordNo - before] ?? bytes;
        yield { recordNo, bytes: this.#text.read(offset + start, end - start) };
      }
    }
  }

  /** Lets go of its files, when lanes have done with them. May be called twice. */
  async close(): Promise<void> {
    const read = [...this.#read.values()];
    await Promise.allSettled(read.map(({ rows }) => rows));
    const files = [...read.map(({ file }) => file), ...[...this.#parts.values()].flatMap((part) => part.files)];
    await Promise.all([this.#text.close(), ...files.map((file) => rm(file, { force: true }))]);
  }
}

function readRows(some: readonly { recordNo: number; bytes: Buffer }[], maxRecordBytes: number): (Row | Reject)[] {
  const block = blockOf(Buffer.concat(some.map(({ bytes }) => bytes)));
  const recordNos = some.map(({ recordNo }) => recordNo);
  return markedRows(block, recordNos) ?? rowsOf(block, 1, maxRecordBytes).map((row, index) => ({ ...row, record_no: recordNos[index] as number }));
}
