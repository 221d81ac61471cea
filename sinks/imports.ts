/** The imports that Connect was asked for, as signalhouse.jobs has them, and the rows that they brought there. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteText } from "../schemas/names.ts";
import type { ImportInput } from "../schemas/reference-set.ts";
import type { ImportStatus } from "../schemas/tables.ts";
import { SCRATCH } from "./reference-set/scratch.ts";
import { onlyRow, rows } from "./sql.ts";
import { inTransaction } from "./transaction.ts";

/** An import job. Times are milliseconds since the epoch. */
export interface ImportJob {
  /** Connect's id; null until it answered. */
  jobId: string | null;
  name: string;
  setName: string;
  status: ImportStatus;
  /** The file on the server, relative to the subscription's folder. */
  path: string;
  request: ImportInput;
  /** Rows of the file. */
  rows: number;
  sizeBytes: number;
  askedAt: number;
  finishedAt: number | null;
  error: string | null;
}

export type NewImport = Pick<ImportJob, "name" | "setName" | "path" | "request" | "rows" | "sizeBytes" | "askedAt">;
type ImportChange = Partial<Pick<ImportJob, "status" | "jobId" | "askedAt" | "finishedAt" | "error">>;

/** The import jobs, oldest first; of one set, in some states, where these are given. */
export async function importJobs(connection: DuckDBConnection, setName?: string, states: readonly ImportStatus[] = []): Promise<ImportJob[]> {
  const ofSet = setName === undefined ? "" : ` AND set_name = ${quoteText(setName)}`;
  const inState = states.length === 0 ? "" : ` AND status IN (${states.map(quoteText).join(", ")})`;
  const found = await rows<Record<string, unknown>>(
    connection,
    `SELECT job_id, name, set_name, status, path, request::VARCHAR AS request, expected_rows, size_bytes, epoch_ms(asked_at) AS asked_at,
       epoch_ms(finished_at) AS finished_at, error
     FROM signalhouse.jobs WHERE kind = 'import'${ofSet}${inState} ORDER BY jobs.asked_at, name`,
  );
  return found.map((row) => ({
    jobId: row["job_id"] as string | null,
    name: row["name"] as string,
    setName: row["set_name"] as string,
    status: row["status"] as ImportStatus,
    path: row["path"] as string,
    request: JSON.parse(row["request"] as string) as ImportInput,
    rows: Number(row["expected_rows"]),
    sizeBytes: Number(row["size_bytes"]),
    askedAt: Number(row["asked_at"]),
    finishedAt: row["finished_at"] === null ? null : Number(row["finished_at"]),
    error: row["error"] as string | null,
  }));
}

/**
 * Writes an import down before its file is sent, with the rows that it is to bring: the view `sending` of the scratch file. They count as pushed only
 * when the import is done.
 */
export async function writeImport(connection: DuckDBConnection, job: NewImport, scratch: string): Promise<void> {
  await connection.run(`ATTACH ${quoteText(scratch)} AS ${SCRATCH} (READ_ONLY)`);
  try {
    await inTransaction(connection, async () => {
      await connection.run(
        `INSERT INTO signalhouse.jobs BY NAME SELECT 'import' AS kind, $1 AS name, $2 AS set_name, 'uploading' AS status, $3 AS path, $4::JSON AS request,
         $5::BIGINT AS expected_rows, $6::BIGINT AS size_bytes, make_timestamptz($7::BIGINT * 1000) AS asked_at`,
        [job.name, job.setName, job.path, JSON.stringify(job.request), BigInt(job.rows), BigInt(job.sizeBytes), BigInt(job.askedAt)],
      );
      await connection.run(
        `INSERT INTO signalhouse.refset_rows BY NAME
         SELECT $1 AS set_name, key, row_hash, $2 AS job, NULL::TIMESTAMPTZ AS pushed_at FROM ${SCRATCH}.main.sending`,
        [job.setName, job.name],
      );
    });
  } finally {
    await connection.run(`DETACH ${SCRATCH}`);
  }
}

const COLUMNS = {
  status: ["status", "?::VARCHAR"],
  jobId: ["job_id", "?::VARCHAR"],
  error: ["error", "?::VARCHAR"],
  askedAt: ["asked_at", "make_timestamptz(?::BIGINT * 1000)"],
  finishedAt: ["finished_at", "make_timestamptz(?::BIGINT * 1000)"],
} as const satisfies Record<keyof ImportChange, readonly [string, string]>;

/** Writes what became of an import. One that failed brought no rows. */
export async function changeImport(connection: DuckDBConnection, name: string, change: ImportChange): Promise<void> {
  const entries = Object.entries(change) as [keyof ImportChange, string | number | null][];
  const values = entries.map(([, value]) => (typeof value === "number" ? BigInt(value) : value));
  await inTransaction(connection, async () => {
    const sets = entries.map(([field]) => `${COLUMNS[field][0]} = ${COLUMNS[field][1]}`);
    await connection.run(`UPDATE signalhouse.jobs SET ${sets.join(", ")} WHERE kind = 'import' AND name = ?`, [...values, name]);
    if (change.status === "failed") await connection.run("DELETE FROM signalhouse.refset_rows WHERE job = $1", [name]);
  });
}

/**
 * Notes that Connect has the rows of an import: those of the same keys before are gone, and with a whole set all others.
 * @param arrived false where Connect has fewer rows than it should: then nothing is known of them, and the next `--changed` sends them again
 */
export async function finishImport(connection: DuckDBConnection, job: ImportJob, now: number, arrived: boolean): Promise<void> {
  const isWhole = job.request.importType !== "ADD_UPDATE";
  const other = "set_name = $1 AND job <> $2 AND pushed_at IS NOT NULL";
  const replaced = isWhole ? "" : "AND key IN (SELECT key FROM signalhouse.refset_rows WHERE job = $2)";
  await inTransaction(connection, async () => {
    await connection.run(`DELETE FROM signalhouse.refset_rows WHERE ${other} ${replaced}`, [job.setName, job.name]);
    if (arrived) {
      await connection.run("UPDATE signalhouse.refset_rows SET pushed_at = make_timestamptz($2::BIGINT * 1000) WHERE job = $1", [
        job.name,
        BigInt(now),
      ]);
    } else await connection.run("DELETE FROM signalhouse.refset_rows WHERE job = $1", [job.name]);
    await connection.run(
      "UPDATE signalhouse.jobs SET status = 'imported', error = NULL, finished_at = make_timestamptz($2::BIGINT * 1000) WHERE kind = 'import' AND name = $1",
      [job.name, BigInt(now)],
    );
  });
}

/** How many rows a set has, as far as was pushed and, with an import under way, is going to be. */
export async function pushedCount(connection: DuckDBConnection, setName: string, job?: string): Promise<number> {
  const { count } = await onlyRow<{ count: bigint }>(
    connection,
    "SELECT count(DISTINCT key) AS count FROM signalhouse.refset_rows WHERE set_name = $1 AND (pushed_at IS NOT NULL OR job = $2)",
    [setName, job ?? null],
  );
  return Number(count);
}
