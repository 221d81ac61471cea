/** The ledger, signalhouse.loads: whatever is read of it to load, and all that is written to it. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { SignalhouseError } from "../schemas/errors.ts";
import type { LaterHeader } from "../schemas/header.ts";
import type { LoadStatus } from "../schemas/ledger-tables.ts";
import { TABLES } from "../schemas/tables.ts";
import type { Table } from "../schemas/signal-types.ts";
import { onlyRow, rows } from "./sql.ts";
import { inTransaction } from "./transaction.ts";

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

/** How a load's records were counted. Always records = inserted + updated + unchanged + rejected + suppressed. */
export interface LoadCounts {
  records: number;
  inserted: number;
  updated: number;
  unchanged: number;
  rejected: number;
  /** Left out, as they are of somebody who was forgotten. */
  suppressed: number;
}

/** Whether a file of the ledger is in the warehouse. */
export const isLoaded = ({ status }: Pick<KnownFile, "status">): boolean => status === "loaded" || status === "duplicate";

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

/**
 * The id of the next load, within its transaction.
 * @throws SignalhouseError warehouse_failed where the tables have rows of loads that the ledger does not have: they would be taken for the new load's own
 */
export async function nextLoadId(connection: DuckDBConnection): Promise<bigint> {
  const { load_id } = await onlyRow<{ load_id: bigint }>(connection, `SELECT ${NEXT_LOAD_ID} AS load_id`);
  for (const table of TABLES) {
    // No row group is read for this: their statistics tell.
    const { n } = await onlyRow<{ n: bigint }>(connection, `SELECT count(*) AS n FROM ${table} WHERE load_id >= ${load_id}`);
    if (n > 0n) throw orphans(table, `${n.toLocaleString("en-US")} rows`);
  }
  return load_id;
}

/** Which of two exports is later, the ledger says; what it does not know cannot be merged with. */
export const orphans = (table: Table, what: string): SignalhouseError =>
  new SignalhouseError(
    "warehouse_failed",
    `${table} has ${what}, from loads that signalhouse.loads does not have: somebody has deleted those`,
    "Nothing of the file was loaded. Take the warehouse back from a copy, or load all files into a new one. `signalhouse verify` shows what else is amiss.",
  );

/** A load that is about to be committed. */
export interface NewLoad extends FileIdentity, LoadCounts {
  loadId: bigint;
  status: "loaded" | "duplicate";
  /** Of the bytes received, in hex. */
  sha256: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
  runId: bigint | null;
  /** Records that were read one by one. */
  rowPathRecords: number;
  /** How many rows order_items has more than before. */
  orderItems: number;
  /** The first header row, as it came; null where the file was not read. */
  header: readonly string[] | null;
  laterHeaders: readonly LaterHeader[];
  /** What is worth knowing of it. */
  note: string | null;
}

/** Writes a load down, in place of what the ledger had of failures of its file. Within the load's transaction. */
export async function insertLoad(connection: DuckDBConnection, load: NewLoad): Promise<void> {
  await forgetFailures(connection, load.path);
  await connection.run(
    `INSERT INTO signalhouse.loads BY NAME SELECT $1::BIGINT AS load_id, $2 AS path, $3::BIGINT AS size_bytes, make_timestamptz($4::BIGINT * 1000) AS mtime, $5 AS sha256,
       $6::BIGINT AS records, $7::BIGINT AS inserted, $8::BIGINT AS updated, $9::BIGINT AS unchanged, $10::BIGINT AS rejected, $11 AS status,
       make_timestamptz($12::BIGINT * 1000) AS started_at, make_timestamptz($13::BIGINT * 1000) AS finished_at, $14 AS error, $15::BIGINT AS run_id, CAST($16::JSON AS VARCHAR[]) AS header, $17::BIGINT AS row_path_records, $18::BIGINT AS order_items,
       $19::JSON AS later_headers, $20::BIGINT AS suppressed`,
    [
      load.loadId,
      load.path,
      ...[load.size, load.mtime].map(BigInt),
      load.sha256,
      ...[load.records, load.inserted, load.updated, load.unchanged, load.rejected].map(BigInt),
      load.status,
      ...[load.startedAt, Date.now()].map(BigInt),
      load.note,
      load.runId,
      load.header ? JSON.stringify(load.header) : null,
      BigInt(load.rowPathRecords),
      BigInt(load.orderItems),
      load.laterHeaders.length > 0 ? JSON.stringify(load.laterHeaders) : null,
      BigInt(load.suppressed),
    ],
  );
}

