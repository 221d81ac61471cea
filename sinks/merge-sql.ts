/**
 * SQL that merges a file's staging into the warehouse. A signal is its type and its key, wherever and whenever it stands: it is looked for in the whole of both tables, by the hash of its key, and where hashes meet
 * the texts decide.
 */
import type { Header } from "../schemas/header.ts";
import { quoteIdentifier as id, quoteText } from "../schemas/names.ts";
import type { Table } from "../schemas/signal-types.ts";
import { type Column, LOAD_COLUMNS, ORDER_ITEM_COLUMNS, tableColumns, TABLES } from "../schemas/tables.ts";
import { keyHash, mayBeContentKey } from "./identity.ts";

/** Which of the two tables a row is in, as a column of SQL. */
export const isBehavior = (table: Table): "true" | "false" => (table === "behavior_signals" ? "true" : "false");

/** The same query of several tables. DuckDB plans each for as long as it has columns: tables that have nothing to do with it are left out where they are known. */
const ofEach = (tables: readonly Table[], query: (table: Table) => string) => tables.map(query).join(" UNION ALL ");
const ofBoth = (query: (table: Table) => string) => ofEach(TABLES, query);

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
  header: Header;
  loadId: bigint;
  /** Of the export file: later exports win. */
  mtime: number;
  path: string;
  /** Whether the ledger has a later export, or this one already: only then may a row have been confirmed by it. */
  outOfOrder: boolean;
  /** Whether rows of the load are in the tables already. */
  isDirect: boolean;
}

/** For each table a condition that all rows fulfil that were met there; those without such a row are not among them. */
export type Near = ReadonlyMap<Table, string>;

/** Whether a load is of an earlier export than the one that is being merged, or of the same one. */
const earlier = (load: string, { mtime, path }: MergeTarget) =>
  `(${load}.mtime, ${load}.path) <= (make_timestamptz(${mtime * 1000}), ${quoteText(path)})`;

/** The keys of what is staged, in both tables. */
const STAGED = `(${ofBoth((table) => `SELECT ${isBehavior(table)} AS behavior, record_no, signal_type, signal_id, signal_key, occurred_at FROM staged_${table}`)})`;

/** The signals of the file, in staging and in the tables. */
const ofFile = ({ loadId, isDirect }: MergeTarget) =>
  isDirect
    ? `(SELECT record_no, signal_type, signal_id, signal_key FROM ${STAGED} UNION ALL ${ofBoth((table) => `SELECT record_no, signal_type, signal_id, signal_key FROM ${table} WHERE load_id = ${loadId}`)})`
    : STAGED;

/** Whether a signal's id is none, although something stands there. */
const HAS_NO_ID = `(${mayBeContentKey("signal_key")} AND signal_id IS NOT NULL AND signal_id <> signal_key)`;

/** Makes own: each signal of the file by hashes of its key and type, with the table that it belongs to, whether it is there already, and whether its id is none. */
export function ownSql({ loadId, isDirect }: MergeTarget): string {
  const columns = `record_no, hash(signal_type) AS type_hash, ${HAS_NO_ID} AS no_id`;
  const staged = ofBoth(
    (table) => `SELECT ${isBehavior(table)} AS behavior, false AS direct, ${columns}, ${keyHash("signal_key")} AS key_hash FROM staged_${table}`,
  );
  const direct = ofBoth((table) => `SELECT ${isBehavior(table)}, true, ${columns}, key_hash FROM ${table} WHERE load_id = ${loadId}`);
  return `CREATE OR REPLACE TEMP TABLE own AS ${isDirect ? `${staged} UNION ALL ${direct}` : staged}`;
}

/** Makes shared: hashes of keys that the file has several times, under one type or several. */
export const SHARED_SQL = "CREATE OR REPLACE TEMP TABLE shared AS SELECT key_hash FROM own GROUP BY key_hash HAVING count(*) > 1";

