/** Lanes: connections of their own, and with each a thread, that read records while others are written. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteText } from "../../schemas/names.ts";
import { interruptible } from "../interrupt.ts";
import type { Cores } from "./cores.ts";
import { type Projection, projected } from "./projection.ts";
import { type ReadRows, sourceOf, type TextRows } from "./text-rows.ts";

/** Rows that are held before they are written. */
const ROW_GROUP = 20_480;

/** Something to read: by the next lane that is free, unless whoever wants it comes first. */
export class Reading {
  readonly #copy: string;
  readonly #rows: ReadRows;
  #isTaken = false;
  #done: Promise<unknown> | undefined;

  constructor(copy: string, rows: ReadRows) {
    this.#copy = copy;
    this.#rows = rows;
  }

  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** Reads it, unless it was taken. Does not throw: take() does. */
  async run(connection: DuckDBConnection, signal: AbortSignal): Promise<void> {
    if (this.#isTaken) return;
    this.#done = interruptible(connection, signal, () => connection.run(this.#copy));
    await Promise.allSettled([this.#done]);
  }

  /** What was read, when that is done; undefined where no lane has come to it: then none will. May be called twice. @throws DuckDB's errors as they are */
  async take(): Promise<ReadRows | undefined> {
    this.#isTaken = true;
    if (!this.#done) return undefined;
    await this.#done;
    return this.#rows;
  }
}

export class Lanes {
  readonly #signal: AbortSignal;
  readonly #cores: Cores;
  readonly #idle: DuckDBConnection[] = [];
  readonly #waiting: Reading[] = [];
  readonly #spare: Reading[] = [];
  #isSpareTime = false;
  readonly #working = new Set<Promise<void>>();

  /** @param signal ends what they are doing @param cores are told what they use */
  constructor(signal: AbortSignal, cores: Cores) {
    this.#signal = signal;
    this.#cores = cores;
  }

  /** One lane more. @param connection its own; close() disconnects it */
  add(connection: DuckDBConnection): void {
    this.#idle.push(connection);
  }

  /**
   * Has the plain rows of records written to a Parquet file, in turn.
   * @param file its place; the caller removes it
   * @param isSpare whether that is worth it only in spare time: what a lane reads costs more than what is read by whoever writes it
   */
  read(projection: Projection, { files }: Pick<TextRows, "files">, file: string, isSpare = false): Reading {
    const copy = `COPY (${projection.rows(sourceOf(files))}) TO ${quoteText(file)} (FORMAT parquet, COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1, ROW_GROUP_SIZE ${ROW_GROUP})`;
    const reading = new Reading(copy, { projection: projected(projection), files: [file] });
    (isSpare ? this.#spare : this.#waiting).push(reading);
    this.#start();
    return reading;
  }

  /** Says whether it is spare time: nobody else has a use for the cores. */
  set isSpareTime(is: boolean) {
    this.#isSpareTime = is;
    this.#start();
  }

  /** Sets lanes to work that have none. */
  #start(): void {
    // What was taken is taken in order.
    while (this.#spare[0]?.isTaken) this.#spare.shift();
    while (this.#idle.length > 0) {
      const reading = this.#next();
      if (!reading) return;
      const work = this.#work(this.#idle.pop() as DuckDBConnection, reading).finally(() => this.#working.delete(work));
      this.#working.add(work);
    }
  }

  #next(): Reading | undefined {
    return this.#waiting.shift() ?? (this.#isSpareTime ? this.#spare.shift() : undefined);
  }

  async #work(connection: DuckDBConnection, first: Reading): Promise<void> {
    for (let next: Reading | undefined = first; next; next = this.#next()) {
      const reading = next;
      await this.#cores.use(() => reading.run(connection, this.#signal));
    }
    this.#idle.push(connection);
  }

  /** Ends them when they have done what they are doing. */
  async close(): Promise<void> {
    this.#waiting.length = this.#spare.length = 0;
    await Promise.all(this.#working);
    for (const connection of this.#idle) connection.disconnectSync();
  }
}
