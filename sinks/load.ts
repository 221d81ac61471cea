/** One file into the warehouse, all or nothing: merge, rejects, drift, schema changes and ledger row in one transaction. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Header } from "../schemas/header.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import { quoteIdentifier as id, quoteText } from "../schemas/names.ts";
import type { Table } from "../schemas/signal-types.ts";
import { SIGNAL_TABLES } from "../schemas/tables.ts";
import { contactColumnNames, type FileIdentity, type LoadCounts, loadWithBytes, NEXT_LOAD_ID } from "./ledger.ts";
import {
  CHANGED,
  confirmSql,
  matchedSql,
  type MergeTarget,
  metSql,
  removeChangedSql,
  repeatedSql,
  replacedInFileSql,
  replaceItemsSql,
  takeBackSql,
  takenSql,
  writeSql,
} from "./merge.ts";
import { tableColumnNames, committing, onlyRow, rows } from "./sql.ts";
import type { Staging } from "./staging.ts";
import { createViewsSql } from "./views.ts";

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
}

const NOTHING: LoadCounts = { records: 0, inserted: 0, updated: 0, unchanged: 0, rejected: 0 };

/**
 * Begins the transaction of a load before its file is read, so that rows can go straight into the tables. Only one at a time may be open on a warehouse: the load
 * before must be committed. commitLoad() or abandonLoad() ends it.
 * @throws SignalhouseError warehouse_failed, as commitLoad()
 */
export async function openLoad(staging: Staging): Promise<void> {
  const { connection, header } = staging;
  await connection.run("BEGIN");
  staging.loadId = await nextLoadId(connection);
  if (header) await addContactColumns(connection, header, staging.loadId);
}

/** Takes everything back that a load that was opened has written. */
export async function abandonLoad(staging: Staging): Promise<void> {
  if (staging.loadId === undefined) return;
  staging.loadId = undefined;
  // After a fatal error there is nothing to roll back.
  await staging.connection.run("ROLLBACK").catch(() => undefined);
}

/**
 * Merges a file's staging into the warehouse in one transaction: after it everything is there, or, whatever happens, nothing.
 * Only one at a time may run on a warehouse; staging of other files may go on meanwhile, unless a load is open.
 * @throws SignalhouseError warehouse_failed where rows are of loads that the ledger does not have; DuckDB's errors as they are
 */
export async function commitLoad(staging: Staging, file: ReadFile): Promise<LoadResult> {
  const { connection } = staging;
  const twin = await loadWithBytes(connection, file.sha256);
  if (twin) await abandonLoad(staging);
  const opened = staging.loadId;
  staging.loadId = undefined;
  if (opened === undefined) await connection.run("BEGIN");
  return committing(connection, async () => {
    const loadId = opened ?? (await nextLoadId(connection));
    await connection.run("DELETE FROM signalhouse.loads WHERE path = $1 AND status = 'failed'", [file.path]);
    const counts = twin ? NOTHING : await mergeStaging(staging, loadId, file);
    const result: LoadResult = { loadId, status: twin ? "duplicate" : "loaded", ...counts, ...(twin ? { duplicateOf: twin.path } : {}) };
    await insertLoad(connection, file, result, staging.header);
    return result;
  });
}

async function nextLoadId(connection: DuckDBConnection): Promise<bigint> {
  const { load_id } = await onlyRow<{ load_id: bigint }>(connection, `SELECT ${NEXT_LOAD_ID} AS load_id`);
  // Rows of a load that was deleted from the ledger would be taken for the new load's own. No row group is read for this: their statistics tell.
  for (const table of Object.keys(SIGNAL_TABLES) as Table[]) {
    const { n } = await onlyRow<{ n: bigint }>(connection, `SELECT count(*) AS n FROM ${table} WHERE load_id >= ${load_id}`);
    if (n > 0n) throw orphans(`${table} has ${n.toLocaleString("en-US")} rows`);
  }
  return load_id;
}

/** Merges staging as part of load `loadId`, within a transaction. */
export async function mergeStaging(staging: Staging, loadId: bigint, file: FileIdentity): Promise<LoadCounts> {
  const { connection, header, counts } = staging;
  if (!header) return NOTHING;
  await addContactColumns(connection, header, loadId);
  const total = { ...NOTHING, records: counts.records, rejected: counts.rejected };
  for (const table of Object.keys(SIGNAL_TABLES) as Table[]) {
    if (counts.rows[table] + counts.direct[table] === 0) continue;
    const merged = await mergeTable(staging, table, header, loadId, file);
    total.inserted += merged.inserted;
    total.updated += merged.updated;
    total.unchanged += merged.unchanged;
  }
  if (counts.rejected > 0) await connection.run(`INSERT INTO signalhouse.rejects BY NAME SELECT ${loadId}::BIGINT AS load_id, * FROM staged_rejects`);
  if (staging.drift.length > 0) await insertDrift(staging, loadId);
  return total;
}

