/** One file's way into the warehouse: staged, then merged, with rejects, drift, new columns and the ledger's row, in one transaction. */
import type { Header, LaterHeader, NewColumn, RepeatedName } from "../schemas/header.ts";
import type { Reject, SignalRecord } from "../schemas/record.ts";
import type { Table } from "../schemas/signal-types.ts";
import { type AmountsLeftOut, amountsLeftOut } from "./amounts.ts";
import { type FileIdentity, insertLoad, laterLoadWithBytes, type LoadCounts, nextLoadId } from "./ledger.ts";
import type { KeysInEffect } from "./mart-settings.ts";
import { useMemory } from "./memory.ts";
import { ledgerRows, seal, signalRows } from "./seals.ts";
import { onlyRow } from "./sql.ts";
import { Staging } from "./staging.ts";
import { suppress, type Suppression, suppressionOf } from "./suppress.ts";
import { keepingThreads, useThreads } from "./threads.ts";
import { Transaction } from "./transaction.ts";
import type { Warehouse } from "./warehouse.ts";
import { type AddedColumns, addContactColumns } from "./add-contact-columns.ts";
import { type Written, writeStaged } from "./write-staged.ts";

/** A file that was read to its end. */
export interface ReadFile extends FileIdentity {
  /** Of the bytes received, in hex. */
  sha256: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
  runId: bigint | null;
  /** Records that were read one by one; all where nothing is said. */
  rowPathRecords?: number | undefined;
}

export interface LoadResult extends LoadCounts {
  loadId: bigint;
  status: "loaded" | "duplicate";
  /** Where the same bytes were loaded from before, for a duplicate. */
  duplicateOf?: string;
  /** Amounts of the rows that it wrote. */
  amountsLeftOut: AmountsLeftOut;
  /** Contact columns that the warehouse did not have before. */
  newColumns: readonly NewColumn[];
  /** By which keys contacts are told apart, where that has become clear with those. */
  keys?: KeysInEffect;
  /** Names of fixed columns that stand more than once in a header row. */
  repeatedNames: readonly RepeatedName[];
  /** Header rows behind the first one. */
  laterHeaders: readonly LaterHeader[];
}

const NOTHING: Written = {
  records: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  rejected: 0,
  suppressed: 0,
  orderItems: 0,
  newColumns: [],
  removed: [],
};

/** So many rows take several threads a shorter time than it takes to start them. */
const MANY_ROWS = 100_000;

/**
 * How often a checkpoint makes full row groups out of some that are not, in each table: DuckDB's own 100 would write up to a fifth of a large file's rows anew, of what its threads have left; never would leave one row
 * group more in each table with every load. Where rows were removed their places are to be used again.
 */
function vacuumTasks({ updated }: LoadCounts, { counts }: Staging): number {
  if (updated > 0) return 100;
  return counts.plain >= MANY_ROWS ? 0 : 1;
}

/**
 * A load: begin, append, commit; or, at any time, abandon. Whoever opened it closes it, which abandons what is not committed. Memory: that of Staging, and DuckDB's limit.
 * Of the loads of a warehouse one at a time may have its transaction open; others may be staged meanwhile.
 */
export class Load {
  /** What was read of the file. */
  readonly staging: Staging;
  readonly #warehouse: Warehouse;
  #transaction: Transaction | undefined;
  #id: bigint | undefined;
  #added: AddedColumns = { columns: [] };
  readonly #others = new Map<Table, boolean>();
  #suppression: { header: Header; known: Suppression | undefined } | undefined;

  private constructor(warehouse: Warehouse, staging: Staging) {
    this.#warehouse = warehouse;
    this.staging = staging;
  }

  /** Opens a load on a connection of its own. */
  static async open(warehouse: Warehouse): Promise<Load> {
    return new Load(warehouse, new Staging(await warehouse.connect()));
  }

  /** Its number, once its transaction is open. */
  get id(): bigint | undefined {
    return this.#id;
  }

  /**
   * Makes staging for a file with this header.
   * @param isDirect whether rows are to go straight into the tables: the transaction is open from here on, and the load before must be over
   * @throws SignalhouseError warehouse_failed, as commit()
   */
  async begin(header: Header, isDirect = false): Promise<void> {
    this.#warehouse.contactColumns.push(...header.added);
    await this.staging.begin(header);
    if (!isDirect) return;
    await this.#openTransaction();
    this.#added = await addContactColumns(this.staging.connection, header, this.#id as bigint);
  }

