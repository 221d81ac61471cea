/** SQL that merges a file's staging into the warehouse. */
import { CONTENT_FIELDS, MIRRORED_FIELDS } from "../schemas/content-fields.ts";
import type { Header } from "../schemas/header.ts";
import { quoteIdentifier as id, quoteText, snakeCase } from "../schemas/names.ts";
import type { Table } from "../schemas/signal-types.ts";
import { type Column, LOAD_COLUMNS, ORDER_ITEM_COLUMNS, SIGNAL_TABLES } from "../schemas/tables.ts";

/** The contact columns that a header means, each once. */
export function contactColumnsOf({ fields }: Header): string[] {
  return fields.flatMap(({ contact, column }) => (contact ? [column] : []));
}

/** Columns that every file speaks of, whatever its header. */
const ALWAYS = ["signal_key", "signal_id", "signal_type", "occurred_at", "channel", "action", "extra", ...LOAD_COLUMNS];
/** Fixed columns that the content may fill. */
const MIRRORS = new Set(Object.values(MIRRORED_FIELDS).map((header) => header.toLowerCase()));
const FROM_CONTENT = ["signal_content", ...Object.keys(CONTENT_FIELDS).map(snakeCase), ...MIRRORS];

/**
 * The columns of a table that a file with this header speaks of. The others are null in its new rows, and a row that it updates keeps
 * what it has there: a column that is missing says nothing.
 */
function spokenOf(table: Table, header: Header): Set<string> {
  // Not the names as the file has them: a contact attribute called Name says nothing about the column NAME.
  const spoken = new Set([...ALWAYS, ...contactColumnsOf(header), ...[...header.positions.keys()].map((name) => name.toLowerCase())]);
  if (header.positions.has("SIGNAL_CONTENT")) for (const column of FROM_CONTENT) spoken.add(column);
  return new Set(
    tableColumns(table, header)
      .filter((column) => spoken.has(column.name))
      .map(({ name }) => name),
  );
}

const tableColumns = (table: Table, header: Header): Column[] => [
  ...SIGNAL_TABLES[table],
  ...contactColumnsOf(header).map((name): Column => ({ name, kind: "text", type: "VARCHAR" })),
];

/** The typed value of a staged column. Staging holds canonical text only, so that no cast can fail. */
function typed({ name, kind, type }: Column): string {
  const value = `s.${id(name)}`;
  if (kind === "text" || kind === "json" || kind === "integer") return value;
  if (kind === "texts") return `CAST(CAST(${value} AS JSON) AS VARCHAR[])`;
  return `CAST(${value} AS ${type})`;
}

/**
 * What a staged row, `s`, says of a column that the row `t` has a value for. A fixed column that the file lacks speaks only where the
 * content fills it.
 */
function said(column: Column, header: Header): string {
  const lacking = MIRRORS.has(column.name) && !header.positions.has(column.name.toUpperCase());
  return lacking ? `coalesce(${typed(column)}, t.${id(column.name)})` : typed(column);
}

/** The load that a merge writes, as SQL literals and as what orders it among the others. */
export interface MergeTarget {
  table: Table;
  header: Header;
  loadId: bigint;
  /** Of the export file: later exports win. */
  mtime: number;
  path: string;
  /** Whether the ledger has a later export: only then may a row have been confirmed by one. */
  outOfOrder: boolean;
  /** First and last occurred_at in staging: a signal's time does not change, so no row outside can be met. */
  range: { first: string; last: string };
}

const within = (alias: string, { first, last }: MergeTarget["range"]) =>
  `${alias}.occurred_at BETWEEN ${quoteText(first)}::TIMESTAMPTZ AND ${quoteText(last)}::TIMESTAMPTZ`;

/** Whether the load `l` is of an earlier export than the one that is being merged, or of the same one. */
const earlier = ({ mtime, path }: MergeTarget) => `(l.mtime, l.path) <= (make_timestamptz(${mtime * 1000}), ${quoteText(path)})`;

/**
 * Rows of a staging table that a later row of the same file replaces, and whether they differ from that row.
 * Both sides are canonical text, so that comparing the text is comparing the values.
 */
export function replacedInFileSql(table: Table, header: Header): string {
  const compared = tableColumns(table, header).filter(({ name }) => !LOAD_COLUMNS.includes(name));
  return `CREATE OR REPLACE TEMP TABLE replaced_in_file AS
    WITH last AS (SELECT signal_key, max(record_no) AS record_no FROM staged_${table} GROUP BY signal_key HAVING count(*) > 1)
    SELECT s.record_no, ${differs(
      compared,
      (column) => `s.${id(column.name)}`,
      (column) => `w.${id(column.name)}`,
    )} AS differs
    FROM last JOIN staged_${table} w ON w.record_no = last.record_no JOIN staged_${table} s ON s.signal_key = last.signal_key
    WHERE s.record_no <> last.record_no`;
}

