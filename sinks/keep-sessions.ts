/** Keeping marts.session_contacts up. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { MartContext } from "./marts/mart.ts";
import { sessionPairsSql, sessionsSql } from "./marts/session-contacts.ts";
import { type Rows, type Touched, union } from "./touched.ts";

/** The temporary table of the sessions whose contact is another one now. */
export const CHANGED_SESSIONS = "mart_changed_sessions";

/**
 * Makes the sessions what their signals say, and notes which have changed. The aliases are those of now.
 * @param others rows that are somebody else's than before
 */
export async function keepSessions(connection: DuckDBConnection, context: MartContext, { added, removed }: Touched, others: Rows): Promise<void> {
  const said = added.behavior_signals ? sessionPairsSql(context, added.behavior_signals) : NONE;
  const lost = union("behavior_signals", "r.tltsid", removed, others);
  await connection.run(`CREATE OR REPLACE TEMP TABLE mart_lost_sessions AS SELECT DISTINCT tltsid FROM (${lost ?? NONE}) WHERE tltsid IS NOT NULL`);
  const known =
    "SELECT tltsid, contact_id FROM marts.session_contacts WHERE tltsid IN (SELECT tltsid FROM said) AND tltsid NOT IN (FROM mart_lost_sessions)";
  const again = sessionPairsSql(context, "(FROM behavior_signals WHERE tltsid IN (FROM mart_lost_sessions))");
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${CHANGED_SESSIONS} AS
     WITH said AS MATERIALIZED (${said}), now AS (${sessionsSql(["FROM said", known, ...(lost ? [again] : [])].join(" UNION ALL "))})
     SELECT coalesce(n.tltsid, o.tltsid) AS tltsid, n.contact_id, n.is_shared
     FROM now n FULL JOIN (FROM marts.session_contacts WHERE tltsid IN (SELECT tltsid FROM said) OR tltsid IN (FROM mart_lost_sessions)) o ON o.tltsid = n.tltsid
     WHERE n.tltsid IS NULL OR o.tltsid IS NULL OR o.contact_id IS DISTINCT FROM n.contact_id`,
  );
  await connection.run(`DELETE FROM marts.session_contacts WHERE tltsid IN (SELECT tltsid FROM ${CHANGED_SESSIONS})`);
  await connection.run(
    `INSERT INTO marts.session_contacts SELECT tltsid, contact_id, is_shared FROM ${CHANGED_SESSIONS} WHERE is_shared IS NOT NULL`,
  );
}

const NONE = "SELECT NULL::VARCHAR AS tltsid, NULL::VARCHAR AS contact_id LIMIT 0";
