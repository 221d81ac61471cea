/** The warehouse's tables as data. DDL, staging and merge are derived from here. */
import { CONTENT_FIELDS, ITEM_FIELDS } from "./content-fields.ts";
import { columnsBetween } from "./export-columns.ts";
import type { Header } from "./header.ts";
import { DUCKDB_TYPES, type Kind } from "./kinds.ts";
import { snakeCase } from "./names.ts";
import type { Table } from "./signal-types.ts";

/** A column of a signal table or of order_items: how its values are read and stored. */
export interface Column {
  name: string;
  type: string;
  kind: Kind | "integer";
}

const column = (name: string, kind: Kind): Column => ({ name, kind, type: DUCKDB_TYPES[kind] });
const integer = (name: string): Column => ({ name, kind: "integer", type: "BIGINT" });

/** A hash of signal_key, by which a load looks signals up in the whole warehouse: eight bytes a row are quick to look through. The key itself decides. */
const KEY_HASH: Column = { name: "key_hash", kind: "integer", type: "UBIGINT" };

const exportColumns = (table: Table): Column[] => columnsBetween(table).map(([header, { kind }]) => column(header.toLowerCase(), kind));

const first = [column("signal_key", "text"), column("signal_id", "text"), column("signal_type", "text"), column("occurred_at", "timestamp")];
const last = [column("signal_content", "json"), column("extra", "json"), integer("load_id"), integer("record_no"), KEY_HASH];

const fieldColumns = (fields: Readonly<Record<string, { kind: Kind }>>) =>
  Object.entries(fields).map(([name, { kind }]) => column(snakeCase(name), kind));

/** The fixed columns of the two signal tables, in order. Contact columns are added to a warehouse as they are first seen. */
export const SIGNAL_TABLES: Readonly<Record<Table, readonly Column[]>> = {
  marketing_signals: [...first, column("channel", "text"), column("action", "text"), ...exportColumns("marketing_signals"), ...last],
  behavior_signals: [...first, ...exportColumns("behavior_signals"), ...fieldColumns(CONTENT_FIELDS), ...last],
};

/** Their names. */
export const TABLES = Object.keys(SIGNAL_TABLES) as Table[];

/** The contact columns that a header means, each once. */
const contactColumnsOf = ({ fields }: Pick<Header, "fields">): string[] => fields.flatMap(({ contact, column }) => (contact ? [column] : []));

/** The columns of a signal table that a file with this header may fill; key_hash follows from them. */
export const tableColumns = (table: Table, header: Pick<Header, "fields">): Column[] => [
  ...SIGNAL_TABLES[table].filter((known) => known !== KEY_HASH),
  ...contactColumnsOf(header).map((name) => column(name, "text")),
];

/** The columns of order_items, in order. */
export const ORDER_ITEM_COLUMNS: readonly Column[] = [
  column("signal_key", "text"),
  integer("item_no"),
  column("order_id", "text"),
  column("occurred_at", "timestamp"),
  ...fieldColumns(ITEM_FIELDS),
  column("extra", "json"),
  integer("load_id"),
];

/** Columns that say which load wrote a row, not what the row says: two rows that differ only here are the same. */
export const LOAD_COLUMNS: readonly string[] = ["load_id", "record_no", KEY_HASH.name];

