/** Keeping marts.clicks, marts.sends and marts.orphans up. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { clicksSql } from "./marts/clicks.ts";
import { ownContact } from "./marts/contact.ts";
import { messageFactsSql, RECORD_COLUMNS } from "./marts/contact-states.ts";
import type { MartContext } from "./marts/mart.ts";
import { marketingSql, whoseSql } from "./marts/marketing.ts";
import { CLOCKS, EVENT_COLUMNS, LONGEST } from "./marts/sends.ts";
import { made, onlyRow, partsOf } from "./sql.ts";
import { EVENTS_AT_ONCE, writeSends } from "./write-sends.ts";
import { pickRows, readRows, type Rows, type Touched, union } from "./touched.ts";

/** The temporary table of the keys of clicks that are others now. */
export const CHANGED_CLICKS = "mart_changed_clicks";

/** The temporary table of the clicks that have such a key; was_named is what is_named was of those that were not touched. */
export const NAMED_ALIKE = "mart_clicks";
/** The temporary table of whose marketing signals were that are taken out, or are somebody else's now. */
export const BEFORE = "mart_before";
/** The temporary table of the marketing signals that were added, or are somebody else's now. */
export const NOW = "mart_now";
const KEYS = "mart_keys";
const GROUPS = "mart_groups";
const EVENTS = "mart_events";

/**
 * Notes whose the rows were that are taken out, or are about to be somebody else's. The aliases are those of before.
 * @param others rows that will be somebody else's
 * @returns whether there are any
 */
export async function noteBefore(connection: DuckDBConnection, context: MartContext, { removed }: Touched, others: Rows): Promise<boolean> {
  const before = [removed.marketing_signals, others.marketing_signals].flatMap((from) => (from ? [whoseSql(context, from)] : []));
  if (before.length > 0) await connection.run(`CREATE OR REPLACE TEMP TABLE ${BEFORE} AS ${before.join(" UNION ALL ")}`);
  return before.length > 0;
}

/**
 * Makes clicks, sends and orphans what the signals say. The aliases are those of now.
 * What an event belongs to depends on the events and sends of the same contact, channel and message alone, and of a bounded time: these, of all that were touched, are looked at anew.
 * @param isBefore what noteBefore() gave
 * @returns whether any click has changed: then their keys are noted
 */
export async function keepMessages(
  connection: DuckDBConnection,
  context: MartContext,
  { added, removed }: Touched,
  others: Rows,
  isBefore: boolean,
): Promise<boolean> {
  const now = [added.marketing_signals, others.marketing_signals].flatMap((from) => (from ? [from] : []));
  if (now.length === 0 && !isBefore) return false;
  const facts = (now.length > 0 ? now : [readRows("marketing_signals", context, "false")]).map(
    (from) => `SELECT ${EVENT_COLUMNS}, ${RECORD_COLUMNS} FROM (${messageFactsSql(context, from)})`,
  );
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${NOW} AS ${facts.join(" UNION ALL ")}`);
  const columns = "r.signal_type, r.signal_key, r.channel, r.action";
  const gone = union("marketing_signals", columns, removed);
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${KEYS} AS SELECT ${columns} FROM ${NOW} r ${gone ? `UNION ${gone}` : ""}`);

  const isAnyClick = await keepClicks(connection);
  await keepSends(connection, context, isBefore);
  return isAnyClick;
}

