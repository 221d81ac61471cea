/** The imports that Connect was asked for, as signalhouse.jobs has them, and the rows that they brought there. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteText } from "../../schemas/names.ts";
import type { ImportStatus } from "../../schemas/jobs.ts";
import type { ImportInput } from "../../schemas/import-input.ts";
import { inStates, insertJob, type JobField, selectJobs, updateJob } from "../job-rows.ts";
import { SCRATCH } from "./scratch.ts";
import { onlyRow } from "../sql.ts";
import { inTransaction } from "../transaction.ts";

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
  /** One that Connect may have been asked for is not asked for again before. */
  notBefore: number | null;
  finishedAt: number | null;
  error: string | null;
}

export type NewImport = Pick<ImportJob, "name" | "setName" | "path" | "request" | "rows" | "sizeBytes" | "askedAt">;
export type ImportChange = Partial<Pick<ImportJob, "status" | "jobId" | "askedAt" | "notBefore" | "finishedAt" | "error">>;

const FIELDS = [
  "jobId",
  "name",
  "setName",
  "status",
  "path",
  "request",
  "rows",
  "sizeBytes",
  "askedAt",
  "notBefore",
  "finishedAt",
  "error",
] as const satisfies readonly (JobField & keyof ImportJob)[];

/** The import jobs, oldest first; of one set, in some states, where these are given. */
export async function importJobs(connection: DuckDBConnection, setName?: string, states: readonly ImportStatus[] = []): Promise<ImportJob[]> {
  const inState = states.length === 0 ? [] : [inStates(states)];
  const [ofSet, values] = setName === undefined ? [[], []] : [["set_name = ?"], [setName]];
  return selectJobs<ImportJob>(connection, "import", FIELDS, [...ofSet, ...inState], values);
}

/**
 * Writes an import down before its file is sent, with the rows that it is to bring: the view `sending` of the scratch file. They count as pushed only
 * when the import is done.
 */
export async function writeImport(connection: DuckDBConnection, job: NewImport, scratch: string): Promise<void> {
  await connection.run(`ATTACH ${quoteText(scratch)} AS ${SCRATCH} (READ_ONLY)`);
  try {
    await inTransaction(connection, async () => {
      await insertJob(connection, "import", { ...job, status: "uploading" satisfies ImportStatus });
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

/**
 * Writes what became of an import, and in the same transaction of its rows: one that failed brought none; one that is imported brought them, and those of
 * the same keys before are gone, with a whole set all others.
 * @param isWhole false where Connect has fewer rows than it should: then nothing is known of them, and the next `--changed` sends them again
 */
export async function changeImport(
  connection: DuckDBConnection,
  job: Pick<ImportJob, "name" | "setName" | "request">,
  change: ImportChange,
  isWhole = false,
): Promise<void> {
  await inTransaction(connection, async () => {
    await updateJob(connection, "import", job.name, change);
    if (change.status === "imported") await replaceRows(connection, job, isWhole);
    if (change.status === "failed") await forgetRows(connection, job);
  });
}

async function replaceRows(connection: DuckDBConnection, job: Pick<ImportJob, "name" | "setName" | "request">, isWhole: boolean): Promise<void> {
  const replaced = job.request.importType === "ADD_UPDATE" ? "AND key IN (SELECT key FROM signalhouse.refset_rows WHERE job = $2)" : "";
  await connection.run(`DELETE FROM signalhouse.refset_rows WHERE set_name = $1 AND job <> $2 AND pushed_at IS NOT NULL ${replaced}`, [
    job.setName,
    job.name,
  ]);
  if (!isWhole) return forgetRows(connection, job);
  await connection.run(
    `UPDATE signalhouse.refset_rows SET pushed_at = (SELECT finished_at FROM signalhouse.jobs WHERE kind = 'import' AND name = $1) WHERE job = $1`,
    [job.name],
  );
}

async function forgetRows(connection: DuckDBConnection, { name }: Pick<ImportJob, "name">): Promise<void> {
  await connection.run("DELETE FROM signalhouse.refset_rows WHERE job = $1", [name]);
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
