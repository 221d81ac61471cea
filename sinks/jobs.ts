/** The exports that Connect was asked for, as signalhouse.jobs has them. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { DAY_MS, type DayUse, type ExportRequest } from "../schemas/connect.ts";
import { COUNTED_EXPORTS, type ExportStatus, LOADABLE_EXPORTS } from "../schemas/jobs.ts";
import { deleteJob, inStates, insertJob, type JobField, selectJobs, updateJob } from "./job-rows.ts";
import { SIGNALS_OF_WHOLE_DAYS } from "./margins.ts";
import { onlyRow, rows } from "./sql.ts";
import { inTransaction } from "./transaction.ts";

/** An export job. Times are milliseconds since the epoch. */
export interface ExportJob {
  /** Connect's id; null until it answered. */
  jobId: string | null;
  /** Unique: Connect takes each name once. */
  name: string;
  status: ExportStatus;
  /** The file, relative to the subscription's folder: as Connect answered, and once it was found, as it is. */
  path: string | null;
  request: ExportRequest;
  signalTypes: string[];
  /** The window that the job is to cover, without margins; the end is exclusive. */
  windowStart: number;
  windowEnd: number;
  /** When it was first asked for, or else written down. */
  askedAt: number;
  expectedRows: number;
  sizeBytes: number | null;
  loadId: bigint | null;
  /** A job that was put off is not asked for before, nor again one whose answer got lost. */
  notBefore: number | null;
  /** When Connect said that the day's limits are reached. */
  refusedAt: number | null;
  finishedAt: number | null;
  error: string | null;
}

export type NewJob = Pick<
  ExportJob,
  "name" | "status" | "request" | "signalTypes" | "windowStart" | "windowEnd" | "askedAt" | "expectedRows" | "notBefore"
>;
export type ExportChange = Partial<
  Pick<ExportJob, "jobId" | "status" | "path" | "askedAt" | "sizeBytes" | "notBefore" | "refusedAt" | "finishedAt" | "error">
>;

const FIELDS = [
  "jobId",
  "name",
  "status",
  "path",
  "request",
  "signalTypes",
  "windowStart",
  "windowEnd",
  "askedAt",
  "expectedRows",
  "sizeBytes",
  "loadId",
  "notBefore",
  "refusedAt",
  "finishedAt",
  "error",
] as const satisfies readonly (JobField & keyof ExportJob)[];

/** The export jobs, oldest first; all, or those of some states. */
export async function exportJobs(connection: DuckDBConnection, ...states: ExportStatus[]): Promise<ExportJob[]> {
  return selectJobs<ExportJob>(connection, "export", FIELDS, states.length === 0 ? [] : [inStates(states)]);
}

/** The export job of this name. */
export async function exportJob(connection: DuckDBConnection, name: string): Promise<ExportJob | undefined> {
  return (await selectJobs<ExportJob>(connection, "export", FIELDS, ["name = ?"], [name]))[0];
}

/**
 * Writes a job down, in place of one of the same name. It is committed when this returns: what Connect is asked after it cannot be lost.
 */
export async function writeJob(connection: DuckDBConnection, job: NewJob): Promise<void> {
  await inTransaction(connection, async () => {
    await deleteJob(connection, "export", job.name);
    await insertJob(connection, "export", job);
  });
}

/** Writes what became of a job. */
export async function changeJob(connection: DuckDBConnection, name: string, change: ExportChange): Promise<void> {
  await updateJob(connection, "export", name, change);
}

/**
 * Marks the jobs whose file the ledger has as loaded: the ledger is the truth, and a job that was killed between the load and its own mark is
 * mended by the next one that looks.
 */
