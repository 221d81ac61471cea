/** What the data has that the schema does not know, over all loads. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { plainRows } from "./plain-rows.ts";

export interface DriftRow {
  signal_type: string;
  field: string;
  reason: string;
  /** Records that have it, over all loads. */
  records: bigint;
  /** Where it was seen first: the load, its file, and the first record there. */
  first_load_id: bigint;
  first_path: string;
  first_record_no: bigint;
  first_seen: Date;
  last_load_id: bigint;
  last_seen: Date;
}

/**
 * Drift by signal type, field and reason, most records first.
 * @param since only loads that finished at this time or later; milliseconds since the epoch
 */
export async function listDrift(connection: DuckDBConnection, since?: number): Promise<DriftRow[]> {
  return plainRows(
    connection,
    `SELECT signal_type, field, reason, sum(d.records)::BIGINT AS records,
       min(load_id) AS first_load_id, arg_min(l.path, load_id) AS first_path, arg_min(first_record_no, load_id) AS first_record_no, arg_min(l.finished_at, load_id) AS first_seen,
       max(load_id) AS last_load_id, arg_max(l.finished_at, load_id) AS last_seen
     FROM signalhouse.drift d JOIN signalhouse.loads l USING (load_id)
     WHERE l.finished_at >= make_timestamptz($1::BIGINT * 1000)
     GROUP BY signal_type, field, reason ORDER BY records DESC, signal_type, field, reason`,
    [BigInt(since ?? 0)],
  );
}

/** Drift that no load had before a time. @param since milliseconds since the epoch */
export async function newDrift(connection: DuckDBConnection, since: number): Promise<DriftRow[]> {
  return (await listDrift(connection)).filter(({ first_seen }) => first_seen.getTime() >= since);
}