/** Makes met: signals of the file, and the rows of the warehouse whose keys have the same hash. This is the one look at the whole warehouse. */
export function metSql({ loadId, isDirect }: MergeTarget): string {
  const others = isDirect ? `WHERE load_id <> ${loadId}` : "";
  const known = ofBoth((table) => `SELECT ${isBehavior(table)} AS old_behavior, rowid AS row_id, key_hash FROM ${table} ${others}`);
  return `CREATE OR REPLACE TEMP TABLE met AS
    SELECT o.behavior, o.direct, o.record_no, o.type_hash, k.old_behavior, k.row_id FROM (${known}) k JOIN own o USING (key_hash)`;
}

/** Gives the rows of met that are in a table. */
export const metIn = (table: Table): string => `SELECT row_id FROM met WHERE old_behavior = ${isBehavior(table)}`;

/** Makes known: those rows. There must be some. */
export function knownSql(near: Near): string {
  const rows = ofEach(
    [...near.keys()],
    (
      table,
    ) => `SELECT ${isBehavior(table)} AS old_behavior, rowid AS row_id, signal_type, signal_key, occurred_at AS old_occurred_at, load_id, record_no AS old_record_no
      FROM ${table} WHERE ${near.get(table)} AND rowid IN (${metIn(table)})`,
  );
  return `CREATE OR REPLACE TEMP TABLE known AS ${rows}`;
}

/** The same where there are none. */
export const NOTHING_KNOWN_SQL = `CREATE OR REPLACE TEMP TABLE known AS
  SELECT false AS old_behavior, 0::BIGINT AS row_id, '' AS signal_type, '' AS signal_key, now() AS old_occurred_at, 0::BIGINT AS load_id, 0::BIGINT AS old_record_no LIMIT 0`;

/**
 * Makes taken: rows that went straight into a table, and are there a second time after all, in the file or in the warehouse. That two keys, or types, have one hash does no harm.
 */
export const TAKEN_SQL = `CREATE OR REPLACE TEMP TABLE taken AS
  SELECT behavior, record_no FROM own WHERE direct AND (key_hash, type_hash) IN
    (SELECT (key_hash, type_hash) FROM own WHERE key_hash IN (FROM shared) GROUP BY key_hash, type_hash HAVING count(*) > 1)
  UNION SELECT behavior, record_no FROM met JOIN known USING (old_behavior, row_id) WHERE direct AND type_hash = hash(signal_type)`;

/** Takes those rows out of a table and into staging. */
export function takeBackSql(table: Table, { header, loadId }: MergeTarget): [stage: string, remove: string] {
  const columns = columnsOf(table, header).join(", ");
  const which = `FROM ${table} WHERE load_id = ${loadId} AND record_no IN (SELECT record_no FROM taken WHERE behavior = ${isBehavior(table)})`;
  return [`INSERT INTO held_${table} (${columns}) SELECT ${columns} ${which}`, `DELETE ${which}`];
}

/** The columns that staging has, quoted. */
const columnsOf = (table: Table, header: Header) => tableColumns(table, header).flatMap(({ name }) => (name === "load_id" ? [] : [id(name)]));

/** What a row says, of those columns that a file fills. */
const compared = (table: Table, header: Header) => tableColumns(table, header).filter(({ name }) => !LOAD_COLUMNS.includes(name));

/** Makes repeated: signals that are staged several times, with the last of those. */
export const REPEATED_SQL = `CREATE OR REPLACE TEMP TABLE repeated AS
  SELECT signal_type, signal_key, max(record_no) AS last FROM ${STAGED} WHERE ${keyHash("signal_key")} IN (FROM shared) GROUP BY ALL HAVING count(*) > 1`;

/** Makes replaced out of it: staged rows that a later row of the same file replaces; whether they differ from that row, and whether their times do. @param staged the tables that have staged rows */
export function replacedSql({ header }: MergeTarget, staged: readonly Table[]): string {
  const rows = ofEach(
    staged,
    (
      table,
    ) => `SELECT ${isBehavior(table)} AS behavior, s.record_no, s.signal_type, s.signal_key, s.occurred_at, ${hashes(compared(table, header).map((column) => hashed(column, `s.${id(column.name)}`)))}
      FROM staged_${table} s WHERE (s.signal_type, s.signal_key) IN (SELECT (signal_type, signal_key) FROM repeated)`,
  );
  return `CREATE OR REPLACE TEMP TABLE replaced AS
    WITH hashed AS MATERIALIZED (${rows})
    SELECT r.behavior, r.record_no, r.signal_type, (r.behavior <> w.behavior OR r.h1 <> w.h1 OR r.h2 <> w.h2) AS differs, r.occurred_at <> w.occurred_at AS moved
    FROM repeated JOIN hashed w ON w.record_no = repeated.last JOIN hashed r ON r.signal_type = repeated.signal_type AND r.signal_key = repeated.signal_key
    WHERE r.record_no <> repeated.last`;
}