  /** Makes room for the columns of a later header, which holds for the records behind so many. As Staging.extend(). */
  async extend(header: Header, after: number): Promise<void> {
    this.#warehouse.contactColumns.push(...header.added);
    await this.staging.extend(header, after);
  }

  /** How records of this header tell that they are of somebody who was forgotten; undefined where nobody was. @throws SignalhouseError config_invalid */
  async suppression(header: Header): Promise<Suppression | undefined> {
    if (this.#suppression?.header !== header)
      this.#suppression = { header, known: await suppressionOf(this.staging.connection, header, this.#warehouse.privacyKey) };
    return this.#suppression.known;
  }

  /** Adds records and rejects, in the file's order. */
  append(records: readonly (SignalRecord | Reject)[]): void {
    this.staging.append(records);
  }

  /** Whether a table has rows of other loads; the load's transaction sees those that it began with. */
  async hasOthers(table: Table): Promise<boolean> {
    const known = this.#others.get(table);
    if (known !== undefined) return known;
    const { any } = await onlyRow<{ any: boolean }>(this.staging.connection, `SELECT EXISTS (FROM ${table} WHERE load_id <> ${this.#id}) AS any`);
    this.#others.set(table, any);
    return any;
  }

  /**
   * Merges what was staged into the warehouse: after it everything is there, or, whatever happens, nothing. A file whose bytes are there as those of a later export is only noted, as a duplicate.
   * @param threads of DuckDB, for many rows
   * @throws SignalhouseError warehouse_failed where rows are of loads that the ledger does not have; DuckDB's errors as they are
   */
  async commit(file: ReadFile, threads = 1): Promise<LoadResult> {
    const { connection, counts } = this.staging;
    return keepingThreads(connection, async () => {
      if (counts.records >= MANY_ROWS) await useThreads(connection, threads);
      return this.#commit(file, threads);
    });
  }

  async #commit(file: ReadFile, threads: number): Promise<LoadResult> {
    const { staging } = this;
    const { connection } = staging;
    // What is still in the appenders, where whoever has read the file has not seen to it.
    staging.finish();
    const twin = await laterLoadWithBytes(staging.connection, file);
    if (twin) await this.abandon();
    try {
      const loadId = await this.#openTransaction();
      if (!twin) await suppress(staging, this.#warehouse.privacyKey);
      const written = twin ? NOTHING : await writeStaged(staging, loadId, file, { threads, memory: this.#warehouse.memory });
      const { records, inserted, updated, unchanged, rejected, suppressed, orderItems } = written;
      const counts = { records, inserted, updated, unchanged, rejected, suppressed };
      const keys = this.#added.keys ?? written.keys;
      const status = twin ? "duplicate" : "loaded";
      const laterHeaders = twin ? [] : staging.laterHeaders;
      await insertLoad(staging.connection, {
        ...file,
        ...counts,
        loadId,
        status,
        rowPathRecords: twin ? 0 : (file.rowPathRecords ?? records),
        orderItems,
        header: staging.header?.names ?? null,
        laterHeaders,
        note: twin ? `the same bytes as ${twin.path}` : null,
      });
      await seal(connection, [...ledgerRows(loadId), ...(twin ? [] : signalRows(loadId))]);
      const result: LoadResult = {
        loadId,
        status,
        ...counts,
        ...(twin ? { duplicateOf: twin.path } : {}),
        amountsLeftOut: twin ? {} : await amountsLeftOut(staging.connection, loadId),
        newColumns: twin ? [] : [...this.#added.columns, ...written.newColumns],
        ...(keys && !twin ? { keys } : {}),
        repeatedNames: twin ? [] : staging.repeated,
        laterHeaders,
      };
      await connection.run(`SET max_vacuum_tasks = ${vacuumTasks(counts, staging)}`);
      await this.#transaction?.commit();
      return result;
    } finally {
      await this.abandon();
    }
  }

  /** Takes everything back that is not committed. May be called twice. */
  async abandon(): Promise<void> {
    const transaction = this.#transaction;
    this.#transaction = this.#id = undefined;
    await transaction?.rollback();
  }

  /** Abandons what is not committed, drops what was staged, and gives DuckDB the memory again that a load may have held back. May be called twice. */
  async close(): Promise<void> {
    await this.abandon();
    this.staging.close();
    // After a fatal error DuckDB does nothing any more; that error is the one to tell.
    await useMemory(this.#warehouse.connection, this.#warehouse.memory).catch(() => undefined);
  }

  async #openTransaction(): Promise<bigint> {
    this.#transaction ??= await Transaction.begin(this.staging.connection);
    this.#id ??= await nextLoadId(this.staging.connection);
    return this.#id;
  }
}
