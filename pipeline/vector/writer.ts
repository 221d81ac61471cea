/** Writes stretches, one after the other, while the next ones are read. */
import type { Header } from "../../schemas/header.ts";
import { interruptible } from "../../sinks/interrupt.ts";
import type { Load } from "../../sinks/load.ts";
import { ROOM } from "../../sinks/staging.ts";
import { writePlain } from "../../sinks/vector/write.ts";
import { expandRows } from "../../transforms/records.ts";
import type { Stretch } from "./stretch.ts";

/** Stretches that are being written, or wait for that. */
const AHEAD = 2;

export interface WriterOptions {
  load: Load;
  /** Threads of DuckDB that write. */
  threads: number;
  signal: AbortSignal;
  maxRecordBytes: number;
  /** Called after each stretch. */
  onStaged: () => void;
}

export class Writer {
  readonly #options: WriterOptions;
  /** Those that were handed over and are not closed. */
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
  }

  /** Settles when there is room for one stretch more. @throws what went wrong in writing */
  async room(): Promise<void> {
    if (this.#under.length >= AHEAD) await this.#under[0];
  }

  /** Ends reading early where writing has failed. @throws what went wrong in writing */
  async check(): Promise<void> {
    if (this.#hasFailed) await this.settled();
  }

  /** Hands a stretch over, which is closed when all of it is staged. */
  write(stretch: Stretch, header: Header): void {
    this.#open.add(stretch);
    const written = this.#written.then(() => this.#write(stretch, header));
    this.#written = written;
    this.#under.push(written);
    written.then(
      () => this.#under.shift(),
      // It is awaited later; without this a failure in between would count as unhandled.
      () => (this.#hasFailed = true),
    );
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
    await this.settled();
    return this.#others;
  }

  /** Closes what is open still, after a failure. */
  async close(): Promise<void> {
    await this.settled().catch(() => undefined);
    // Those that were handed over behind one that failed, too. What cannot be removed goes with the spool.
    await Promise.allSettled([...this.#open].map((stretch) => stretch.close()));
  }

  async #write(stretch: Stretch, header: Header): Promise<void> {
    const { load, signal, threads } = this.#options;
    await interruptible(load.staging.connection, signal, async () => {
      for (const plain of stretch.plain) {
        signal.throwIfAborted();
        await writePlain(load, plain, header, threads);
      }
    });
    await stretch.forgetPlain();
    this.#others += stretch.left;
    // Records are appended behind those before them; where they are few, the next stretch is written meanwhile.
    await this.#appended;
    load.staging.makeRoom();
    this.#appended = this.#append(stretch, header);
    this.#appended.catch(() => (this.#hasFailed = true));
    if (!stretch.isFew(ROOM)) await this.#appended;
  }

  /** Appends the records that are left, and closes the stretch. */
  async #append(stretch: Stretch, header: Header): Promise<void> {
    const { load, signal, maxRecordBytes, onStaged } = this.#options;
    if (stretch.left > 0) {
      for (const rows of stretch.rows(maxRecordBytes)) {
        signal.throwIfAborted();
        load.append(await expandRows(rows, header));
      }
    }
    await stretch.close();
    this.#open.delete(stretch);
    onStaged();
  }
}
