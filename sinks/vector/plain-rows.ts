/**
 * SQL that reads plain rows, which are in their files as their tables have them (schemas/plain-columns.ts): all that is made here is what takes several columns, or the warehouse. That is a row's key, its time and
 * its lists.
 */
import { ITEM_FIELDS } from "../../schemas/content-fields.ts";
import { type ExportHeader, TIME_HEADERS } from "../../schemas/export-columns.ts";
import { contactFields, type Header } from "../../schemas/header.ts";
import { CONTENT_KEY, KEY_COLUMNS, PART_END } from "../../schemas/identity.ts";
import { quoteIdentifier as id, quoteText, snakeCase } from "../../schemas/names.ts";
import { HASH_COLUMN, ITEMS_COLUMN, KEY_COLUMN, LIST_MARK, plainPlan } from "../../schemas/plain-columns.ts";
import type { Table } from "../../schemas/signal-types.ts";
import { bareId, isNoId, keyHash } from "../identity.ts";

/** Plain rows of one table. */
export interface PlainRows {
  table: Table;
  /** Parquet with their record_no and the columns that plainPlan() tells. */
  files: readonly string[];
  records: number;
  /** No record_no is lower, or higher; of the table no other rows of the load lie between. */
  first: number;
  last: number;
}

/** How the plain rows of a table are read, out of files with a certain header. */
export interface PlainSql {
  /** Gives them with all columns of their table that they fill, but for load_id, and key_hash. @param from SQL that gives what is in their files */
  rows: (from: string) => string;
  /** Gives record_no, signal_key, key_hash, signal_type and occurred_at. */
  keys: (from: string) => string;
  /** Gives the items of orders, as text, with the record_no of their order; undefined where there are none. Amounts are as they were written: staging's view rounds them. */
  items: ((from: string) => string) | undefined;
}

export const sourceOf = ({ files }: Pick<PlainRows, "files">): string => `read_parquet([${files.map(quoteText).join(", ")}])`;

export function plainSql(table: Table, header: Header): PlainSql {
  const { copied, found, content } = plainPlan(table, header);
  const names = new Set([...copied, ...found].map(({ name }) => name));
  const at = (name: ExportHeader) => (names.has(name.toLowerCase()) ? id(name.toLowerCase()) : undefined);
  const hasContent = content !== undefined;
  const time = `coalesce(${TIME_HEADERS.flatMap((name) => at(name) ?? []).join(", ")})`;
  const lists = found.flatMap(({ name, kind }) =>
    kind === "texts" ? [`string_split(${id(name)}, ${quoteText(LIST_MARK)})[2:] AS ${id(name)}`] : [],
  );
  const inputs = [KEY_COLUMN, ITEMS_COLUMN, HASH_COLUMN].filter((name) => names.has(name));
  const shown = `* ${inputs.length > 0 ? `EXCLUDE (${inputs.join(", ")})` : ""} ${lists.length > 0 ? `REPLACE (${lists.join(", ")})` : ""}`;
  const key = keyOf(header, at, time, hasContent);
  // The key is used twice.
  const keyed = (columns: string, from: string) =>
    `SELECT *, ${keyHash("signal_key")} AS key_hash FROM (SELECT ${columns}, ${key} AS signal_key, ${time} AS occurred_at FROM ${from})`;
  return {
    rows: (from) => keyed(shown, from),
    keys: (from) => keyed("record_no, signal_type", from),
    items: hasContent
      ? (from) =>
          itemsSql(keyed(`record_no, ${ITEMS_COLUMN}, order_id`, `(FROM ${from} WHERE signal_type = 'order' AND ${ITEMS_COLUMN} IS NOT NULL)`))
      : undefined,
  };
}

/** The key of a row: its id, or where that is none a hash, as transforms/content-key.ts makes it. */
function keyOf(header: Header, at: (name: ExportHeader) => string | undefined, time: string, hasContent: boolean): string {
  const idText = (value: string | undefined) =>
    value === undefined ? "''" : `CASE WHEN ${value} IS NULL OR ${isNoId(value)} THEN '' ELSE ${value} END`;
  const end = quoteText(PART_END);
  const said = hasContent ? `CASE WHEN signal_content IS NULL THEN '' ELSE ${HASH_COLUMN} END` : "''";
  const parts = ["signal_type", `CAST(epoch_us(${time}) AS VARCHAR)`, ...KEY_COLUMNS.map((name) => idText(at(name))), said];
  // What is null is passed over. There may be more of these than DuckDB takes operators in a row.
  const contact = contactFields(header).map(
    ({ header: name, position }) => `${end} || ${quoteText(name + PART_END)} || ${id(header.fields[position]?.column as string)}`,
  );
  const all = `concat('', ${contact.join(", ")})`;
  const session = at(KEY_COLUMNS[0]);
  const who =
    contact.length === 0 ? "''" : session === undefined ? all : `CASE WHEN ${session} IS NULL OR ${isNoId(session)} THEN ${all} ELSE '' END`;
  const hash = `${quoteText(CONTENT_KEY.prefix)} || substr(sha256(${parts.join(` || ${end} || `)} || ${who}), 1, ${CONTENT_KEY.digits})`;
  const own = at("SIGNAL_ID");
  return own === undefined ? hash : `coalesce(${KEY_COLUMN}, CASE WHEN ${isNoId(own)} THEN NULL ELSE ${bareId(own)} END, ${hash})`;
}

const ITEM_COLUMNS = [...Object.keys(ITEM_FIELDS).map(snakeCase), "extra"];
const SHAPE = JSON.stringify([Object.fromEntries(ITEM_COLUMNS.map((column) => [column, "VARCHAR"]))]);

/** @param orders SQL that gives orders that have items */
function itemsSql(orders: string): string {
  const order = "record_no, signal_key, order_id, occurred_at";
  const read = `SELECT ${order}, json_transform(${ITEMS_COLUMN}, ${quoteText(SHAPE)}) AS list FROM (${orders})`;
  const listed = `SELECT ${order}, unnest(list) AS item, generate_subscripts(list, 1) AS item_no FROM (${read})`;
  const columns = ITEM_COLUMNS.map((column) => `item.${column} AS ${column}`);
  return `SELECT record_no, item_no, signal_key, order_id, CAST(occurred_at AS VARCHAR) AS occurred_at, ${columns.join(", ")} FROM (${listed})`;
}
