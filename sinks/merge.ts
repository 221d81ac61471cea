/** SQL that merges a file's staging into the warehouse. */
import type { Header } from "../schemas/header.ts";
import { quoteIdentifier as id, quoteText } from "../schemas/names.ts";
import type { Table } from "../schemas/signal-types.ts";
import { type Column, LOAD_COLUMNS, ORDER_ITEM_COLUMNS, tableColumns } from "../schemas/tables.ts";

/**
 * Two 64-bit hashes of a row's values, as columns h1 and h2. Rows are compared by them: comparing 90 columns side by side would hold all of them in
 * memory, and two rows that differ have the same pair once in 2^64 at the very least.
 */
function hashes(values: readonly string[]): string {
  return `hash(${values.join(", ")}) AS h1, hash('again', ${values.join(", ")}) AS h2`;
}

/** A value as it is hashed. DuckDB 1.5 hashes no list and an empty one alike, and loses where one list ends and the next begins: lists go as JSON. */
const hashed = ({ kind }: Column, value: string) => (kind === "texts" ? `CAST(to_json(${value}) AS VARCHAR)` : value);

/** The load that a merge writes, as SQL literals and as what orders it among the others. */
export interface MergeTarget {
  table: Table;
  header: Header;
  loadId: bigint;
  /** Of the export file: later exports win. */
  mtime: number;
  path: string;
  /** Whether the ledger has a later export, or this one already: only then may a row have been confirmed by it. */
  outOfOrder: boolean;
  /** First and last time of any kind in staging, with a margin: a signal's times do not change, so no row outside can be met. */
  range: { first: string; last: string };
}

const within = (alias: string, { first, last }: MergeTarget["range"]) =>
  `${alias}.occurred_at BETWEEN ${quoteText(first)}::TIMESTAMPTZ AND ${quoteText(last)}::TIMESTAMPTZ`;

/** Whether a load is of an earlier export than the one that is being merged, or of the same one. */
const earlier = (load: string, { mtime, path }: MergeTarget) =>
  `(${load}.mtime, ${load}.path) <= (make_timestamptz(${mtime * 1000}), ${quoteText(path)})`;

/** Makes repeated_TABLE: keys that several staged rows have, with the last of those. */
export function repeatedSql(table: Table): string {
  return `CREATE OR REPLACE TEMP TABLE repeated_${table} AS
    SELECT signal_key, max(record_no) AS last FROM staged_${table} GROUP BY signal_key HAVING count(*) > 1`;
}

/** Makes replaced_TABLE out of it: staged rows that a later row of the same file replaces, and whether they differ from that row. */
export function replacedInFileSql(table: Table, header: Header): string {
  const compared = tableColumns(table, header).filter(({ name }) => !LOAD_COLUMNS.includes(name));
  return `CREATE OR REPLACE TEMP TABLE replaced_${table} AS
    WITH hashed AS (SELECT s.record_no, s.signal_key, ${hashes(compared.map((column) => hashed(column, `s.${id(column.name)}`)))}
        FROM staged_${table} s WHERE s.signal_key IN (SELECT signal_key FROM repeated_${table}))
    SELECT r.record_no, (r.h1 <> w.h1 OR r.h2 <> w.h2) AS differs
    FROM repeated_${table} repeated JOIN hashed w ON w.record_no = repeated.last JOIN hashed r ON r.signal_key = repeated.signal_key
    WHERE r.record_no <> repeated.last`;
}

/**
 * Makes taken_TABLE: hashes of the keys of rows that went straight into a table, and meet another row after all: one of the warehouse, of staging, or of their own kind.
 * That two keys have one hash does no harm.
 */
export function takenSql({ table, loadId, range }: MergeTarget): string {
  return `CREATE OR REPLACE TEMP TABLE taken_${table} AS
    SELECT key FROM (
      SELECT hash(signal_key) AS key, true AS direct FROM ${table} WHERE load_id = ${loadId}
      UNION ALL SELECT hash(t.signal_key), false FROM ${table} t WHERE t.load_id <> ${loadId} AND ${within("t", range)}
      UNION ALL SELECT hash(signal_key), false FROM staged_${table})
    GROUP BY key HAVING count(*) > 1 AND bool_or(direct)`;
}

/** Takes those rows out of the table and into staging. */
export function takeBackSql({ table, header, loadId }: MergeTarget): [stage: string, remove: string] {
  const columns = tableColumns(table, header).flatMap(({ name }) => (name === "load_id" ? [] : [id(name)]));
  const which = `FROM ${table} WHERE load_id = ${loadId} AND hash(signal_key) IN (SELECT key FROM taken_${table})`;
  return [`INSERT INTO held_${table} (${columns.join(", ")}) SELECT ${columns.join(", ")} ${which}`, `DELETE ${which}`];
}

/** Staged rows whose signal is in the warehouse, with the row that they meet. */
export function metSql({ table, range }: MergeTarget): string {
  return `CREATE OR REPLACE TEMP TABLE met AS
    SELECT s.record_no, s.signal_key, t.rowid AS row_id, t.load_id, t.record_no AS old_record_no
    FROM (SELECT record_no, signal_key FROM staged_${table}) s JOIN ${table} t ON t.signal_key = s.signal_key AND ${within("t", range)}`;
}

