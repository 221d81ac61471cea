/** Staging: the records of one file, as text, in temporary tables of the load's own connection. */
import type { DuckDBAppender, DuckDBConnection } from "@duckdb/node-api";
import { messageOf } from "../schemas/errors.ts";
import type { Header } from "../schemas/header.ts";
import { quoteIdentifier as id } from "../schemas/names.ts";
import type { Drift, OrderItem, Reject, SignalRecord } from "../schemas/record.ts";
import type { Table } from "../schemas/signal-types.ts";
import { type Column, ORDER_ITEM_COLUMNS, SIGNAL_TABLES } from "../schemas/tables.ts";
import { contactColumnsOf } from "./merge.ts";
import { onlyRow, rows } from "./sql.ts";
import type { Projection } from "./vector/projection.ts";

/** What `records` rejects and drift were seen while staging. */
export interface StagedCounts {
  records: number;
  rejected: number;
  /** Rows staged for each table. */
  rows: Record<Table, number>;
}

interface DriftCount extends Drift {
  signalType: string;
  records: number;
  firstRecordNo: number;
  lastRecordNo: number;
}

/** More kinds of drift than this in one file are counted together: a sender that makes up field names must not fill the memory. */
const MAX_DRIFT_KINDS = 10_000;

/** The appenders hold what they are given outside DuckDB's memory limit until they are flushed; by default that is 204,800 rows. */
const FLUSH_RECORDS = 8192;
/** The same for records that are large, in characters of their content or raw text. */
const FLUSH_CHARACTERS = 16 * 1024 * 1024;

/** The columns of a staging table: everything is text but the numbers that are our own. */
const stagedColumns = (columns: readonly Column[]) =>
  columns.filter(({ name }) => name !== "load_id").map(({ name, kind }) => ({ name, kind, type: stagedType(kind) }));

function stagedType(kind: Column["kind"]): string {
  if (kind === "integer") return "BIGINT";
  return kind === "json" ? "JSON" : "VARCHAR";
}

const ITEM_COLUMNS: readonly Column[] = [...ORDER_ITEM_COLUMNS, { name: "record_no", kind: "integer", type: "BIGINT" }];
const REJECT_COLUMNS = ["record_no BIGINT", "code VARCHAR", "reason VARCHAR", "raw VARCHAR", "raw_bytes BLOB"];

/**
 * Takes the records of one file in. Temporary tables live in DuckDB's buffers and go to its temporary folder beyond its memory limit,
 * so that memory does not depend on the file's size.
 */
export class Staging {
  readonly connection: DuckDBConnection;
  readonly counts: StagedCounts = { records: 0, rejected: 0, rows: { marketing_signals: 0, behavior_signals: 0 } };
  readonly #drift = new Map<string, DriftCount>();
  readonly #appenders = new Map<string, DuckDBAppender>();
  #unflushed = { records: 0, characters: 0 };
  #columns: Partial<Record<Table, readonly Column[]>> = {};
  header: Header | undefined;

  /** @param connection the load's own; close() disconnects it, which drops the temporary tables */
  constructor(connection: DuckDBConnection) {
    this.connection = connection;
  }

  /** Makes the tables for a file with this header. Called once, before the first record. */
  async begin(header: Header): Promise<void> {
    this.header = header;
    const contact = contactColumnsOf(header).map((name): Column => ({ name, kind: "text", type: "VARCHAR" }));
    for (const [table, columns] of Object.entries(SIGNAL_TABLES)) {
      this.#columns[table as Table] = await this.#make(`staged_${table}`, stagedColumns([...columns, ...contact]));
    }
    await this.#make("staged_order_items", stagedColumns(ITEM_COLUMNS));
    await this.connection.run(`CREATE OR REPLACE TEMP TABLE staged_rejects (${REJECT_COLUMNS.join(", ")})`);
    this.#appenders.set("staged_rejects", await this.connection.createAppender("staged_rejects", "main", "temp"));
  }

