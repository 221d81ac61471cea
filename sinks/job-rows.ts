/** The rows of signalhouse.jobs: how each field of a job is kept there. Exports and imports are read and written here, and nowhere else. */
import type { DuckDBConnection, DuckDBListValue, DuckDBValue } from "@duckdb/node-api";
import { quoteText } from "../schemas/names.ts";
import { rows } from "./sql.ts";

type JobKind = "export" | "import";

/** How values of a kind are written and read; null is null in every kind. */
interface ValueKind {
  /** The column, as it is selected. */
  select: (column: string) => string;
  /** The value's place in a statement. */
  place: string;
  write: (value: never) => DuckDBValue;
  read: (value: DuckDBValue) => unknown;
}

const plain = (column: string) => column;
const asIs = <T>(value: T) => value;
const TEXT: ValueKind = { select: plain, place: "?::VARCHAR", write: asIs, read: asIs };
const TEXTS: ValueKind = {
  select: plain,
  place: "string_split(?::VARCHAR, ',')",
  write: (texts: readonly string[]) => texts.join(","),
  read: (list) => (list as DuckDBListValue).items,
};
const JSON_TEXT: ValueKind = {
  select: (column) => `${column}::VARCHAR`,
  place: "?::JSON",
  write: (value: object) => JSON.stringify(value),
  read: (text) => JSON.parse(text as string) as unknown,
};
const ID: ValueKind = { select: plain, place: "?::BIGINT", write: asIs, read: asIs };
const COUNT: ValueKind = { select: plain, place: "?::BIGINT", write: (count: number) => BigInt(Math.round(count)), read: Number };
/** Milliseconds since the epoch. */
const TIME: ValueKind = {
  select: (column) => `epoch_ms(${column})`,
  place: "make_timestamptz(?::BIGINT * 1000)",
  write: (time: number) => BigInt(time),
  read: Number,
};

/** The fields of jobs: the column of each, and the kind of its values. */
const FIELDS = {
  jobId: ["job_id", TEXT],
  name: ["name", TEXT],
  status: ["status", TEXT],
  path: ["path", TEXT],
  request: ["request", JSON_TEXT],
  askedAt: ["asked_at", TIME],
  finishedAt: ["finished_at", TIME],
  error: ["error", TEXT],
  signalTypes: ["signal_types", TEXTS],
  windowStart: ["window_start", TIME],
  windowEnd: ["window_end", TIME],
  expectedRows: ["expected_rows", { ...COUNT, select: (column) => `coalesce(${column}, 0)` }],
  /** An import's are known: they are in its file. */
  rows: ["expected_rows", COUNT],
  sizeBytes: ["size_bytes", COUNT],
  loadId: ["load_id", ID],
  notBefore: ["not_before", TIME],
  refusedAt: ["refused_at", TIME],
  setName: ["set_name", TEXT],
} as const satisfies Record<string, readonly [column: string, kind: ValueKind]>;

export type JobField = keyof typeof FIELDS;

/** SQL: whether a job is in one of some states. */
export const inStates = (states: readonly string[]): string => `status IN (${states.map(quoteText).join(", ")})`;

/**
 * Reads jobs, oldest first.
 * @param where conditions in SQL that narrow them further, with `?` for each of `values`
 */
export async function selectJobs<Job>(
  connection: DuckDBConnection,
  kind: JobKind,
  fields: readonly (JobField & keyof Job)[],
  where: readonly string[] = [],
  values: DuckDBValue[] = [],
): Promise<Job[]> {
  const columns = fields.map((field) => `${FIELDS[field][1].select(`jobs.${FIELDS[field][0]}`)} AS "${field}"`);
  const found = await rows<Record<string, DuckDBValue>>(
    connection,
    `SELECT ${columns.join(", ")} FROM signalhouse.jobs WHERE ${[`kind = '${kind}'`, ...where].join(" AND ")} ORDER BY jobs.asked_at, jobs.window_start, jobs.name`,
    values,
  );
  const read = (field: JobField, value: DuckDBValue = null) => (value === null ? null : FIELDS[field][1].read(value));
  return found.map((row) => Object.fromEntries(fields.map((field) => [field, read(field, row[field])])) as Job);
}

type Fields = Partial<Record<JobField, unknown>>;

/** Columns, places and values of some fields. */
function written(fields: Fields) {
  return (Object.entries(fields) as [JobField, unknown][]).map(([field, value]) => {
    const [column, { place, write }]: readonly [string, ValueKind] = FIELDS[field];
    return { column, place, value: value === null ? null : write(value as never) };
  });
}

/** Writes a job down. */
export async function insertJob(connection: DuckDBConnection, kind: JobKind, job: Fields): Promise<void> {
  const columns = written(job);
  await connection.run(
    `INSERT INTO signalhouse.jobs BY NAME SELECT '${kind}' AS kind, ${columns.map(({ column, place }) => `${place} AS ${column}`).join(", ")}`,
    columns.map(({ value }) => value),
  );
}

/** How a job stood when it was read. */
interface Standing {
  status: string;
  /** Milliseconds since the epoch. */
  askedAt: number;
  notBefore: number | null;
}

/** Writes what became of a job. @param only where it still stands so @returns how many rows that were */
export async function updateJob(connection: DuckDBConnection, kind: JobKind, name: string, change: Fields, only?: Standing): Promise<number> {
  const columns = written(change);
  const condition = only ? " AND status = ? AND epoch_ms(asked_at) = ? AND epoch_ms(not_before) IS NOT DISTINCT FROM ?::BIGINT" : "";
  const { rowsChanged } = await connection.run(
    `UPDATE signalhouse.jobs SET ${columns.map(({ column, place }) => `${column} = ${place}`).join(", ")} WHERE kind = '${kind}' AND name = ?${condition}`,
    [
      ...columns.map(({ value }) => value),
      name,
      ...(only ? [only.status, BigInt(only.askedAt), only.notBefore === null ? null : BigInt(only.notBefore)] : []),
    ],
  );
  return rowsChanged;
}

/**
 * Writes that a job is about to be asked for, unless it stands otherwise by now than when it was read: another process may have gone on with it.
 * @returns whether it is ours to ask for
 */
export async function claimJob(connection: DuckDBConnection, kind: JobKind, job: Standing & { name: string }, change: Fields): Promise<boolean> {
  return (await updateJob(connection, kind, job.name, change, job)) > 0;
}

/** Removes a job. */
export async function deleteJob(connection: DuckDBConnection, kind: JobKind, name: string): Promise<void> {
  await connection.run(`DELETE FROM signalhouse.jobs WHERE kind = '${kind}' AND name = ?`, [name]);
}