async function mergeTable(staging: Staging, table: Table, header: Header, loadId: bigint, file: FileIdentity) {
  const { connection, counts } = staging;
  const target: MergeTarget = { table, header, loadId, mtime: file.mtime, path: file.path, ...(await surroundings(connection, table, loadId, file)) };
  const taken = await takeBack(staging, target);
  const isStaged = counts.rows[table] + taken > 0;
  const { replaced, matched, written } = isStaged ? await mergeRows(staging, target) : { replaced: NO_ROWS, matched: NO_ROWS, written: 0 };
  if (table === "behavior_signals") {
    for (const sql of replaceItemsSql(target, replaced.rows > 0, matched.rows > 0)) await connection.run(sql);
  }
  return {
    inserted: counts.direct[table] - taken + written - matched.differing,
    updated: matched.differing + replaced.differing,
    unchanged: matched.rows - matched.differing + replaced.rows - replaced.differing,
  };
}

/** Staged rows that another row says too, and those of them to which it makes a difference. */
interface Twins {
  rows: number;
  differing: number;
}

const NO_ROWS: Twins = { rows: 0, differing: 0 };

/**
 * Merges the staged rows of a table.
 * @returns the rows that a later one of the file replaces; those that have a row in the warehouse, and the ones that take its place; how many were written
 */
async function mergeRows(staging: Staging, target: MergeTarget): Promise<{ replaced: Twins; matched: Twins; written: number }> {
  const { connection } = staging;
  const { table, header } = target;
  const repeated = await makeTable(connection, repeatedSql(table), `repeated_${table}`);
  const replaced = repeated.rows > 0 ? await makeTable(connection, replacedInFileSql(table, header), `replaced_${table}`, "differs") : NO_ROWS;
  if (replaced.rows > 0) await staging.leaveOut(table, `SELECT record_no FROM replaced_${table}`);

  const met = await makeTable(connection, metSql(target), "met");
  const matched =
    met.rows > 0 ? await makeTable(connection, matchedSql(target, await tableColumnNames(connection, table)), "matched", CHANGED) : NO_ROWS;
  if (matched.rows !== met.rows) throw orphans(`${table} has ${(met.rows - matched.rows).toLocaleString("en-US")} of the file's rows already`);
  if (matched.rows > 0) {
    for (const sql of [...confirmSql(target), removeChangedSql(target)]) await connection.run(sql);
  }
  const { rowsChanged: written } = await connection.run(writeSql(target, matched.rows > 0));
  return { replaced, matched, written };
}

/** Which of two exports is later, the ledger says; what it does not know cannot be merged with. */
const orphans = (what: string) =>
  new SignalhouseError(
    "warehouse_failed",
    `${what}, from loads that signalhouse.loads does not have: somebody has deleted those`,
    "Nothing of the file was loaded. Take the warehouse back from a copy, or load all files into a new one. `signalhouse verify` shows what else is amiss.",
  );

/** Stages those of the rows that went straight into a table that meet another one after all. @returns how many */
async function takeBack({ connection, counts }: Staging, target: MergeTarget): Promise<number> {
  if (counts.direct[target.table] === 0) return 0;
  const { rows: taken } = await makeTable(connection, takenSql(target), `taken_${target.table}`);
  if (taken === 0) return 0;
  const [stage, remove] = takeBackSql(target);
  const { rowsChanged } = await connection.run(stage);
  await connection.run(remove);
  return rowsChanged;
}

/** Makes a temporary table and counts its rows, and those for which `differing` holds. */
async function makeTable(connection: DuckDBConnection, create: string, table: string, differing = "false"): Promise<Twins> {
  await connection.run(create);
  const counts = await onlyRow<{ n: bigint; differing: bigint }>(
    connection,
    `SELECT count(*) AS n, count(*) FILTER (${differing}) AS differing FROM ${table}`,
  );
  return { rows: Number(counts.n), differing: Number(counts.differing) };
}

/**
 * A signal's times lie close together, and which of them an export has may differ from the next: one that has no SIGNAL_TIMESTAMP falls back on when
 * the signal was received. The warehouse's row may be so far outside the times that the file has.
 */
const MARGIN = "INTERVAL 1 DAY";