export async function markLoadedJobs(connection: DuckDBConnection): Promise<void> {
  await connection.run(
    `UPDATE signalhouse.jobs AS job SET status = 'loaded', load_id = load.load_id, size_bytes = load.size_bytes, finished_at = load.finished_at, error = NULL
     FROM (SELECT path, max_by(load_id, load_id) AS load_id, max_by(size_bytes, load_id) AS size_bytes, max_by(finished_at, load_id) AS finished_at
           FROM signalhouse.loads WHERE status IN ('loaded', 'duplicate') GROUP BY path) AS load
     WHERE job.kind = 'export' AND job.${inStates(LOADABLE_EXPORTS)} AND job.path = load.path`,
  );
}

/**
 * What was used of a UTC day, from the jobs asked for on it: what arrived counts as it is, the rest as it was expected.
 * @param day its first moment, in milliseconds
 */
export async function usedOfDay(connection: DuckDBConnection, day: number, bytesPerRow: number): Promise<DayUse> {
  const found = await onlyRow<Record<"jobs" | "rows" | "bytes", number> & { used_up: boolean }>(
    connection,
    `WITH asked AS (
       SELECT coalesce(l.records, j.expected_rows, 0) AS row_count, coalesce(j.size_bytes, row_count * $2) AS byte_count
       FROM signalhouse.jobs j LEFT JOIN signalhouse.loads l ON l.load_id = j.load_id
       WHERE j.kind = 'export' AND (j.${inStates(COUNTED_EXPORTS)} OR j.job_id IS NOT NULL)
         AND epoch_ms(j.asked_at) >= $1 AND epoch_ms(j.asked_at) < $1 + ${DAY_MS}
     )
     SELECT count(*)::DOUBLE AS jobs, coalesce(sum(row_count), 0)::DOUBLE AS rows, coalesce(sum(byte_count), 0)::DOUBLE AS bytes,
       (SELECT count(*) > 0 FROM signalhouse.jobs WHERE epoch_ms(refused_at) >= $1 AND epoch_ms(refused_at) < $1 + ${DAY_MS}) AS used_up
     FROM asked`,
    [BigInt(day), bytesPerRow],
  );
  return { jobs: found.jobs, rows: found.rows, bytes: found.bytes, usedUp: found.used_up };
}

/** Rows a day of each signal type, over the days on which it was seen or exported; and bytes of a file per record. */
export interface SeenRates {
  rowsPerDay: Map<string, number>;
  /** Null where nothing is loaded yet. */
  bytesPerRow: number | null;
}

/** Counts the tables: a second or so for 100 million rows. A type that loaded jobs covered without a single row has none a day. */
export async function seenRates(connection: DuckDBConnection): Promise<SeenRates> {
  const counted = await rows<{ signal_type: string; rows: bigint; days: bigint }>(
    connection,
    `SELECT signal_type, count(*) AS rows, count(DISTINCT occurred_at::DATE) AS days
     FROM ${SIGNALS_OF_WHOLE_DAYS} GROUP BY signal_type`,
  );
  const covered = await rows<{ signal_type: string; days: number }>(
    connection,
    `SELECT signal_type, sum(days) AS days
     FROM (SELECT unnest(signal_types) AS signal_type, (epoch(window_end) - epoch(window_start)) / 86400 AS days
           FROM signalhouse.jobs WHERE kind = 'export' AND status = 'loaded') GROUP BY signal_type`,
  );
  const { bytes } = await onlyRow<{ bytes: number | null }>(
    connection,
    "SELECT sum(size_bytes)::DOUBLE / nullif(sum(records), 0)::DOUBLE AS bytes FROM signalhouse.loads WHERE status = 'loaded'",
  );
  // A type that happens on few days of those that were exported has fewer rows a day than on the days when it happens.
  const coveredDays = new Map(covered.map(({ signal_type, days }) => [signal_type, days]));
  const rowsPerDay = new Map<string, number>(covered.map(({ signal_type }) => [signal_type, 0]));
  for (const { signal_type, rows, days } of counted)
    rowsPerDay.set(signal_type, Number(rows) / Math.max(Number(days), coveredDays.get(signal_type) ?? 0));
  return { rowsPerDay, bytesPerRow: bytes };
}
