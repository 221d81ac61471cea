/** Keeping marts.session_contacts up. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { changedOwners, writeOwners } from "./keep-owners.ts";
import type { MartContext } from "./marts/mart.ts";
import { sessionPairsSql } from "./marts/session-contacts.ts";
import { readRows, type Rows, type Touched, union } from "./touched.ts";

/** The temporary table of the sessions whose contact is another one now. */
export const CHANGED_SESSIONS = "mart_changed_sessions";

const SESSIONS = { table: "session_contacts", key: "tltsid", changed: CHANGED_SESSIONS };

/**
 * Makes the sessions what their signals say. The aliases are those of now.
 * @param others rows that are somebody else's than before
 * @returns whether any has changed: then they are noted
 */
export async function keepSessions(connection: DuckDBConnection, context: MartContext, { added, removed }: Touched, others: Rows): Promise<boolean> {
  const lost = union("behavior_signals", "r.tltsid", removed, others);
  if (!added.behavior_signals && lost === undefined) return false;
  const isAny = await changedOwners(connection, {
    ...SESSIONS,
    said: added.behavior_signals ? [sessionPairsSql(context, added.behavior_signals)] : [],
    lost: lost ? [lost] : [],
    again: lost ? [sessionPairsSql(context, readRows("behavior_signals", context, "r.tltsid IN (FROM lost)"))] : [],
  });
  if (isAny) await writeOwners(connection, SESSIONS);
  return isAny;
}
