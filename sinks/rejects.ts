/** Looking at the rows that could not become records. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { SignalhouseError } from "../schemas/errors.ts";
import { plainRows } from "./plain-rows.ts";

/** The rejects of a load that have the same code. */
export interface RejectGroup {
  load_id: bigint;
  path: string;
  code: string;
  /** Not replayed yet. */
  open: bigint;
  replayed: bigint;
  first_record_no: bigint;
}

export interface RejectRow {
  load_id: bigint;
  path: string;
  record_no: bigint;
  code: string;
  reason: string;
  replayed_at: Date | null;
}

/** A reject with its whole row, as it came. */
export interface WholeReject extends RejectRow {
  raw: string;
  /** The row's bytes in base64, only where `raw` does not say them exactly. */
  raw_base64: string | null;
}

const FROM = "FROM signalhouse.rejects r JOIN signalhouse.loads l USING (load_id)";

/** The rejects of all loads by load and code, the latest load first. */
export async function rejectGroups(connection: DuckDBConnection, limit: bigint): Promise<RejectGroup[]> {
  return plainRows(
    connection,
    `SELECT load_id, l.path, code, count(*) FILTER (replayed_at IS NULL) AS open, count(replayed_at) AS replayed, min(record_no) AS first_record_no
     ${FROM} GROUP BY load_id, l.path, code ORDER BY load_id DESC, code LIMIT $1`,
    [limit],
  );
}

/**
 * Rejects that loads have kept since a time, and that are not replayed.
 * @param since milliseconds since the epoch
 * @returns how many, and the last load that has some, null where there are none
 */
export async function rejectsSince(connection: DuckDBConnection, since: number): Promise<{ rejects: bigint; load_id: bigint | null }> {
  const [found] = await plainRows<{ rejects: bigint; load_id: bigint | null }>(
    connection,
    `SELECT count(*) AS rejects, max(load_id) AS load_id ${FROM} WHERE replayed_at IS NULL AND l.finished_at >= make_timestamptz($1::BIGINT * 1000)`,
    [BigInt(since)],
  );
  return found ?? { rejects: 0n, load_id: null };
}

/** That the ledger has such a load. @throws SignalhouseError not_found */
export async function assertLoad(connection: DuckDBConnection, loadId: bigint): Promise<void> {
  const [known] = await plainRows<{ last: bigint | null; found: boolean }>(
    connection,
    "SELECT max(load_id) AS last, count(*) FILTER (load_id = $1) > 0 AS found FROM signalhouse.loads",
    [loadId],
  );
  if (known?.found) return;
  const which = known?.last == null ? "nothing is loaded yet" : `the last one is load ${known.last}`;
  throw new SignalhouseError(
    "not_found",
    `there is no load ${loadId}; ${which}`,
    'See which loads have rejects: signalhouse rejects list; all loads: signalhouse query "FROM signalhouse.loads"',
  );
}

/** The rejects of one load, in the file's order. @throws SignalhouseError not_found where there is no such load */
export async function rejectsOfLoad(connection: DuckDBConnection, loadId: bigint, limit: bigint): Promise<RejectRow[]> {
  await assertLoad(connection, loadId);
  return plainRows(
    connection,
    `SELECT load_id, l.path, record_no, code, reason, replayed_at ${FROM} WHERE load_id = $1 ORDER BY record_no LIMIT $2`,
    [loadId, limit],
  );
}

/** One reject. @throws SignalhouseError not_found where there is no such load, or no such reject of it */
export async function findReject(connection: DuckDBConnection, loadId: bigint, recordNo: bigint): Promise<WholeReject> {
  const [found] = await plainRows<WholeReject>(
    connection,
    `SELECT load_id, l.path, record_no, code, reason, replayed_at, raw, to_base64(raw_bytes) AS raw_base64 ${FROM} WHERE load_id = $1 AND record_no = $2`,
    [loadId, recordNo],
  );
  if (found) return found;
  await assertLoad(connection, loadId);
  throw new SignalhouseError(
    "not_found",
    `load ${loadId} has no reject with record number ${recordNo}`,
    `See which there are: signalhouse rejects list --load ${loadId}`,
  );
}
