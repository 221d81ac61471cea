/** Staging: the records of one file, in temporary tables of the load's own connection; those that meet nothing may go straight into the warehouse's tables. */
import type { DuckDBAppender, DuckDBConnection } from "@duckdb/node-api";
import type { FieldMeaning, Header, LaterHeader, RepeatedName } from "../schemas/header.ts";
import { quoteIdentifier as id } from "../schemas/names.ts";
import type { Drift, OrderItem, Reject, SignalRecord } from "../schemas/record.ts";
import type { Table } from "../schemas/signal-types.ts";
import { type Column, ORDER_ITEM_COLUMNS, tableColumns, TABLES } from "../schemas/tables.ts";

/** What `records` rejects and drift were seen while staging. */
export interface StagedCounts {
  records: number;
  rejected: number;
  /** Left out, as they are of somebody who was forgotten. */
  suppressed: number;
  /** Rows staged for each table. */
  rows: Record<Table, number>;
  /** Rows that went straight into each table. */
  direct: Record<Table, number>;
  /** Those of both that DuckDB has read by itself. */
  plain: number;
  /** Of contents and of the raw text of rejects, as they were appended. */
  characters: number;
}

/** How many records of a file have drift of a kind. */
export interface DriftCount extends Drift {
  signalType: string;
  records: number;
  firstRecordNo: number;
}

type DriftKind = Omit<DriftCount, "records" | "firstRecordNo">;

const keyOf = ({ signalType, field, reason }: DriftKind) => [signalType, field, reason].join("\u001f");

/** More kinds of drift than this in one file are counted together: a sender that makes up field names must not fill the memory. */
export const MAX_DRIFT_KINDS = 10_000;

/**
 * The appenders hold what they are given outside DuckDB's memory limit until they are flushed; by default that is 204,800 rows. Here so many records are flushed, or so many
 * characters of their content or raw text, or items, of which one order may have most.
 */
const MOST = { records: 8192, characters: 16 * 1024 * 1024, items: 50_000 };
/** What there is room for after makeRoom(). */
export const ROOM = { records: 4096, characters: 8 * 1024 * 1024 };

type ContactField = FieldMeaning & { contact: true };

const ITEM_COLUMNS: readonly Column[] = [
  ...ORDER_ITEM_COLUMNS.filter(({ name }) => name !== "load_id"),
  { name: "record_no", kind: "integer", type: "BIGINT" },
];
const REJECT_COLUMNS = ["record_no BIGINT", "code VARCHAR", "reason VARCHAR", "raw VARCHAR", "raw_bytes BLOB"];

const stagedColumns = (table: Table, header: Header) => tableColumns(table, header).filter(({ name }) => name !== "load_id");

/** Records are appended as canonical text, but for the numbers that are our own. */
const textType = ({ kind, type }: Column) => (kind === "integer" ? type : kind === "json" ? "JSON" : "VARCHAR");

/** SQL of the typed value of a column, of canonical text: no such cast can fail. @param text SQL of it */
export function castSql({ kind, type }: Column, text: string): string {
  if (kind === "text" || kind === "json" || kind === "integer") return text;
  return `CAST(${kind === "texts" ? `CAST(${text} AS JSON)` : text} AS ${type})`;
}

const typed = (column: Column): string => `${castSql(column, id(column.name))} AS ${id(column.name)}`;

/**
 * Takes the records of one file in. What is staged for a table is seen, typed, as the view staged_TABLE: `read_TABLE` has what was read record by record, as text; `held_TABLE` typed
 * rows. Temporary tables live in DuckDB's buffers and go to its temporary folder beyond its memory limit, so that memory does not depend on the file's size.
 */
export class Staging {
  readonly connection: DuckDBConnection;
  readonly counts: StagedCounts = {
    records: 0,
    rejected: 0,
    suppressed: 0,
    rows: { marketing_signals: 0, behavior_signals: 0 },
    direct: { marketing_signals: 0, behavior_signals: 0 },
    plain: 0,
    characters: 0,
  };
  readonly #drift = new Map<string, DriftCount & { lastRecordNo?: number }>();
  readonly #appenders = new Map<string, DuckDBAppender>();
  #unflushed = { records: 0, characters: 0, items: 0 };
  readonly #columns = new Map<string, readonly Column[]>([["order_items", ITEM_COLUMNS]]);
  /** The first header row's, with the contact columns of all. */
  header: Header | undefined;
  /** All header rows behind the first one. */
  readonly laterHeaders: LaterHeader[] = [];
  /** Names that stand more than once in a header row. */
  readonly repeated: RepeatedName[] = [];

