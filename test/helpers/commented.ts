/** Warehouses that say what they hold. */
import type { Outcome } from "../../schemas/outcomes.ts";
import { beginRun, endRun } from "../../sinks/runs.ts";
import { csv, memoryFile, pageView, type Scratch } from "./warehouse.ts";

/** A run that loads so many page views more, with what else they have. */
export async function runLoading(scratch: Scratch, signals: number, more: Record<string, string> = {}, outcome: Outcome = "done"): Promise<void> {
  const { connection } = scratch.warehouse;
  const runId = await beginRun(connection, "load", "1.0");
  const signalIds = Array.from({ length: signals }, (_, index) => pageView(`${runId}-${index}`, "a page", more));
  await scratch.load(signals === 0 ? [] : [memoryFile(`${runId}.csv`, Number(runId), csv(signalIds))], { runId });
  await endRun(connection, runId, outcome);
}

/** What a warehouse says of a table or view, where `column` is null, or of a column of it. */
export interface Comment {
  /** With the schema before it, unless that is main. */
  name: string;
  column: string | null;
  type: string | null;
  comment: string | null;
}

/** All of them, those of columns in their order. */
export const COMMENTS = `SELECT name, "column", type, comment FROM (
    SELECT concat_ws('.', nullif(schema_name, 'main'), table_name) AS name, NULL AS "column", NULL AS type, comment, -1 AS place FROM duckdb_tables() WHERE NOT internal
    UNION ALL SELECT concat_ws('.', nullif(schema_name, 'main'), view_name), NULL, NULL, comment, -1 FROM duckdb_views() WHERE NOT internal
    UNION ALL SELECT concat_ws('.', nullif(schema_name, 'main'), table_name), column_name, replace(data_type, 'TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ'), comment, column_index
    FROM duckdb_columns() WHERE NOT internal AND database_name = current_database()
  ) ORDER BY name, place`;

export const commentsOf = async (scratch: Scratch): Promise<Comment[]> => (await scratch.rows(COMMENTS)) as unknown as Comment[];

/** Those of the columns of a table or view, by name. */
export const columnComments = (comments: readonly Comment[], table: string): Record<string, string | null> =>
  Object.fromEntries(comments.flatMap(({ name, column, comment }) => (name === table && column !== null ? [[column, comment]] : [])));
