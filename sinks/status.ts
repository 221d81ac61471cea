/** What is in the warehouse and how it got there, for people: runs, loads and counts. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { LoadStatus } from "../schemas/ledger-tables.ts";
import { type AmountsLeftOut, amountsLeftOut } from "./amounts.ts";
import { DATA_TABLES } from "./ddl.ts";
import { SIGNALS_OF_WHOLE_DAYS } from "./margins.ts";
import { plainRows } from "./plain-rows.ts";

export interface RunRow {
  run_id: bigint;
  command: string;
  started_at: Date;
  /** Null where the run still goes on, or was killed. */
  finished_at: Date | null;
  exit_code: number | null;
  error: string | null;
  /** Files that the run loaded. */
  files: bigint;
}

export interface LoadRow {
  load_id: bigint;
  path: string;
  size_bytes: bigint;
  mtime: Date;
  records: bigint;
  inserted: bigint;
  updated: bigint;
  unchanged: bigint;
  rejected: bigint;
  status: LoadStatus;
  finished_at: Date;
  error: string | null;
  error_code: string | null;
}

export interface TableRow {
  table: string;
  rows: bigint;
}

export interface SignalTypeRow {
  signal_type: string;
  table: string;
  rows: bigint;
  /** The occurred_at of the newest one; null where there are none but those of a backfill's margins, which do not count. */
  newest: Date | null;
}

export interface Status {
  tables: TableRow[];
  signal_types: SignalTypeRow[];
  /** The newest occurred_at of all; null in an empty warehouse. */
  newest_signal: Date | null;
  /** The last file that was loaded. */
  last_load: LoadRow | null;
  /** Files of the ledger by what became of them. */
  files: { loaded: bigint; duplicate: bigint; failed: bigint; dismissed: bigint };
  failed_files: LoadRow[];
  /** Rejects that were not replayed. */
  rejects: bigint;
  /** Signal type, field and reason: so many different ones were seen. */
  drift_kinds: bigint;
  /** Amounts that are in no sum, for they are no numbers that their columns hold. */
  amounts_left_out: AmountsLeftOut;
  /** The last runs, newest first. */
  runs: RunRow[];
}

/** The last file that was loaded; null where none is yet. */
export async function lastLoad(connection: DuckDBConnection): Promise<LoadRow | null> {
  const [found] = await loadRows(connection, "status = 'loaded' ORDER BY finished_at DESC, load_id DESC LIMIT 1");
  return found ?? null;
}

/** @param where SQL behind WHERE */
const loadRows = (connection: DuckDBConnection, where: string) =>
  plainRows<LoadRow>(connection, `SELECT ${LOAD_ROW} FROM signalhouse.loads WHERE ${where}`);

const LOAD_ROW = "load_id, path, size_bytes, mtime, records, inserted, updated, unchanged, rejected, status, finished_at, error, error_code";

/** The whole of `signalhouse status`. It counts the tables: a second or so for 100 million rows. */
export async function readStatus(connection: DuckDBConnection, runs = 5): Promise<Status> {
  const signal_types = await signalTypes(connection);
  const [counts] = await plainRows<Status["files"] & { rejects: bigint; drift_kinds: bigint }>(
    connection,
    `SELECT count(*) FILTER (status = 'loaded') AS loaded, count(*) FILTER (status = 'duplicate') AS duplicate, count(*) FILTER (status = 'failed') AS failed,
       count(*) FILTER (status = 'dismissed') AS dismissed,
       (SELECT count(*) FROM signalhouse.rejects WHERE replayed_at IS NULL) AS rejects,
       (SELECT count(DISTINCT (signal_type, field, reason)) FROM signalhouse.drift) AS drift_kinds
     FROM signalhouse.loads`,
  );
  const { loaded, duplicate, failed, dismissed, rejects, drift_kinds } = counts as NonNullable<typeof counts>;
  return {
    tables: await tableCounts(connection),
    signal_types,
    newest_signal: newestOf(signal_types),
    last_load: await lastLoad(connection),
    files: { loaded, duplicate, failed, dismissed },
    failed_files: await loadRows(connection, "status = 'failed' ORDER BY finished_at DESC"),
    rejects,
    drift_kinds,
    amounts_left_out: await amountsLeftOut(connection),
    runs: await recentRuns(connection, runs),
  };
}

/** Rows per table. */
export async function tableCounts(connection: DuckDBConnection): Promise<TableRow[]> {
  const counts = Object.keys(DATA_TABLES).map((table) => `SELECT '${table}' AS "table", count(*) AS rows FROM ${table}`);
  return plainRows(connection, counts.join(" UNION ALL "));
}

/** Rows per signal type, most first. */
export async function signalTypes(connection: DuckDBConnection): Promise<SignalTypeRow[]> {
  const counts = ["marketing_signals", "behavior_signals"].map(
    (table) => `SELECT signal_type, '${table}' AS "table", count(*) AS rows FROM ${table} GROUP BY signal_type`,
  );
  return plainRows(
    connection,
    `SELECT signal_type, "table", rows, newest FROM (${counts.join(" UNION ALL ")})
     LEFT JOIN (SELECT signal_type, max(occurred_at) AS newest FROM ${SIGNALS_OF_WHOLE_DAYS} GROUP BY signal_type) AS whole USING (signal_type)
     ORDER BY rows DESC, signal_type`,
  );
}

/** The occurred_at of the newest of these; null where there are none. */
export const newestOf = (types: readonly SignalTypeRow[]): Date | null =>
  types.reduce<Date | null>((newest, type) => (newest === null || (type.newest !== null && type.newest > newest) ? type.newest : newest), null);

/** The ledger, in the order of the loads. */
export async function ledger(connection: DuckDBConnection): Promise<LoadRow[]> {
  return plainRows(connection, `SELECT ${LOAD_ROW} FROM signalhouse.loads ORDER BY load_id`);
}

async function recentRuns(connection: DuckDBConnection, limit: number): Promise<RunRow[]> {
  return plainRows(
    connection,
    `SELECT run_id, command, started_at, finished_at, exit_code, error,
       (SELECT count(*) FROM signalhouse.loads l WHERE l.run_id = r.run_id AND l.status = 'loaded') AS files
     FROM signalhouse.runs r ORDER BY run_id DESC LIMIT $1`,
    [BigInt(limit)],
  );
}
