/** Keeping marts.contact_states up. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { BEFORE, NAMED_ALIKE, NOW } from "./keep-messages.ts";
import { CHANGED_SESSIONS } from "./keep-sessions.ts";
import { behaviorSql } from "./marts/behavior.ts";
import { FACT_COLUMNS, foldSql, messageFactsSql, statesSql, visitFactsSql } from "./marts/contact-states.ts";
import type { MartContext } from "./marts/mart.ts";
import { made, partsOf } from "./sql.ts";
import { readRows, type Rows, type Touched, union } from "./touched.ts";
import { EVENTS_AT_ONCE } from "./write-sends.ts";

const VISITS_BEFORE = "mart_visits_before";
const LOSERS = "mart_losers";
const FACTS = "mart_facts";
const KNOWN = "mart_known";

/** What has changed by which a contact may have fewer signals than before. */
export interface Losses {
  /** Whether keepMessages() was told of marketing signals that were somebody's. */
  messages: boolean;
  /** The same of behavior signals: what noteVisitsBefore() gave. */
  visits: boolean;
  sessions: boolean;
  clicks: boolean;
}

/**
 * Notes whose the behavior signals were that are taken out, or are about to be somebody else's. All tables are those of before.
 * @param others rows that will be somebody else's
 * @returns whether there are any
 */
export async function noteVisitsBefore(connection: DuckDBConnection, context: MartContext, { removed }: Touched, others: Rows): Promise<boolean> {
  const before = [removed.behavior_signals, others.behavior_signals].flatMap((from) =>
    from ? [`SELECT contact_id FROM (${behaviorSql(context, from)})`] : [],
  );
  if (before.length > 0) await connection.run(`CREATE OR REPLACE TEMP TABLE ${VISITS_BEFORE} AS ${before.join(" UNION ALL ")}`);
  return before.length > 0;
}

/**
 * Makes the contacts what their signals say. All other tables are those of now.
 * What signals say that a contact has more than before is folded into what is known of it; a contact that has fewer is told anew by all of its signals, wherever they stand.
 * @param others rows that are somebody else's than before
 * @param led behavior signals that may be
 */
export async function keepContacts(
  connection: DuckDBConnection,
  context: MartContext,
  { added }: Touched,
  others: Rows,
  led: Rows,
  losses: Losses,
): Promise<void> {
  const isLosing = await noteLosers(connection, context, led, losses);
  const visits = union("behavior_signals", "r.*", added, others, led);
  const all = { ...context, areFew: false };
  const facts = [
    ...(added.marketing_signals || others.marketing_signals ? [`SELECT ${FACT_COLUMNS} FROM ${NOW} WHERE contact_id IS NOT NULL`] : []),
    ...(visits ? [visitFactsSql(context, `(${visits})`)] : []),
    ...(isLosing
      ? [
          `SELECT ${FACT_COLUMNS} FROM (${messageFactsSql(all, readRows("marketing_signals", all, "true"))}) WHERE contact_id IN (FROM ${LOSERS})`,
          `FROM (${visitFactsSql(all, readRows("behavior_signals", all, "true"))}) WHERE contact_id IN (FROM ${LOSERS})`,
        ]
      : []),
  ];
  if (facts.length === 0) return;
  const count = await made(connection, FACTS, facts.join(" UNION ALL "));
  const touched = `contact_id IN (SELECT contact_id FROM ${FACTS})`;
  const [isLoser, isNone] = isLosing ? [`OR contact_id IN (FROM ${LOSERS})`, `AND contact_id NOT IN (FROM ${LOSERS})`] : ["", ""];
  const known = await made(connection, KNOWN, `FROM marts.contact_states WHERE ${touched} ${isNone}`);
  await connection.run(`DELETE FROM marts.contact_states WHERE ${touched} ${isLoser}`);
  for (const part of partsOf(count + known, EVENTS_AT_ONCE, "contact_id")) {
    const states = `${statesSql(`(FROM ${FACTS} WHERE ${part})`)} UNION ALL FROM ${KNOWN} WHERE ${part}`;
    await connection.run(`INSERT INTO marts.contact_states ${foldSql(states)}`);
  }
}

/** Notes the contacts that may have fewer signals than before. @returns whether there are any */
async function noteLosers(
  connection: DuckDBConnection,
  context: MartContext,
  led: Rows,
  { messages, visits, sessions, clicks }: Losses,
): Promise<boolean> {
  const losers = [
    ...(messages ? [`SELECT contact_id FROM ${BEFORE}`] : []),
    ...(visits ? [`SELECT contact_id FROM ${VISITS_BEFORE}`] : []),
    ...(sessions ? [`SELECT contact_before FROM ${CHANGED_SESSIONS}`] : []),
    // A click that was not touched may have lost its name to another one, and with it what it led to.
    ...(clicks ? [`SELECT contact_id FROM ${NAMED_ALIKE} WHERE was_named`] : []),
    // What was the click's is the session's, now that this is known.
    ...(sessions && led.behavior_signals
      ? [
          `SELECT c.contact_id FROM (${behaviorSql(context, led.behavior_signals)}) b JOIN marts.clicks c ON c.signal_key = b.message_signal_id
           WHERE c.is_named AND b.contact_via = 'session' AND c.contact_id <> b.contact_id`,
        ]
      : []),
  ];
  if (losers.length === 0) return false;
  return (
    (await made(connection, LOSERS, `SELECT DISTINCT contact_id FROM (${losers.join(" UNION ALL ")}) t(contact_id) WHERE contact_id IS NOT NULL`)) > 0
  );
}
