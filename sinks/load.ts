/** One file into the warehouse, all or nothing: merge, rejects, drift, schema changes and ledger row in one transaction. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Header, LaterHeader, NewColumn, RepeatedName } from "../schemas/header.ts";
import { quoteText } from "../schemas/names.ts";
import { type AmountsLeftOut, amountsLeftOut } from "./amounts.ts";
import { addContactColumns } from "./contact-columns.ts";
import { type FileIdentity, type LoadCounts, laterLoadWithBytes, NEXT_LOAD_ID } from "./ledger.ts";
import { type Merged, mergeStaging, orphans } from "./merge.ts";
import { TABLES } from "./merge-sql.ts";
import { committing, onlyRow } from "./sql.ts";
import type { Staging } from "./staging.ts";

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
  /** Amounts of the rows that it wrote. */
  amountsLeftOut: AmountsLeftOut;
  /** Contact columns that the warehouse did not have before. */
  newColumns: readonly NewColumn[];
  /** Names of fixed columns that stand more than once in a header row. */
  repeatedNames: readonly RepeatedName[];
  /** Header rows behind the first one. */
  laterHeaders: readonly LaterHeader[];
}

const NOTHING: Merged = { records: 0, inserted: 0, updated: 0, unchanged: 0, rejected: 0, orderItems: 0 };

/**
 * Begins the transaction of a load before its file is read, so that rows can go straight into the tables. Only one at a time may be open on a warehouse: the load
 * before must be committed. commitLoad() or abandonLoad() ends it.
 * @throws SignalhouseError warehouse_failed, as commitLoad()
 */
export async function openLoad(staging: Staging): Promise<void> {
  const { connection } = staging;
  await connection.run("BEGIN");
  staging.loadId = await nextLoadId(connection);
  await addContactColumns(staging, staging.loadId);
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
 * @param threads of DuckDB that look for the file's signals in the whole warehouse
 * @throws SignalhouseError warehouse_failed where rows are of loads that the ledger does not have; DuckDB's errors as they are
 */
export async function commitLoad(staging: Staging, file: ReadFile, threads = 1): Promise<LoadResult> {
  const { connection } = staging;
  const twin = await laterLoadWithBytes(connection, file);
  if (twin) await abandonLoad(staging);
  const opened = staging.loadId;
  staging.loadId = undefined;
  if (opened === undefined) await connection.run("BEGIN");
  return committing(connection, async () => {
    const loadId = opened ?? (await nextLoadId(connection));
    await connection.run("DELETE FROM signalhouse.loads WHERE path = $1 AND status = 'failed'", [file.path]);
    const { orderItems, ...counts } = twin ? NOTHING : await writeStaged(staging, loadId, file, threads);
    const { newColumns, repeated: repeatedNames, laterHeaders } = staging;
    const told = twin ? { newColumns: [], repeatedNames: [], laterHeaders: [] } : { newColumns, repeatedNames, laterHeaders };
    const result: LoadResult = {
      loadId,
      status: twin ? "duplicate" : "loaded",
      ...counts,
      ...(twin ? { duplicateOf: twin.path } : {}),
      amountsLeftOut: twin ? {} : await amountsLeftOut(connection, loadId),
      ...told,
    };
    await insertLoad(connection, file, result, orderItems, staging.header);
    return result;
  });
}

/** Writes all that is staged as load `loadId`, within a transaction: signals, rejects, drift. @throws SignalhouseError warehouse_failed, as commitLoad() */
export async function writeStaged(staging: Staging, loadId: bigint, file: FileIdentity, threads = 1): Promise<Merged> {
  const { connection, counts } = staging;
  await addContactColumns(staging, loadId);
  const merged = await mergeStaging(staging, loadId, file, threads);
  if (counts.rejected > 0) await connection.run(`INSERT INTO signalhouse.rejects BY NAME SELECT ${loadId}::BIGINT AS load_id, * FROM staged_rejects`);
  if (staging.drift.length > 0) await insertDrift(staging, loadId);
  return merged;
}

async function nextLoadId(connection: DuckDBConnection): Promise<bigint> {
  const { load_id } = await onlyRow<{ load_id: bigint }>(connection, `SELECT ${NEXT_LOAD_ID} AS load_id`);
  // Rows of a load that was deleted from the ledger would be taken for the new load's own. No row group is read for this: their statistics tell.
  for (const table of TABLES) {
    const { n } = await onlyRow<{ n: bigint }>(connection, `SELECT count(*) AS n FROM ${table} WHERE load_id >= ${load_id}`);
    if (n > 0n) throw orphans(table, `${n.toLocaleString("en-US")} rows`);
  }
  return load_id;
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

async function insertLoad(
  connection: DuckDBConnection,
  file: ReadFile,
  result: LoadResult,
  orderItems: number,
  header: Header | undefined,
): Promise<void> {
  await connection.run(
    `INSERT INTO signalhouse.loads BY NAME SELECT $1::BIGINT AS load_id, $2 AS path, $3::BIGINT AS size_bytes, make_timestamptz($4::BIGINT * 1000) AS mtime, $5 AS sha256,
       $6::BIGINT AS records, $7::BIGINT AS inserted, $8::BIGINT AS updated, $9::BIGINT AS unchanged, $10::BIGINT AS rejected, $11 AS status,
       make_timestamptz($12::BIGINT * 1000) AS started_at, make_timestamptz($13::BIGINT * 1000) AS finished_at, $14 AS error, $15::BIGINT AS run_id, CAST($16::JSON AS VARCHAR[]) AS header, $17::BIGINT AS row_path_records, $18::BIGINT AS order_items,
       $19::JSON AS later_headers`,
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
      BigInt(orderItems),
      result.laterHeaders.length > 0 ? JSON.stringify(result.laterHeaders) : null,
    ],
  );
}