/** Gives the rows of a table that are replaced so. */
export const replacedIn = (table: Table): string => `SELECT record_no FROM replaced WHERE behavior = ${isBehavior(table)}`;

/**
 * Makes matched: staged rows whose signal is in the warehouse, with the row that they meet: is that from an earlier export, and does the staged one say something else? Where an older version has doubled a signal, the row of the
 * latest export is the one that is met.
 * @param columns of the tables @param near as for knownSql()
 */
export function matchedSql(target: MergeTarget, staged: readonly Table[], columns: Readonly<Record<Table, readonly string[]>>, near: Near): string {
  const { header, loadId } = target;
  const values = (table: Table, alias: "s" | "t") => {
    const said = compared(table, header);
    const names = new Set(said.map(({ name }) => name));
    // A column that the file lacks is null in its rows: a later export replaces the whole row, so that the order of loading does not matter.
    const lacking = columns[table].filter((name) => !names.has(name) && !LOAD_COLUMNS.includes(name));
    return hashes([
      ...said.map((column) => hashed(column, `${alias}.${id(column.name)}`)),
      ...lacking.map((name) => (alias === "s" ? "NULL::VARCHAR" : `t.${id(name)}`)),
    ]);
  };
  const incoming = ofEach(
    staged,
    (table) => `SELECT s.record_no, ${values(table, "s")} FROM staged_${table} s WHERE s.record_no IN (SELECT record_no FROM pairs)`,
  );
  const old = ofEach(
    [...near.keys()],
    (table) => `SELECT ${isBehavior(table)} AS old_behavior, t.rowid AS row_id, ${values(table, "t")}
      FROM ${table} t WHERE ${near.get(table)} AND t.rowid IN (SELECT row_id FROM pairs WHERE old_behavior = ${isBehavior(table)})`,
  );
  // What a load has confirmed has the times of the row that it confirmed.
  const confirmed = target.outOfOrder
    ? `AND NOT EXISTS (SELECT 1 FROM signalhouse.confirmations c JOIN signalhouse.loads cl USING (load_id)
         WHERE c.signal_type = p.signal_type AND c.signal_key = p.signal_key AND c.occurred_at = p.old_occurred_at
           AND (NOT ${earlier("cl", target)} OR (c.load_id = ${loadId} AND c.record_no > p.record_no)))`
    : "";
  return `CREATE OR REPLACE TEMP TABLE matched AS
    WITH pairs AS MATERIALIZED (SELECT s.behavior, s.record_no, k.* FROM met m JOIN known k USING (old_behavior, row_id)
        JOIN ${STAGED} s ON s.record_no = m.record_no AND s.signal_type = k.signal_type AND s.signal_key = k.signal_key),
      incoming AS (${incoming}), old AS (${old})
    SELECT p.behavior, p.record_no, p.old_behavior, p.row_id, p.signal_type, p.signal_key, p.old_occurred_at, l.load_id IS NULL AS orphaned,
      (p.behavior <> p.old_behavior OR i.h1 <> o.h1 OR i.h2 <> o.h2) AS differs,
      (${earlier("l", target)} AND (p.load_id <> ${loadId} OR p.old_record_no < p.record_no) ${confirmed}) AS later
    FROM pairs p JOIN incoming i USING (record_no) JOIN old o USING (old_behavior, row_id) LEFT JOIN signalhouse.loads l ON l.load_id = p.load_id
    QUALIFY row_number() OVER (PARTITION BY p.record_no ORDER BY l.mtime DESC, l.path DESC, p.old_record_no DESC) = 1`;
}

