/** The runs of commands, as signalhouse.runs has them. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Outcome, OUTCOMES } from "../schemas/outcomes.ts";
import { writeComments } from "./comments.ts";
import { rows } from "./sql.ts";

/** Notes that a command has begun. @returns its run_id */
export async function beginRun(connection: DuckDBConnection, command: string, version: string): Promise<bigint> {
  const found = await rows<{ run_id: bigint }>(
    connection,
    `INSERT INTO signalhouse.runs BY NAME SELECT coalesce(max(run_id), 0) + 1 AS run_id, $1 AS command, $2 AS version, now() AS started_at
     FROM signalhouse.runs RETURNING run_id`,
    [command, version],
  );
  return (found[0] as { run_id: bigint }).run_id;
}

/** Notes how a command ended, and has the warehouse say what it holds. A run without an end was killed. */
export async function endRun(connection: DuckDBConnection, runId: bigint, outcome: Outcome, error?: string): Promise<void> {
  await connection.run("UPDATE signalhouse.runs SET finished_at = now(), exit_code = $2, error = $3 WHERE run_id = $1", [
    runId,
    OUTCOMES[outcome],
    error ?? null,
  ]);
  // Whoever interrupts does not want to wait. What the run did is as good without comments, and the next one tries again.
  if (outcome !== "interrupted") await writeComments(connection).catch(() => undefined);
}

/**
 * Other versions of signalhouse than `mine` that have run since a time, behind its first run then: those before an upgrade do not count.
 * @param since milliseconds since the epoch
 */
export async function otherVersions(connection: DuckDBConnection, mine: string, since: number): Promise<string[]> {
  const found = await rows<{ version: string }>(
    connection,
    `WITH recent AS (FROM signalhouse.runs WHERE started_at >= make_timestamptz($2::BIGINT * 1000))
     SELECT DISTINCT version FROM recent WHERE version <> $1 AND run_id > coalesce((SELECT min(run_id) FROM recent WHERE version = $1), 0) ORDER BY version`,
    [mine, BigInt(since)],
  );
  return found.map(({ version }) => version);
}
