/** Writes stretches, one after the other, while the next ones are read. */
import { availableParallelism } from "node:os";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Header } from "../../schemas/header.ts";
import type { Table } from "../../schemas/signal-types.ts";
import { interruptible } from "../../sinks/interrupt.ts";
import type { Load } from "../../sinks/load.ts";
import { ROOM } from "../../sinks/staging.ts";
import { Cores } from "../../sinks/vector/cores.ts";
import { Lanes } from "../../sinks/vector/lanes.ts";
import type { Projection } from "../../sinks/vector/projection.ts";
import { writePlain } from "../../sinks/vector/write.ts";
import { expandRows } from "../../transforms/records.ts";
import type { Stretch } from "./stretch.ts";

/** Stretches that are being read or written by DuckDB, or wait for that. */
const AHEAD = 3;

/** More lanes than two are as quick, and want more of DuckDB's memory. */
const MOST_THREADS = 3;

/** The table whose records are dearest to read: lanes read them, the others only in spare time. What lanes do not come to is read as it is written. */
const DEAREST: Table = "behavior_signals";

export interface WriterOptions {
  load: Load;
  /** Threads of DuckDB: one writes, the others are lanes. */
  threads: number;
  /** A further connection to the warehouse; whoever asks for it disconnects it. */
  connect: () => Promise<DuckDBConnection>;
  signal: AbortSignal;
  maxRecordBytes: number;
  /** Called after each stretch. */
  onStaged: () => void;
}

/** How records with a certain header are read. */
export interface Ways {
  header: Header;
  projections: ReadonlyMap<Table, Projection>;
}

export class Writer {
  readonly #options: WriterOptions;
  readonly #cores = new Cores(availableParallelism());
  readonly #lanes: Lanes;
  readonly #hasMoreCores: boolean;
  readonly #open = new Set<Stretch>();
  /** Settles when the last stretch that was handed over is written; those under way, the oldest first. */
  #written: Promise<void> = Promise.resolve();
  readonly #under: Promise<void>[] = [];
  /** Settles when the records of written stretches are appended that are read one by one. */
  #appended: Promise<void> = Promise.resolve();
  #hasFailed = false;
  /** Records that were read one by one. */
  #others = 0;

  /** The caller closes it. */
  constructor(options: WriterOptions) {
    this.#options = options;
    this.#lanes = new Lanes(options.signal, this.#cores);
    this.#hasMoreCores = availableParallelism() > options.threads;
    this.#lanes.isSpareTime = this.#hasMoreCores;
  }

  /** Makes the lanes. */
  async begin(): Promise<void> {
    for (let thread = 1; thread < Math.min(this.#options.threads, MOST_THREADS); thread += 1) this.#lanes.add(await this.#options.connect());
  }

  /** Settles when there is a core for whoever reads: all wait for the writing in the end, and reading would only slow it down. @throws what went wrong in writing */
  async core(): Promise<void> {
    if (this.#hasFailed) await this.settled();
    await this.#cores.free();
  }

  /** Settles when there is room for one stretch more. */
  async room(): Promise<void> {
    if (this.#under.length < AHEAD) return;
    this.#lanes.isSpareTime = true;
    await this.#under[0];
    this.#lanes.isSpareTime = this.#hasMoreCores;
  }

  /** Hands a stretch over, which is closed when all of it is staged. @param isLong whether it is worth the queries: DuckDB plans them for a tenth of a second */
  write(stretch: Stretch, isLong: boolean, ways: Ways): void {
    this.#open.add(stretch);
    if (isLong && this.#options.threads > 1)
      for (const table of stretch.parts.keys()) stretch.readBy(this.#lanes, table, ways.projections, table !== DEAREST);
    this.#handOver(async () => {
      const { load, signal, maxRecordBytes, onStaged } = this.#options;
      const others = isLong ? await interruptible(load.staging.connection, signal, () => this.#writePlain(stretch, ways)) : stretch.all;
      this.#others += others.length + stretch.broken;
      await this.#append(stretch.isFew(others, ROOM), async () => {
        for (const some of [stretch.rows(others, maxRecordBytes), stretch.rejects(maxRecordBytes)]) {
          for (const rows of some) {
            signal.throwIfAborted();
            load.append(await expandRows(rows, ways.header));
          }
        }
        await stretch.close();
        this.#open.delete(stretch);
        onStaged();
      });
    });
  }

  /** Settles when all that was handed over is staged. @throws what went wrong in writing */
  async settled(): Promise<void> {
    // What went wrong in writing may have made appending fail, too: it is told first.
    await Promise.allSettled([this.#written]);
    await Promise.allSettled([this.#appended]);
    await this.#written;
    await this.#appended;
  }

  /** All was handed over. @returns how many records were read one by one @throws what went wrong in writing */
  async end(): Promise<number> {
    this.#lanes.isSpareTime = true;
    await this.settled();
    return this.#others;
  }

  /** Closes what is open still, after a failure. */
  async close(): Promise<void> {
    await this.settled().catch(() => undefined);
    // Those that were handed over behind one that failed, too. What cannot be removed goes with the spool.
    await Promise.allSettled([...this.#open].map((stretch) => stretch.close()));
    await this.#lanes.close();
  }

  #handOver(work: () => Promise<void>): void {
    const written = this.#written.then(work);
    this.#written = written;
    this.#under.push(written);
    written.then(
      () => this.#under.shift(),
      // It is awaited later; without this a failure in between would count as unhandled.
      () => (this.#hasFailed = true),
    );
  }

  /** Begins to append records, after those before them; where they are few, whoever writes goes on meanwhile. */
  async #append(areFew: boolean, work: () => Promise<void>): Promise<void> {
    await this.#appended;
    this.#options.load.staging.makeRoom();
    this.#appended = work();
    this.#appended.catch(() => (this.#hasFailed = true));
    if (!areFew) await this.#appended;
  }

  /** @returns the record_no of those that are not plain, in order */
  async #writePlain(stretch: Stretch, { projections }: Ways): Promise<number[]> {
    const { load, signal } = this.#options;
    const others = [...stretch.left];
    for (const [table, rows] of stretch.parts) {
      signal.throwIfAborted();
      const read = (await stretch.read(table)) ?? { projection: projections.get(table) as Projection, files: rows.files };
      for (const recordNo of await this.#cores.use(() => writePlain(load, rows, read))) others.push(recordNo);
    }
    return others.sort((a, b) => a - b);
  }
}
