/** The tables of signals as data. DDL, staging, merge and comments are derived from here. */
import { CONTENT_FIELDS, type ContentField, ITEM_FIELDS } from "./content-fields.ts";
import { columnsBetween, EXPORT_COLUMNS } from "./export-columns.ts";
import { shown } from "./characters.ts";
import type { ContactColumn, Header } from "./header.ts";
import { DUCKDB_TYPES, type Kind } from "./kinds.ts";
import { snakeCase } from "./names.ts";
import type { Table } from "./signal-types.ts";

/** A column of a signal table or of order_items: how its values are read and stored. */
export interface Column {
  name: string;
  type: string;
  kind: Kind | "integer";
}

/** The same with what its values say: units, where they come from, what null means where that is not obvious. */
export interface TableColumn extends Column {
  about: string;
}

const textColumn = (name: string): Column => ({ name, kind: "text", type: DUCKDB_TYPES.text });
const column = (name: string, kind: Kind, about: string): TableColumn => ({ name, kind, type: DUCKDB_TYPES[kind], about });
const integer = (name: string, about: string): TableColumn => ({ name, kind: "integer", type: "BIGINT", about });

/** A hash of signal_key, by which a load looks signals up in the whole warehouse: eight bytes a row are quick to look through. The key itself decides. */
const KEY_HASH: TableColumn = {
  name: "key_hash",
  kind: "integer",
  type: "UBIGINT",
  about: "Hash of signal_key, by which a load finds signals in the whole warehouse. Of no use to queries, and in no view.",
};

/** What a column says, the values that are documented included. */
const withValues = ({ about, values = [] }: { about: string; values?: readonly string[] }): string =>
  values.length === 0 ? about : `${about} Values: ${values.map((value) => `\`${value}\``).join(", ")}.`;

const exportColumns = (table: Table): TableColumn[] =>
  columnsBetween(table).map(([header, fixed]) => column(header.toLowerCase(), fixed.kind, withValues(fixed)));

const coreColumn = (header: "SIGNAL_ID" | "SIGNAL_TYPE" | "SIGNAL_CONTENT"): TableColumn =>
  column(header.toLowerCase(), EXPORT_COLUMNS[header].kind, EXPORT_COLUMNS[header].about);

const first = [
  column(
    "signal_key",
    "text",
    "Key of the signal, unique within its signal_type: signal_id, or `h:` and a hash of what the signal says where that is no id. Never null.",
  ),
  coreColumn("SIGNAL_ID"),
  coreColumn("SIGNAL_TYPE"),
  column(
    "occurred_at",
    "timestamp",
    "When the signal happened: the first that there is of SIGNAL_TIMESTAMP, the content's signalTimestamp, TIMESTAMP, RECEIVED_TIMESTAMP, OBSERVED_TIMESTAMP. Never null.",
  ),
];
const last = [
  coreColumn("SIGNAL_CONTENT"),
  column(
    "extra",
    "json",
    "What has no column or does not fit one: a JSON object, each value under the name that it came with; null where nothing is left over.",
  ),
  integer("load_id", "The load that wrote this row, see signalhouse.loads."),
  integer("record_no", "Number of the record in that load's file, from 1."),
  KEY_HASH,
];

const fieldColumns = (fields: Readonly<Record<string, Pick<ContentField, "kind" | "about" | "values">>>, place: string): TableColumn[] =>
  Object.entries(fields).map(([name, field]) => column(snakeCase(name), field.kind, `${withValues(field)} From \`${name}\` of ${place}.`));

/** The fixed columns of the two signal tables, in order. Contact columns are added to a warehouse as they are first seen. */
export const SIGNAL_TABLES: Readonly<Record<Table, readonly TableColumn[]>> = {
  marketing_signals: [
    ...first,
    column("channel", "text", "Channel of the message, from the signal type: `email`, `sms` or `whatsapp`."),
    column("action", "text", "What happened to the message, from the signal type: `send`, `delivery`, `open`, `click`, `failure` or `inbound`."),
    ...exportColumns("marketing_signals"),
    ...last,
  ],
  behavior_signals: [...first, ...exportColumns("behavior_signals"), ...fieldColumns(CONTENT_FIELDS, "SIGNAL_CONTENT"), ...last],
};

/** Their names. */
export const TABLES = Object.keys(SIGNAL_TABLES) as Table[];

/** The contact columns that a header means, each once. */
const contactColumnsOf = ({ fields }: Pick<Header, "fields">): string[] => fields.flatMap(({ contact, column }) => (contact ? [column] : []));

/** The columns of a signal table that a file with this header may fill; key_hash follows from them. */
export const tableColumns = (table: Table, header: Pick<Header, "fields">): Column[] => [
  ...SIGNAL_TABLES[table].filter((known) => known !== KEY_HASH),
  ...contactColumnsOf(header).map((name) => textColumn(name)),
];

/** The columns of order_items, in order. */
export const ORDER_ITEM_COLUMNS: readonly TableColumn[] = [
  column("signal_key", "text", "The order: behavior_signals.signal_key."),
  integer("item_no", "Place of the item in the order, from 1."),
  column("order_id", "text", "Number of the order."),
  column("occurred_at", "timestamp", "When the order happened."),
  ...fieldColumns(ITEM_FIELDS, "the item"),
  column(
    "extra",
    "json",
    "What has no column here or does not fit one: a JSON object, each value under the name that it came with; null where nothing is left over.",
  ),
  integer("load_id", "The load that wrote this row, see signalhouse.loads."),
];

/** What the rows of the three tables are. */
export const TABLE_ABOUTS: Readonly<Record<Table | "order_items", string>> = {
  marketing_signals: "One row for each marketing signal: sends, deliveries, opens, clicks, failures and replies.",
  behavior_signals:
    "One row for each behavior signal, those included that were sent as a test (is_test). The columns from effect to is_test come out of SIGNAL_CONTENT.",
  order_items: "One row for each item of an order (orderedItems), those of test signals included: the view orders has no such order.",
};

/** What a contact column says. */
export const contactAbout = ({ header, occurrence }: Omit<ContactColumn, "column">): string =>
  `The contact attribute ${shown(header)}${occurrence > 1 ? `, number ${occurrence} of that name` : ""}.`;

/** Columns that say which load wrote a row, not what the row says: two rows that differ only here are the same. */
export const LOAD_COLUMNS: readonly string[] = ["load_id", "record_no", KEY_HASH.name];