/** Takes what the ledger has of failures of a file out of it: the file is loaded, has failed anew, or is gone. */
export const forgetFailures = (connection: DuckDBConnection, path: string) =>
  connection.run("DELETE FROM signalhouse.loads WHERE path = $1 AND status IN ('failed', 'dismissed')", [path]);

/** Dismisses a failed file, or takes a dismissed one up again. As long as it stays as it is, a dismissed one is not tried. */
export const dismissFailure = (connection: DuckDBConnection, path: string, isDismissed: boolean) =>
  connection.run("UPDATE signalhouse.loads SET status = $2 WHERE path = $1 AND status IN ('failed', 'dismissed')", [
    path,
    (isDismissed ? "dismissed" : "failed") satisfies LoadStatus,
  ]);

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
    await forgetFailures(connection, load.path);
    await connection.run(
      `INSERT INTO signalhouse.loads BY NAME SELECT ${NEXT_LOAD_ID} AS load_id, $1 AS path, $2::BIGINT AS size_bytes, make_timestamptz($3::BIGINT * 1000) AS mtime,
         0 AS records, 0 AS inserted, 0 AS updated, 0 AS unchanged, 0 AS rejected, 'failed' AS status,
         make_timestamptz($4::BIGINT * 1000) AS started_at, now() AS finished_at, $5 AS error, $6 AS error_code, $7::BIGINT AS run_id`,
      [load.path, BigInt(load.size), BigInt(load.mtime), BigInt(load.startedAt), load.error, load.errorCode, load.runId],
    );
  });
}

/** Counts former rejects of a load among its records. Within the transaction that loads them. */
export async function addReplayed(connection: DuckDBConnection, loadId: bigint, counts: LoadCounts & Pick<NewLoad, "orderItems">): Promise<void> {
  await connection.run(
    `UPDATE signalhouse.loads SET inserted = inserted + $2::BIGINT, updated = updated + $3::BIGINT, unchanged = unchanged + $4::BIGINT, rejected = rejected - $5::BIGINT,
       order_items = coalesce(order_items, 0) + $6::BIGINT, suppressed = coalesce(suppressed, 0) + $7::BIGINT
     WHERE load_id = $1`,
    [loadId, ...[counts.inserted, counts.updated, counts.unchanged, counts.records, counts.orderItems, counts.suppressed].map(BigInt)],
  );
}

/** What was taken out of the tables. */
export interface Mended {
  signals: number;
  orderItems: number;
}

/** Notes that rows are gone which were inserted, and should have updated others. Within the transaction that takes them out. @param by what did. @returns the number of that row */
export async function insertMended(connection: DuckDBConnection, by: string, { signals, orderItems }: Mended): Promise<bigint> {
  const { load_id } = await onlyRow<{ load_id: bigint }>(
    connection,
    `INSERT INTO signalhouse.loads BY NAME SELECT ${NEXT_LOAD_ID} AS load_id, $3 AS path, 0 AS records, -$1::BIGINT AS inserted, $1::BIGINT AS updated, 0 AS unchanged,
       0 AS rejected, -$2::BIGINT AS order_items, 'mended' AS status, now() AS started_at, now() AS finished_at RETURNING load_id`,
    [BigInt(signals), BigInt(orderItems), by],
  );
  return load_id;
}

/** Counts the items of loads by a version that did not. */
export async function countItems(connection: DuckDBConnection): Promise<void> {
  await connection.run(
    "UPDATE signalhouse.loads AS l SET order_items = (SELECT count(*) FROM order_items i WHERE i.load_id = l.load_id) WHERE order_items IS NULL",
  );
}

/** Forgets copies that an older version passed over, and that count as the later exports that they are once they are loaded. */
export async function forgetLaterCopies(connection: DuckDBConnection): Promise<void> {
  await connection.run(
    `DELETE FROM signalhouse.loads AS d WHERE status = 'duplicate' AND NOT EXISTS (SELECT 1 FROM signalhouse.loads l
       WHERE l.sha256 = d.sha256 AND l.status = 'loaded' AND (l.mtime, l.path) >= (d.mtime, d.path))`,
  );
}

const NEXT_LOAD_ID = "(SELECT coalesce(max(load_id), 0) + 1 FROM signalhouse.loads)";
