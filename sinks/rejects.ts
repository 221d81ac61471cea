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

/** The rejects of one load, in the file's order. */
export async function rejectsOfLoad(connection: DuckDBConnection, loadId: bigint, limit: bigint): Promise<RejectRow[]> {
  return plainRows(
    connection,
    `SELECT load_id, l.path, record_no, code, reason, replayed_at ${FROM} WHERE load_id = $1 ORDER BY record_no LIMIT $2`,
    [loadId, limit],
  );
}

/** One reject. @throws SignalhouseError not_found */
export async function findReject(connection: DuckDBConnection, loadId: bigint, recordNo: bigint): Promise<WholeReject> {
  const [found] = await plainRows<WholeReject>(
    connection,
    `SELECT load_id, l.path, record_no, code, reason, replayed_at, raw, to_base64(raw_bytes) AS raw_base64 ${FROM} WHERE load_id = $1 AND record_no = $2`,
    [loadId, recordNo],
  );
  if (found) return found;
  throw new SignalhouseError(
    "not_found",
    `load ${loadId} has no reject with record number ${recordNo}`,
    `See which there are: signalhouse rejects list --load ${loadId}`,
  );
}
