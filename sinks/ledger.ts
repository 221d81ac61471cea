/** Reading and writing the ledger: loads, runs, and which contact columns there are. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { ContactColumn } from "../schemas/header.ts";
import type { LoadStatus } from "../schemas/tables.ts";
import { tableColumnNames, inTransaction, rows } from "./sql.ts";

/** A file as the ledger knows it: path, size and mtime tell it from every other one. */
export interface FileIdentity {
  path: string;
  size: number;
  /** Milliseconds since the epoch. */
  mtime: number;
}

/** A file that the ledger has, with what became of it. */
export interface KnownFile extends FileIdentity {
  status: LoadStatus;
}

/** How a load's records were counted. Always records = inserted + updated + unchanged + rejected. */
export interface LoadCounts {
  records: number;
  inserted: number;
  updated: number;
  unchanged: number;
  rejected: number;
}

/** Every file of the ledger, for the plan of a sync. One row a load: 10,000 are a matter of milliseconds. */
export async function knownFiles(connection: DuckDBConnection): Promise<KnownFile[]> {
  const found = await rows<{ path: string; size_bytes: bigint; mtime_ms: bigint; status: LoadStatus }>(
    connection,
    "SELECT path, size_bytes, epoch_ms(mtime) AS mtime_ms, status FROM signalhouse.loads WHERE mtime IS NOT NULL",
  );
  return found.map(({ path, size_bytes, mtime_ms, status }) => ({ path, size: Number(size_bytes), mtime: Number(mtime_ms), status }));
}

/**
 * The load of the same bytes that a file adds nothing to, where there is one: of the same export, or of a later one. A copy of an earlier export with a later time is the later export of what it says.
 */
export async function laterLoadWithBytes(
  connection: DuckDBConnection,
  { sha256, mtime, path }: Pick<FileIdentity, "mtime" | "path"> & { sha256: string },
): Promise<{ path: string } | undefined> {
  const found = await rows<{ path: string }>(
    connection,
    `SELECT path FROM signalhouse.loads WHERE sha256 = $1 AND status = 'loaded' AND (mtime, path) >= (make_timestamptz($2::BIGINT * 1000), $3)
     ORDER BY mtime, path LIMIT 1`,
    [sha256, BigInt(mtime), path],
  );
  return found[0];
}

/** The contact columns of the warehouse and the headers that they stand for. */
export async function contactColumns(connection: DuckDBConnection): Promise<ContactColumn[]> {
  return rows<{ header: string; occurrence: number; column: string }>(
    connection,
    `SELECT DISTINCT header, occurrence, column_name AS "column" FROM signalhouse.schema_changes WHERE header IS NOT NULL ORDER BY column_name`,
  );
}

/** The names of the contact columns, in the order in which they were added. */
export async function contactColumnNames(connection: DuckDBConnection): Promise<string[]> {
  return (await tableColumnNames(connection, "behavior_signals")).filter((name) => name.startsWith("contact_"));
}

/** Notes that a command has begun. */
export async function beginRun(connection: DuckDBConnection, command: string, version: string): Promise<bigint> {
  const found = await rows<{ run_id: bigint }>(
    connection,
    `INSERT INTO signalhouse.runs BY NAME SELECT coalesce(max(run_id), 0) + 1 AS run_id, $1 AS command, $2 AS version, now() AS started_at
     FROM signalhouse.runs RETURNING run_id`,
    [command, version],
  );
  return (found[0] as { run_id: bigint }).run_id;
}

/** Notes how a command ended. A run without an end was killed. */
export async function endRun(connection: DuckDBConnection, runId: bigint, exitCode: number, error?: string): Promise<void> {
  await connection.run("UPDATE signalhouse.runs SET finished_at = now(), exit_code = $2, error = $3 WHERE run_id = $1", [
    runId,
    exitCode,
    error ?? null,
  ]);
}

/** A file that could not be loaded. Only its last attempt is kept: a file that fails every quarter of an hour must not fill the ledger. */
export interface FailedLoad extends FileIdentity {
  startedAt: number;
  errorCode: string;
  error: string;
  runId: bigint | null;
}

/** Writes a failed load into the ledger. It never counts as loaded. */
export async function recordFailure(connection: DuckDBConnection, load: FailedLoad): Promise<void> {
  await inTransaction(connection, async () => {
    await connection.run("DELETE FROM signalhouse.loads WHERE path = $1 AND status = 'failed'", [load.path]);
    await connection.run(
      `INSERT INTO signalhouse.loads BY NAME SELECT ${NEXT_LOAD_ID} AS load_id, $1 AS path, $2::BIGINT AS size_bytes, make_timestamptz($3::BIGINT * 1000) AS mtime,
         0 AS records, 0 AS inserted, 0 AS updated, 0 AS unchanged, 0 AS rejected, 'failed' AS status,
         make_timestamptz($4::BIGINT * 1000) AS started_at, now() AS finished_at, $5 AS error, $6 AS error_code, $7::BIGINT AS run_id`,
      [load.path, BigInt(load.size), BigInt(load.mtime), BigInt(load.startedAt), load.error, load.errorCode, load.runId],
    );
  });
}

/** The id of the next load, within a transaction. */
export const NEXT_LOAD_ID = "(SELECT coalesce(max(load_id), 0) + 1 FROM signalhouse.loads)";
