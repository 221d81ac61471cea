/** A lane: a connection of its own, and with it a thread, that reads records while others are written. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteText } from "../../schemas/names.ts";
import { interruptible } from "../interrupt.ts";
import { type Projection, projected } from "./projection.ts";
import { sourceOf, type TextRows } from "./write.ts";

/** Records that were read: what writePlain() can take in place of their text. */
export interface ReadRows {
  projection: Projection;
  files: readonly string[];
}

/** Rows that are held before they are written. */
const ROW_GROUP = 20_480;

export class Lane {
  readonly #connection: DuckDBConnection;
  readonly #signal: AbortSignal;
  #last: Promise<unknown> = Promise.resolve();

  /** @param connection its own; close() disconnects it @param signal ends what it is doing */
  constructor(connection: DuckDBConnection, signal: AbortSignal) {
    this.#connection = connection;
    this.#signal = signal;
  }

  /**
   * Writes the plain rows of records to a Parquet file, in its turn.
   * @param file its place; the caller removes it
   * @throws DuckDB's errors as they are
   */
  read(projection: Projection, { files }: TextRows, file: string): Promise<ReadRows> {
    const connection = this.#connection;
    const copy = `COPY (${projection.rows(sourceOf(files))}) TO ${quoteText(file)} (FORMAT parquet, COMPRESSION uncompressed, ROW_GROUP_SIZE ${ROW_GROUP})`;
    const done = this.#last.then(async () => {
      await interruptible(connection, this.#signal, () => connection.run(copy));
      return { projection: projected(projection), files: [file] };
    });
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Ends it when it has nothing more to do. */
  async close(): Promise<void> {
    await this.#last;
    this.#connection.disconnectSync();
  }
}