  async #make(name: string, columns: readonly Column[]): Promise<readonly Column[]> {
    await this.connection.run(`CREATE OR REPLACE TEMP TABLE ${name} (${columns.map((column) => `${id(column.name)} ${column.type}`).join(", ")})`);
    this.#appenders.set(name, await this.connection.createAppender(name, "main", "temp"));
    return columns;
  }

  /**
   * Reads a block of the file with DuckDB, and stages its plain records.
   * @param file where the block is
   * @param before how many records of the file come before it
   * @param records how many the block has
   * @returns the records in doubt, by their number in the block, from 1; undefined where DuckDB does not read the block as it was cut: then nothing of it
   * is staged
   */
  async project(projection: Projection, file: string, before: number, records: number): Promise<number[] | undefined> {
    const { connection } = this;
    try {
      await connection.run(projection.read(file));
    } catch (error) {
      if (isOutOfRoom(error)) throw error;
      return undefined;
    }
    const { n } = await onlyRow<{ n: bigint }>(connection, "SELECT count(*) AS n FROM block");
    if (Number(n) !== records) return undefined;
    for (const sql of projection.judge) await connection.run(sql);
    const doubted = await rows<{ n: bigint }>(connection, projection.doubted);
    for (const table of Object.keys(SIGNAL_TABLES) as Table[]) {
      const { rowsChanged } = await connection.run(projection.stage(table, this.#columns[table] as readonly Column[], before));
      this.counts.rows[table] += rowsChanged;
      this.counts.records += rowsChanged;
    }
    return doubted.map((row) => Number(row.n));
  }

  /** Adds records and rejects, in the file's order. */
  append(records: readonly (SignalRecord | Reject)[]): void {
    for (const record of records) {
      this.counts.records += 1;
      if (record.kind === "reject") this.#appendReject(record);
      else this.#appendRecord(record);
      this.#unflushed.records += 1;
      this.#unflushed.characters += (record.kind === "reject" ? record.raw : (record.signal_content ?? "")).length;
      if (this.#unflushed.records >= FLUSH_RECORDS || this.#unflushed.characters >= FLUSH_CHARACTERS) this.#flush();
    }
  }

  #flush(): void {
    for (const appender of this.#appenders.values()) appender.flushSync();
    this.#unflushed = { records: 0, characters: 0 };
  }

  #appendRecord(record: SignalRecord): void {
    const { table } = record;
    this.counts.rows[table] += 1;
    appendRow(this.#appender(`staged_${table}`), this.#columns[table] as readonly Column[], record);
    for (const item of record.items ?? []) this.#appendItem(record, item);
    for (const drift of record.drift ?? []) this.#countDrift(record, drift);
  }

  #appendItem(record: SignalRecord, item: OrderItem): void {
    const { signal_key, record_no, occurred_at } = record;
    appendRow(this.#appender("staged_order_items"), STAGED_ITEM_COLUMNS, {
      ...item,
      signal_key,
      record_no,
      occurred_at,
      order_id: record["order_id"],
    });
  }

  #appendReject({ record_no, code, reason, raw, raw_bytes }: Reject): void {
    this.counts.rejected += 1;
    const appender = this.#appender("staged_rejects");
    appender.appendBigInt(BigInt(record_no));
    for (const text of [code, reason, raw]) appender.appendVarchar(text);
    if (raw_bytes) appender.appendBlob(raw_bytes);
    else appender.appendNull();
    appender.endRow();
  }

  #appender(name: string): DuckDBAppender {
    return this.#appenders.get(name) as DuckDBAppender;
  }

  #countDrift(record: SignalRecord, { field, reason }: Drift): void {
    const full = this.#drift.size >= MAX_DRIFT_KINDS;
    const key = [record.signal_type, field, reason].join("\u001f");
    const known = this.#drift.get(key) ?? (full ? this.#drift.get(reason) : undefined);
    if (known) {
      // A record may have a field in several items, and counts once.
      if (known.lastRecordNo !== record.record_no) known.records += 1;
      known.lastRecordNo = record.record_no;
    } else {
      const count = {
        signalType: full ? "(many)" : record.signal_type,
        field: full ? "(many)" : field,
        reason,
        records: 1,
        firstRecordNo: record.record_no,
        lastRecordNo: record.record_no,
      };
      this.#drift.set(full ? reason : key, count);
    }
  }

  /** Everything was appended: what is still in the appenders goes to the tables. */
  finish(): void {
    for (const appender of this.#appenders.values()) appender.closeSync();
    this.#appenders.clear();
  }

  /** Drops everything staged, and the connection with it. */
  close(): void {
    this.connection.disconnectSync();
  }

  /** What was seen that the schema does not know, counted. */
  get drift(): readonly DriftCount[] {
    return [...this.#drift.values()];
  }
}

/** A disk or memory that is full says nothing about the block. */
const isOutOfRoom = (error: unknown) => /out of memory|no space left|failed to write|could not write/i.test(messageOf(error));

const STAGED_ITEM_COLUMNS = stagedColumns(ITEM_COLUMNS);

function appendRow(appender: DuckDBAppender, columns: readonly Column[], row: Readonly<Record<string, unknown>>): void {
  for (const { name, kind } of columns) {
    const value = row[name];
    if (value === undefined || value === null) appender.appendNull();
    else if (typeof value === "string") appender.appendVarchar(value);
    else if (kind === "integer") appender.appendBigInt(BigInt(value as number));
    else appender.appendVarchar(JSON.stringify(value));
  }
  appender.endRow();
}