async function keepClicks(connection: DuckDBConnection): Promise<boolean> {
  const count = await made(connection, CHANGED_CLICKS, `SELECT DISTINCT signal_key FROM ${KEYS} WHERE action = 'click'`);
  if (count === 0) return false;
  const columns = "signal_type, signal_key, occurred_at, channel, campaign_id, message_id, link_id, is_bot, contact_id";
  // Others with the same key are not touched, but may be what it means no more.
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${NAMED_ALIKE} AS SELECT ${columns}, false AS was_named FROM ${NOW} WHERE action = 'click'
     UNION ALL SELECT ${columns}, is_named FROM marts.clicks WHERE signal_key IN (FROM ${CHANGED_CLICKS}) AND (signal_type, signal_key) NOT IN (SELECT (signal_type, signal_key) FROM ${KEYS})`,
  );
  await connection.run(`DELETE FROM marts.clicks WHERE signal_key IN (FROM ${CHANGED_CLICKS})`);
  await connection.run(`INSERT INTO marts.clicks ${clicksSql(NAMED_ALIKE)}`);
  return true;
}

async function keepSends(connection: DuckDBConnection, context: MartContext, isBefore: boolean): Promise<void> {
  const touched = (columns: string) => `(SELECT ${columns} FROM ${NOW} ${isBefore ? `UNION ALL SELECT ${columns} FROM ${BEFORE}` : ""})`;
  const span = await onlyRow<{ first: string | null; last: string | null }>(
    connection,
    `SELECT min(occurred_at)::VARCHAR AS first, max(occurred_at)::VARCHAR AS last FROM ${touched("occurred_at")}`,
  );
  // A table that changed rows were looked for in need not have had one.
  if (span.first === null || span.last === null) return;
  const [first, last] = [span.first, span.last].map((time) => `TIMESTAMPTZ '${time}'`);
  const columns = "contact_id, channel, message_id";
  await made(connection, GROUPS, `SELECT DISTINCT ${columns} FROM ${touched(columns)} WHERE contact_id IS NOT NULL AND message_id IS NOT NULL`);

  // A day more than what may belong together, on both sides.
  const around = `r.occurred_at BETWEEN ${first} - ${LONGEST} - INTERVAL 1 DAY AND ${last} + ${LONGEST} + INTERVAL 1 DAY`;
  // Whose own key is of none of these contacts is left out before aliases are looked for, and anything else is made of it: nearly all, in a large warehouse.
  const isMaybe = `(${ownContact(context, "marketing_signals", "r")} IN (SELECT contact_id FROM ${GROUPS})) IS NOT FALSE`;
  const near = await pickRows(
    connection,
    "marketing_signals",
    context,
    `${around} AND r.message_id IN (SELECT message_id FROM ${GROUPS}) AND ${isMaybe}`,
  );
  const count = await made(
    connection,
    EVENTS,
    `SELECT ${EVENT_COLUMNS} FROM (${marketingSql(context, near)}) SEMI JOIN ${GROUPS} USING (${columns})
     UNION ALL SELECT ${EVENT_COLUMNS} FROM ${NOW} WHERE contact_id IS NULL OR message_id IS NULL`,
  );
  const inGroup = (table: string) => ["contact_id", "channel", "message_id"].map((column) => `g.${column} = ${table}.${column}`).join(" AND ");
  const isMeant = (time: string, from: string, to: string) => `((${time} BETWEEN ${from} AND ${to}) OR contact_id IS NULL OR message_id IS NULL)`;
  const sends = isMeant("sent_at", `${first} - ${LONGEST} - ${CLOCKS}`, `${last} + ${CLOCKS}`);
  const orphans = isMeant("occurred_at", `${first} - ${CLOCKS}`, `${last} + ${LONGEST}`);
  await connection.run(`DELETE FROM marts.sends WHERE ${sends} AND EXISTS (FROM ${GROUPS} g WHERE ${inGroup("sends")})`);
  await connection.run(`DELETE FROM marts.sends WHERE ${hasKey("send_key", "channel", "WHERE action = 'send'")}`);
  await connection.run(`DELETE FROM marts.orphans WHERE ${orphans} AND EXISTS (FROM ${GROUPS} g WHERE ${inGroup("orphans")})`);
  await connection.run(`DELETE FROM marts.orphans WHERE ${hasKey("signal_key", "signal_type")}`);
  await writeSends(connection, EVENTS, partsOf(count, EVENTS_AT_ONCE, "contact_id"), { sends, orphans });
}

/** Whether a row is one of those that were touched, in SQL. By the key alone first, of which DuckDB leaves out nearly all rows before it compares pairs. */
const hasKey = (key: string, within: string, where = ""): string =>
  `${key} IN (SELECT signal_key FROM ${KEYS} ${where}) AND (${within}, ${key}) IN (SELECT (${within}, signal_key) FROM ${KEYS} ${where})`;
