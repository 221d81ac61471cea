/** Finding the behavior signals whose contact may be another one by their session or by the click that led there. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { CHANGED_CLICKS } from "./keep-messages.ts";
import { CHANGED_SESSIONS } from "./keep-sessions.ts";
import type { MartContext } from "./marts/mart.ts";
import { made } from "./sql.ts";
import { addedBy, type Change, pickRows, type Rows } from "./touched.ts";

const LED = "mart_led";

/** What has changed that a behavior signal's contact may come from. */
export interface Sources {
  sessions: boolean;
  clicks: boolean;
}

/** Finds them, but for those that were added. */
export async function ledRows(connection: DuckDBConnection, context: MartContext, change: Change, { sessions, clicks }: Sources): Promise<Rows> {
  const by = [
    ...(sessions ? [`r.tltsid IN (SELECT tltsid FROM ${CHANGED_SESSIONS})`] : []),
    ...(clicks ? [`r.message_signal_id IN (FROM ${CHANGED_CLICKS})`] : []),
  ];
  if (by.length === 0) return {};
  const rows = await pickRows(connection, "behavior_signals", context, `NOT ${addedBy(change)} AND (${by.join(" OR ")})`);
  const count = await made(connection, LED, `FROM ${rows}`);
  return count > 0 ? { behavior_signals: LED } : {};
}