/** Of the matched rows: those that take the place of the warehouse's. */
export const CHANGED = "later AND differs";

/** The matched rows that do not. */
const KNOWN_AS_IT_IS = `SELECT record_no FROM matched WHERE NOT (${CHANGED})`;

/** Which rows of a table are the old ones of changed signals. @param near as for knownSql() */
export const changedIn = (table: Table, near: string): string =>
  `${near} AND rowid IN (SELECT row_id FROM matched WHERE ${CHANGED} AND old_behavior = ${isBehavior(table)})`;

/** Writes the staged rows that are new to the warehouse, and where some met a row there, those that change it. */
export function writeSql(table: Table, { header, loadId }: MergeTarget, anyMet: boolean): string {
  const columns = columnsOf(table, header).join(", ");
  const changing = anyMet ? `WHERE record_no NOT IN (${KNOWN_AS_IT_IS})` : "";
  return `INSERT INTO ${table} (${columns}, load_id, key_hash) SELECT ${columns}, ${loadId}::BIGINT, ${keyHash("signal_key")} FROM staged_${table} ${changing}`;
}

/** Which items are those of changed orders. @param among a condition that they fulfil */
export const changedItems = (among: string): string =>
  `${among} AND signal_key IN (SELECT signal_key FROM matched WHERE ${CHANGED} AND signal_type = 'order')`;

/** Writes the items of the orders that are new or changed. */
export function writeItemsSql({ loadId }: MergeTarget, anyReplaced: boolean, anyMet: boolean): string {
  const columns = ORDER_ITEM_COLUMNS.flatMap(({ name }) => (name === "load_id" ? [] : [id(name)])).join(", ");
  const replaced = anyReplaced ? "AND record_no NOT IN (SELECT record_no FROM replaced)" : "";
  const unchanged = anyMet ? `AND record_no NOT IN (${KNOWN_AS_IT_IS})` : "";
  return `INSERT INTO order_items (${columns}, load_id) SELECT ${columns}, ${loadId}::BIGINT FROM staged_order_items WHERE true ${replaced} ${unchanged}`;
}

/**
 * Notes that this later export says the same as the warehouse, for exports in between that come after it. What earlier exports had confirmed
 * goes: there is at most one confirmation a signal. @param among as for changedItems()
 */
export function confirmSql({ loadId }: MergeTarget, among: string): string[] {
  return [
    `DELETE FROM signalhouse.confirmations WHERE ${among} AND (signal_type, signal_key) IN (SELECT (signal_type, signal_key) FROM matched WHERE later)`,
    `INSERT INTO signalhouse.confirmations BY NAME
      SELECT signal_type, signal_key, old_occurred_at AS occurred_at, ${loadId}::BIGINT AS load_id, record_no FROM matched WHERE later AND NOT differs`,
  ];
}

const counted = (records: string) =>
  `SELECT signal_type, count(DISTINCT record_no) AS records, min(record_no) AS first FROM ${records} GROUP BY signal_type ORDER BY first`;

/** Counts signals whose id is none. */
export const noIdSql = (target: MergeTarget): string => counted(`(FROM ${ofFile(target)} WHERE ${HAS_NO_ID})`);

/** Makes reused: signals of the file whose id is also that of a signal of another type, in the file or in the warehouse. */
export const REUSED_SQL = `CREATE OR REPLACE TEMP TABLE reused AS
  SELECT record_no FROM own WHERE key_hash IN (SELECT key_hash FROM own WHERE key_hash IN (FROM shared) GROUP BY key_hash HAVING min(type_hash) <> max(type_hash))
  UNION SELECT m.record_no FROM met m JOIN known k USING (old_behavior, row_id) WHERE m.type_hash <> hash(k.signal_type)`;

/** Counts them. */
export const reusedSql = (target: MergeTarget): string => counted(`(FROM ${ofFile(target)} WHERE record_no IN (FROM reused))`);

/** Counts signals that a later row of the file replaces and that have another time. */
export const MOVED_SQL = counted("(FROM replaced WHERE moved)");