  /** @param connection the load's own; close() disconnects it, which drops the temporary tables */
  constructor(connection: DuckDBConnection) {
    this.connection = connection;
  }

  /** Makes the tables for a file with this header. Called once, before the first record. */
  async begin(header: Header): Promise<void> {
    this.header = header;
    this.repeated.push(...header.repeated);
    for (const table of TABLES) {
      const columns = stagedColumns(table, header);
      this.#columns.set(table, columns);
      await this.#make(
        `held_${table}`,
        columns.map(({ name, type }) => `${id(name)} ${type}`),
      );
    }
    for (const [table, columns] of this.#columns) {
      const name = `read_${table}`;
      await this.#make(
        name,
        columns.map((column) => `${id(column.name)} ${textType(column)}`),
      );
      this.#appenders.set(name, await this.connection.createAppender(name, "main", "temp"));
      await this.#show(table);
    }
    // One for all of them: a table that is made anew keeps its memory until the load's transaction ends.
    await this.#make("held_back", ["record_no BIGINT"]);
    await this.#make("staged_rejects", REJECT_COLUMNS);
    this.#appenders.set("staged_rejects", await this.connection.createAppender("staged_rejects", "main", "temp"));
  }

  /** The contact columns of a later header that there is no room for yet. */
  lacking(header: Header): ContactField[] {
    const present = new Set(this.header?.fields.map(({ column }) => column));
    return header.fields.filter((field): field is ContactField => field.contact && !present.has(field.column));
  }

  /**
   * Makes room for the contact columns of a header that holds for the records behind so many. Where rows were staged in the open transaction there must be
   * none that are lacking(): DuckDB does not add a column to a table that the transaction has written to.
   */
  async extend(header: Header, after: number): Promise<void> {
    this.laterHeaders.push({ after, names: header.names });
    this.repeated.push(...header.repeated.filter((name) => !this.repeated.some((known) => known.header === name.header)));
    const fields = this.lacking(header);
    if (fields.length === 0 || !this.header) return;
    this.header = { ...this.header, fields: [...this.header.fields, ...fields] };
    for (const table of TABLES) {
      this.#appender(`read_${table}`).closeSync();
      for (const { column } of fields) {
        for (const name of [`held_${table}`, `read_${table}`]) await this.connection.run(`ALTER TABLE ${name} ADD COLUMN ${id(column)} VARCHAR`);
      }
      // The columns of contacts come last.
      this.#columns.set(table, stagedColumns(table, this.header));
      this.#appenders.set(`read_${table}`, await this.connection.createAppender(`read_${table}`, "main", "temp"));
      await this.#show(table);
    }
  }

  async #make(name: string, columns: readonly string[]): Promise<void> {
    await this.connection.run(`CREATE OR REPLACE TEMP TABLE ${name} (${columns.join(", ")})`);
  }

  async #show(table: string, where = ""): Promise<void> {
    const read = `SELECT ${(this.#columns.get(table) as readonly Column[]).map(typed).join(", ")} FROM read_${table}`;
    const all = table === "order_items" ? read : `${read} UNION ALL FROM held_${table}`;
    await this.connection.run(`CREATE OR REPLACE TEMP VIEW staged_${table} AS FROM (${all}) ${where}`);
  }

  /** Leaves records out of what is staged for a table. @param recordNos SQL that gives them */
  async leaveOut(table: Table, recordNos: string): Promise<void> {
    await this.#show(table, `WHERE record_no NOT IN (${recordNos})`);
  }

  /** Adds records and rejects, in the file's order. */
  append(records: readonly (SignalRecord | Reject)[]): void {
    for (const record of records) {
      this.counts.records += 1;
      if (record.kind === "reject") {
        if (record.isForgotten) this.counts.suppressed += 1;
        else this.#appendReject(record);
      } else this.#appendRecord(record);
      this.#unflushed.records += 1;
      const { length } = record.kind === "reject" ? record.raw : (record.signal_content ?? "");
      this.#unflushed.characters += length;
      this.counts.characters += length;
      if (this.#unflushed.records >= MOST.records || this.#unflushed.characters >= MOST.characters) this.#flush();
    }
  }

  /** Sees to it that as many records as ROOM says can be appended while the connection is at something else: flushing would wait for that, and the process with it. */
  makeRoom(): void {
    const { records, characters } = this.#unflushed;
    if (records + ROOM.records >= MOST.records || characters + ROOM.characters >= MOST.characters) this.#flush();
  }

  #flush(): void {
    for (const appender of this.#appenders.values()) appender.flushSync();
    this.#unflushed = { records: 0, characters: 0, items: 0 };
  }

  /** Counts rows that were written straight into a table, and into held_TABLE. */
  count(table: Table, { direct, held }: { direct: number; held: number }): void {
    this.counts.direct[table] += direct;
    this.counts.rows[table] += held;
    this.counts.plain += direct + held;
    this.counts.records += direct + held;
  }

  /**
   * Counts drift of records that were not appended.
   * @param any whether kinds beyond those that are counted by themselves are counted together, as far as they go here
   * @returns false, and counts nothing, where there are too many kinds otherwise: which of them are counted by themselves goes by the order of all records
   */
  countDrift(counts: readonly DriftCount[], any: boolean): boolean {
    const fresh = counts.filter((count) => !this.#drift.has(keyOf(count))).length;
    if (!any && fresh > 0 && this.#drift.size + fresh > MAX_DRIFT_KINDS) return false;
    for (const { records, firstRecordNo, ...kind } of counts) {
      const count = this.#countOf(kind, firstRecordNo);
      count.records += records;
      count.firstRecordNo = Math.min(count.firstRecordNo, firstRecordNo);
    }
    return true;
  }

  #appendRecord(record: SignalRecord): void {
    const { table } = record;
    this.counts.rows[table] += 1;
    this.#appendRow(table, record);
    for (const item of record.items ?? []) this.#appendItem(record, item);
    for (const drift of record.drift ?? []) this.#countDrift(record, drift);
  }

  #appendItem(record: SignalRecord, item: OrderItem): void {
    this.#unflushed.items += 1;
    if (this.#unflushed.items >= MOST.items) this.#flush();
    const { signal_key, record_no, occurred_at } = record;
    this.#appendRow("order_items", { ...item, signal_key, record_no, occurred_at, order_id: record["order_id"] });
  }

  #appendRow(table: string, row: Readonly<Record<string, unknown>>): void {
    const appender = this.#appender(`read_${table}`);
    for (const { name, kind } of this.#columns.get(table) as readonly Column[]) {
      const value = row[name];
      if (value === undefined || value === null) appender.appendNull();
      else if (typeof value === "string") appender.appendVarchar(value);
      else if (kind === "integer") appender.appendBigInt(BigInt(value as number));
      else appender.appendVarchar(JSON.stringify(value));
    }
    appender.endRow();
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

  #countDrift({ signal_type: signalType, record_no }: SignalRecord, drift: Drift): void {
    const count = this.#countOf({ signalType, ...drift }, record_no);
    // A record may have a field in several items, and counts once.
    if (count.lastRecordNo !== record_no) count.records += 1;
    count.lastRecordNo = record_no;
  }

  /** The count of a kind; where there are too many kinds already, that of all the others. */
  #countOf({ signalType, field, reason }: DriftKind, firstRecordNo: number): DriftCount & { lastRecordNo?: number } {
    const full = this.#drift.size >= MAX_DRIFT_KINDS;
    const key = keyOf({ signalType, field, reason });
    const known = this.#drift.get(key) ?? (full ? this.#drift.get(reason) : undefined);
    if (known) return known;
    // Copied: a type that is cut out of a row would hold the whole of it.
    const kind = full ? { signalType: "(many)", field: "(many)" } : structuredClone({ signalType, field });
    const count = { ...kind, reason, records: 0, firstRecordNo };
    this.#drift.set(full ? reason : key, count);
    return count;
  }

  /** Everything was appended: what is still in the appenders goes to the tables. */
  finish(): void {
    for (const appender of this.#appenders.values()) appender.closeSync();
    this.#appenders.clear();
  }

  /** Drops everything staged, and the connection with it. May be called twice. */
  close(): void {
    // What is open still, after a failure, would hold the connection.
    for (const appender of this.#appenders.values()) {
      try {
        appender.closeSync();
      } catch {
        // Its rows are not wanted any more.
      }
    }
    this.#appenders.clear();
    this.connection.disconnectSync();
  }

  /** What was seen that the schema does not know, counted. */
  get drift(): readonly DriftCount[] {
    return [...this.#drift.values()];
  }
}
