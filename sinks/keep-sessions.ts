/** Keeping marts.session_contacts up. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { MartContext } from "./marts/mart.ts";
import { sessionPairsSql, sessionsSql } from "./marts/session-contacts.ts";
import { made } from "./sql.ts";
import { readRows, type Rows, type Touched, union } from "./touched.ts";

/** The temporary table of the sessions whose contact is another one now. */
export const CHANGED_SESSIONS = "mart_changed_sessions";

/**
 * Makes the sessions what their signals say. The aliases are those of now.
 * @param others rows that are somebody else's than before
 * @returns whether any has changed: then they are noted
 */
export async function keepSessions(connection: DuckDBConnection, context: MartContext, { added, removed }: Touched, others: Rows): Promise<boolean> {
  const none = "SELECT NULL::VARCHAR AS tltsid, NULL::VARCHAR AS contact_id LIMIT 0";
  const gone = union("behavior_signals", "r.tltsid", removed, others);
  if (!added.behavior_signals && gone === undefined) return false;
  const parts = [`said AS MATERIALIZED (${added.behavior_signals ? sessionPairsSql(context, added.behavior_signals) : none})`];
  const now = ["FROM said"];
  let touched = "tltsid IN (SELECT tltsid FROM said)";
  let known = touched;
  if (gone !== undefined) {
    // What a signal has said that is there no more, others may say still: all of the session are asked.
    parts.push(`lost AS MATERIALIZED (SELECT DISTINCT tltsid FROM (${gone}) WHERE tltsid IS NOT NULL)`);
    now.push(sessionPairsSql(context, readRows("behavior_signals", context, "r.tltsid IN (FROM lost)")));
    known = `${touched} AND tltsid NOT IN (FROM lost)`;
    touched = `(${touched} OR tltsid IN (FROM lost))`;
  }
  now.push(`SELECT tltsid, contact_id FROM marts.session_contacts WHERE ${known}`);
  const count = await made(
    connection,
    CHANGED_SESSIONS,
    `WITH ${parts.join(", ")}, now AS (${sessionsSql(now.join(" UNION ALL "))})
     SELECT coalesce(n.tltsid, o.tltsid) AS tltsid, n.contact_id, n.is_shared FROM now n FULL JOIN (FROM marts.session_contacts WHERE ${touched}) o ON o.tltsid = n.tltsid
     WHERE n.tltsid IS NULL OR o.tltsid IS NULL OR o.contact_id IS DISTINCT FROM n.contact_id`,
  );
  if (count === 0) return false;
  await connection.run(`DELETE FROM marts.session_contacts WHERE tltsid IN (SELECT tltsid FROM ${CHANGED_SESSIONS})`);
  await connection.run(
    `INSERT INTO marts.session_contacts SELECT tltsid, contact_id, is_shared FROM ${CHANGED_SESSIONS} WHERE is_shared IS NOT NULL`,
  );
  return true;
}