/** Of those: is the warehouse's row from an earlier export, and does the staged one say something else? */
export function matchedSql(target: MergeTarget, columns: readonly string[]): string {
  const { table, header, loadId, range } = target;
  const staged = tableColumns(table, header).filter(({ name }) => !LOAD_COLUMNS.includes(name));
  const names = new Set(staged.map(({ name }) => name));
  // A column that the file lacks is null in its rows: a later export replaces the whole row, so that the order of loading does not matter.
  const lacking = columns.filter((name) => !names.has(name) && !LOAD_COLUMNS.includes(name));
  const incoming = [...staged.map((column) => hashed(column, `s.${id(column.name)}`)), ...lacking.map(() => "NULL::VARCHAR")];
  const old = [...staged.map((column) => hashed(column, `t.${id(column.name)}`)), ...lacking.map((name) => `t.${id(name)}`)];
  const confirmed = target.outOfOrder
    ? `AND NOT EXISTS (SELECT 1 FROM signalhouse.confirmations c JOIN signalhouse.loads cl USING (load_id)
         WHERE c.signal_key = m.signal_key AND ${within("c", range)}
           AND (NOT ${earlier("cl", target)} OR (c.load_id = ${loadId} AND c.record_no > m.record_no)))`
    : "";
  return `CREATE OR REPLACE TEMP TABLE matched AS
    WITH incoming AS (SELECT s.record_no, ${hashes(incoming)} FROM staged_${table} s WHERE s.record_no IN (SELECT record_no FROM met)),
      old AS (SELECT t.rowid AS row_id, ${hashes(old)} FROM ${table} t WHERE ${within("t", range)} AND t.rowid IN (SELECT row_id FROM met))
    SELECT m.record_no, m.signal_key, m.row_id, (i.h1 <> o.h1 OR i.h2 <> o.h2) AS differs,
      (${earlier("l", target)} AND (m.load_id <> ${loadId} OR m.old_record_no < m.record_no) ${confirmed}) AS later
    FROM met m JOIN incoming i USING (record_no) JOIN old o USING (row_id) JOIN signalhouse.loads l ON l.load_id = m.load_id`;
}

/** Of the matched rows: those that take the place of the warehouse's. */
export const CHANGED = "later AND differs";

/** Takes the old rows of changed signals away; writeSql puts the new ones in their place. */
export function removeChangedSql({ table, range }: MergeTarget): string {
  return `DELETE FROM ${table} t WHERE ${within("t", range)} AND t.rowid IN (SELECT row_id FROM matched WHERE ${CHANGED})`;
}

/** Writes the staged rows that are new to the warehouse, and where some met a row there, those that change it. */
export function writeSql({ table, header, loadId }: MergeTarget, anyMet: boolean): string {
  const columns = tableColumns(table, header).flatMap(({ name }) => (name === "load_id" ? [] : [id(name)]));
  const unchanged = anyMet ? `WHERE record_no NOT IN (SELECT record_no FROM matched WHERE NOT (${CHANGED}))` : "";
  return `INSERT INTO ${table} (${columns.join(", ")}, load_id) SELECT ${columns.join(", ")}, ${loadId}::BIGINT FROM staged_${table} ${unchanged}`;
}

/** The items of the orders that are new or changed take the place of those that were there. */
export function replaceItemsSql({ loadId, range }: MergeTarget, anyReplaced: boolean, anyMet: boolean): string[] {
  const columns = ORDER_ITEM_COLUMNS.flatMap(({ name }) => (name === "load_id" ? [] : [id(name)]));
  const replaced = anyReplaced ? "AND record_no NOT IN (SELECT record_no FROM replaced_behavior_signals)" : "";
  const unmatched = anyMet ? `AND record_no NOT IN (SELECT record_no FROM matched WHERE NOT (${CHANGED}))` : "";
  const gone = `DELETE FROM order_items t WHERE ${within("t", range)} AND t.signal_key IN (SELECT signal_key FROM matched WHERE ${CHANGED})`;
  const insert = `INSERT INTO order_items (${columns.join(", ")}, load_id) SELECT ${columns.join(", ")}, ${loadId}::BIGINT FROM staged_order_items
    WHERE true ${replaced} ${unmatched}`;
  return anyMet ? [gone, insert] : [insert];
}

/**
 * Notes that this later export says the same as the warehouse, for exports in between that come after it. What earlier exports had confirmed
 * goes: there is at most one confirmation a signal.
 */
export function confirmSql({ table, loadId, range }: MergeTarget): string[] {
  return [
    `DELETE FROM signalhouse.confirmations c WHERE ${within("c", range)} AND c.signal_key IN (SELECT signal_key FROM matched WHERE later)`,
    `INSERT INTO signalhouse.confirmations BY NAME
      SELECT s.signal_key, s.occurred_at, ${loadId}::BIGINT AS load_id, s.record_no
      FROM matched m JOIN staged_${table} s ON s.record_no = m.record_no WHERE m.later AND NOT m.differs`,
  ];
}