async function surroundings(
  connection: DuckDBConnection,
  table: Table,
  loadId: bigint,
  file: FileIdentity,
): Promise<Pick<MergeTarget, "range" | "outOfOrder">> {
  const times = ["occurred_at", "signal_timestamp", "timestamp", "received_timestamp", "observed_timestamp"].map(id).join(", ");
  const range = await onlyRow<{ first: string; last: string }>(
    connection,
    `SELECT (min(first) - ${MARGIN})::VARCHAR AS first, (max(last) + ${MARGIN})::VARCHAR AS last FROM (
       SELECT min(least(${times})) AS first, max(greatest(${times})) AS last FROM staged_${table}
       UNION ALL SELECT min(least(${times})), max(greatest(${times})) FROM ${table} WHERE load_id = ${loadId})`,
  );
  const later = await rows(
    connection,
    "SELECT 1 FROM signalhouse.loads WHERE status = 'loaded' AND (mtime, path) >= (make_timestamptz($1::BIGINT * 1000), $2) LIMIT 1",
    [BigInt(file.mtime), file.path],
  );
  return { range, outOfOrder: later.length > 0 };
}

/** Adds a column to both tables for each contact attribute that is seen for the first time, and makes the views anew. */
async function addContactColumns(connection: DuckDBConnection, header: Header, loadId: bigint): Promise<void> {
  const present = new Set(await contactColumnNames(connection));
  const occurrences = new Map<string, number>();
  let changed = false;
  for (const { header: name, column, contact } of header.fields) {
    const occurrence = (occurrences.get(name) ?? 0) + 1;
    occurrences.set(name, occurrence);
    if (!contact || present.has(column)) continue;
    changed = true;
    for (const table of Object.keys(SIGNAL_TABLES)) {
      await connection.run(`ALTER TABLE ${table} ADD COLUMN ${id(column)} VARCHAR`);
      await connection.run(
        `INSERT INTO signalhouse.schema_changes BY NAME SELECT $1::BIGINT AS load_id, $2 AS table_name, $3 AS column_name, 'VARCHAR' AS column_type,
           $4 AS header, $5::INTEGER AS occurrence, now() AS changed_at`,
        [loadId, table, column, name, occurrence],
      );
    }
  }
  if (!changed) return;
  for (const sql of createViewsSql(await contactColumnNames(connection))) await connection.run(sql);
}

async function insertDrift({ connection, drift }: Staging, loadId: bigint): Promise<void> {
  const counts = drift.map(({ signalType, field, reason, records, firstRecordNo }) => ({
    // What is no Unicode would be none of JSON's.
    signal_type: signalType.toWellFormed(),
    field: field.toWellFormed(),
    reason,
    records,
    first_record_no: firstRecordNo,
  }));
  const shape = '[{"signal_type": "VARCHAR", "field": "VARCHAR", "reason": "VARCHAR", "records": "BIGINT", "first_record_no": "BIGINT"}]';
  await connection.run(
    `INSERT INTO signalhouse.drift BY NAME SELECT $1::BIGINT AS load_id, unnest(from_json($2, ${quoteText(shape)}), recursive := true)`,
    [loadId, JSON.stringify(counts)],
  );
}

async function insertLoad(connection: DuckDBConnection, file: ReadFile, result: LoadResult, header: Header | undefined): Promise<void> {
  await connection.run(
    `INSERT INTO signalhouse.loads BY NAME SELECT $1::BIGINT AS load_id, $2 AS path, $3::BIGINT AS size_bytes, make_timestamptz($4::BIGINT * 1000) AS mtime, $5 AS sha256,
       $6::BIGINT AS records, $7::BIGINT AS inserted, $8::BIGINT AS updated, $9::BIGINT AS unchanged, $10::BIGINT AS rejected, $11 AS status,
       make_timestamptz($12::BIGINT * 1000) AS started_at, make_timestamptz($13::BIGINT * 1000) AS finished_at, $14 AS error, $15::BIGINT AS run_id, CAST($16::JSON AS VARCHAR[]) AS header, $17::BIGINT AS row_path_records`,
    [
      result.loadId,
      file.path,
      ...[file.size, file.mtime].map(BigInt),
      file.sha256,
      ...[result.records, result.inserted, result.updated, result.unchanged, result.rejected].map(BigInt),
      result.status,
      ...[file.startedAt, Date.now()].map(BigInt),
      result.duplicateOf === undefined ? null : `the same bytes as ${result.duplicateOf}`,
      file.runId,
      header ? JSON.stringify(header.names) : null,
      result.status === "duplicate" ? 0n : BigInt(file.rowPathRecords ?? result.records),
    ],
  );
}