function differs(columns: readonly Column[], left: (column: Column) => string, right: (column: Column) => string): string {
  return `(${columns.map((column) => `${left(column)} IS DISTINCT FROM ${right(column)}`).join(" OR ")})`;
}

/** Staged rows whose signal is in the warehouse: is the warehouse's row from an earlier export, and does the staged one say something else? */
export function matchedSql(target: MergeTarget): string {
  const { table, header } = target;
  const spoken = spokenOf(table, header);
  const compared = tableColumns(table, header).filter(({ name }) => spoken.has(name) && !LOAD_COLUMNS.includes(name));
  const confirmed = target.outOfOrder
    ? `AND NOT EXISTS (SELECT 1 FROM signalhouse.confirmations c JOIN signalhouse.loads l USING (load_id)
         WHERE c.signal_key = s.signal_key AND ${within("c", target.range)} AND NOT ${earlier(target)})`
    : "";
  return `CREATE OR REPLACE TEMP TABLE matched AS
    SELECT s.record_no, (${earlier(target)} AND (t.load_id <> ${target.loadId} OR t.record_no < s.record_no) ${confirmed}) AS later, ${differs(
      compared,
      (column) => said(column, header),
      (column) => `t.${id(column.name)}`,
    )} AS differs
    FROM staged_${table} s JOIN ${table} t ON t.signal_key = s.signal_key AND ${within("t", target.range)} JOIN signalhouse.loads l ON l.load_id = t.load_id`;
}

/** The new rows of signals that the file changes: its values, and the old ones where it does not speak of a column. */
export function changedSql(target: MergeTarget, allColumns: readonly string[]): string {
  const { table, header, loadId } = target;
  const spoken = spokenOf(table, header);
  const byName = new Map(tableColumns(table, header).map((column) => [column.name, column]));
  const values = allColumns.map((name) => {
    const column = byName.get(name);
    if (name === "load_id") return `${loadId}::BIGINT AS load_id`;
    return `${column && spoken.has(name) ? said(column, header) : `t.${id(name)}`} AS ${id(name)}`;
  });
  return `CREATE OR REPLACE TEMP TABLE changed AS SELECT ${values.join(", ")}
    FROM matched m JOIN staged_${table} s ON s.record_no = m.record_no JOIN ${table} t ON t.signal_key = s.signal_key AND ${within("t", target.range)}
    WHERE m.later AND m.differs`;
}

/** Puts the changed rows in the place of the old ones. */
export function replaceChangedSql({ table, range }: MergeTarget): string[] {
  return [
    `DELETE FROM ${table} t WHERE ${within("t", range)} AND t.signal_key IN (SELECT signal_key FROM changed)`,
    `INSERT INTO ${table} BY NAME SELECT * FROM changed`,
  ];
}

/** Inserts the staged rows that are new to the warehouse. */
export function insertNewSql(target: MergeTarget, anyMatched: boolean): string {
  const { table, header, loadId } = target;
  const columns = tableColumns(table, header).filter(({ name }) => name !== "load_id");
  const unmatched = anyMatched ? "WHERE s.record_no NOT IN (SELECT record_no FROM matched)" : "";
  return `INSERT INTO ${table} (${columns.map(({ name }) => id(name)).join(", ")}, load_id)
    SELECT ${columns.map(typed).join(", ")}, ${loadId}::BIGINT FROM staged_${table} s ${unmatched}`;
}

/** The items of the orders that are new or changed take the place of those that were there. */
export function replaceItemsSql({ loadId, range }: MergeTarget, anyMatched: boolean): string[] {
  const columns = ORDER_ITEM_COLUMNS.filter(({ name }) => name !== "load_id");
  const unmatched = anyMatched ? "AND s.record_no NOT IN (SELECT record_no FROM matched WHERE NOT (later AND differs))" : "";
  const gone = `DELETE FROM order_items t WHERE ${within("t", range)} AND t.signal_key IN (SELECT signal_key FROM changed)`;
  const insert = `INSERT INTO order_items (${columns.map(({ name }) => id(name)).join(", ")}, load_id)
    SELECT ${columns.map(typed).join(", ")}, ${loadId}::BIGINT FROM staged_order_items s
    WHERE s.record_no IN (SELECT record_no FROM staged_behavior_signals) ${unmatched}`;
  return anyMatched ? [gone, insert] : [insert];
}

/** Notes that this later export says the same as the warehouse, for exports in between that come after it. */
export function confirmSql({ table, loadId }: MergeTarget): string {
  return `INSERT INTO signalhouse.confirmations BY NAME SELECT s.signal_key, CAST(s.occurred_at AS TIMESTAMPTZ) AS occurred_at, ${loadId}::BIGINT AS load_id
    FROM matched m JOIN staged_${table} s ON s.record_no = m.record_no WHERE m.later AND NOT m.differs`;
}