/** The tables of the schema `signalhouse`: column name to DuckDB type. */
export const LEDGER_TABLES = {
  meta: { schema_version: "INTEGER NOT NULL", written_by: "VARCHAR NOT NULL", changed_at: "TIMESTAMPTZ NOT NULL", views: "JSON", marts: "JSON" },
  runs: {
    run_id: "BIGINT NOT NULL",
    command: "VARCHAR NOT NULL",
    version: "VARCHAR NOT NULL",
    started_at: "TIMESTAMPTZ NOT NULL",
    finished_at: "TIMESTAMPTZ",
    exit_code: "INTEGER",
    error: "VARCHAR",
  },
  loads: {
    load_id: "BIGINT NOT NULL",
    path: "VARCHAR NOT NULL",
    size_bytes: "BIGINT",
    mtime: "TIMESTAMPTZ",
    sha256: "VARCHAR",
    records: "BIGINT NOT NULL",
    inserted: "BIGINT NOT NULL",
    updated: "BIGINT NOT NULL",
    unchanged: "BIGINT NOT NULL",
    rejected: "BIGINT NOT NULL",
    status: "VARCHAR NOT NULL",
    started_at: "TIMESTAMPTZ NOT NULL",
    finished_at: "TIMESTAMPTZ",
    error: "VARCHAR",
    error_code: "VARCHAR",
    run_id: "BIGINT",
    header: "VARCHAR[]",
    row_path_records: "BIGINT",
    order_items: "BIGINT",
    later_headers: "JSON",
  },
  rejects: {
    load_id: "BIGINT NOT NULL",
    record_no: "BIGINT NOT NULL",
    code: "VARCHAR NOT NULL",
    reason: "VARCHAR NOT NULL",
    raw: "VARCHAR NOT NULL",
    raw_bytes: "BLOB",
    replayed_at: "TIMESTAMPTZ",
  },
  drift: {
    load_id: "BIGINT NOT NULL",
    signal_type: "VARCHAR NOT NULL",
    field: "VARCHAR NOT NULL",
    reason: "VARCHAR NOT NULL",
    records: "BIGINT NOT NULL",
    first_record_no: "BIGINT NOT NULL",
  },
  schema_changes: {
    load_id: "BIGINT",
    table_name: "VARCHAR NOT NULL",
    column_name: "VARCHAR NOT NULL",
    column_type: "VARCHAR NOT NULL",
    header: "VARCHAR",
    occurrence: "INTEGER",
    changed_at: "TIMESTAMPTZ NOT NULL",
  },
  confirmations: {
    signal_type: "VARCHAR",
    signal_key: "VARCHAR NOT NULL",
    occurred_at: "TIMESTAMPTZ NOT NULL",
    load_id: "BIGINT NOT NULL",
    record_no: "BIGINT NOT NULL",
  },
  changes: {
    change_id: "BIGINT NOT NULL",
    what: "VARCHAR NOT NULL",
    load_id: "BIGINT",
    table_name: "VARCHAR NOT NULL",
    month: "DATE NOT NULL",
    rows: "BIGINT NOT NULL",
    changed_at: "TIMESTAMPTZ NOT NULL",
  },
  jobs: {
    job_id: "VARCHAR",
    kind: "VARCHAR NOT NULL",
    name: "VARCHAR NOT NULL",
    status: "VARCHAR NOT NULL",
    path: "VARCHAR",
    request: "JSON",
    asked_at: "TIMESTAMPTZ NOT NULL",
    finished_at: "TIMESTAMPTZ",
    error: "VARCHAR",
    signal_types: "VARCHAR[]",
    window_start: "TIMESTAMPTZ",
    window_end: "TIMESTAMPTZ",
    expected_rows: "BIGINT",
    size_bytes: "BIGINT",
    load_id: "BIGINT",
    not_before: "TIMESTAMPTZ",
    refused_at: "TIMESTAMPTZ",
    set_name: "VARCHAR",
  },
  refset_rows: {
    set_name: "VARCHAR NOT NULL",
    key: "VARCHAR NOT NULL",
    row_hash: "UHUGEINT NOT NULL",
    job: "VARCHAR NOT NULL",
    pushed_at: "TIMESTAMPTZ",
  },
} as const satisfies Record<string, Record<string, string>>;

/** What became of a file: "dismissed" has failed and is not tried again until it changes; "mended" is none, but what `verify --mend` took out. */
export type LoadStatus = "loaded" | "duplicate" | "failed" | "dismissed" | "mended";
