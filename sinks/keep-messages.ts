/** Keeping marts.clicks, marts.sends and marts.orphans up. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { rows } from "./sql.ts";
import { clicksSql } from "./marts/clicks.ts";
import type { MartContext } from "./marts/mart.ts";
import { marketingSql, whoseSql } from "./marts/marketing.ts";
import { belongingSql, CLOCKS, LONGEST, orphansSql, sendsSql } from "./marts/sends.ts";
import { type Rows, type Touched, union } from "./touched.ts";

/** The temporary table of the keys of clicks that are others now. */
export const CHANGED_CLICKS = "mart_changed_clicks";

const EVENTS = "mart_events";

/**
 * Makes mart_before: what the rows that are taken out, or are about to be somebody else's, were part of. The aliases are those of before.
 * @param others rows that will be somebody else's
 */
export async function noteBefore(connection: DuckDBConnection, context: MartContext, { removed }: Touched, others: Rows): Promise<void> {
  const before = [removed.marketing_signals, others.marketing_signals].flatMap((from) => (from ? [whoseSql(context, from)] : []));
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE mart_before AS ${before.length > 0 ? before.join(" UNION ALL ") : whoseSql(context, "(FROM marketing_signals LIMIT 0)")}`,
  );
}

/**
 * Makes clicks, sends and orphans what the signals say. The aliases are those of now.
 * What an event belongs to depends on the events and sends of the same contact, channel and message alone, and of a bounded time: these, of all that were touched, are looked at anew.
 */
export async function keepMessages(connection: DuckDBConnection, context: MartContext, { added, removed }: Touched, others: Rows): Promise<void> {
  // What was touched, as it is now: rows that were added, or are somebody else's.
  const now = [added.marketing_signals, others.marketing_signals].flatMap((from) => (from ? [marketingSql(context, from)] : []));
  const none = marketingSql(context, "(FROM marketing_signals LIMIT 0)");
  await connection.run(`CREATE OR REPLACE TEMP TABLE mart_now AS ${now.length > 0 ? now.join(" UNION ALL ") : none}`);
  const columns = "r.signal_type, r.signal_key, r.channel, r.action";
  const gone = union("marketing_signals", columns, removed);
  await connection.run(`CREATE OR REPLACE TEMP TABLE mart_keys AS SELECT ${columns} FROM mart_now r ${gone ? `UNION ${gone}` : ""}`);

  await keepClicks(connection);

  const [span] = await rows<{ first: string | null; last: string | null }>(
    connection,
    `SELECT min(occurred_at)::VARCHAR AS first, max(occurred_at)::VARCHAR AS last
     FROM (SELECT occurred_at FROM mart_now UNION ALL SELECT occurred_at FROM mart_before)`,
  );
  if (!span?.first || !span.last) return;
  const [first, last] = [span.first, span.last].map((time) => `TIMESTAMPTZ '${time}'`);
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE mart_groups AS SELECT DISTINCT contact_id, channel, message_id
     FROM (SELECT contact_id, channel, message_id FROM mart_now UNION ALL SELECT contact_id, channel, message_id FROM mart_before)
     WHERE contact_id IS NOT NULL AND message_id IS NOT NULL`,
  );
  // A day more than what may belong together, on both sides.
  const near = `(SELECT * FROM marketing_signals WHERE occurred_at BETWEEN ${first} - ${LONGEST} - INTERVAL 1 DAY AND ${last} + ${LONGEST} + INTERVAL 1 DAY
    AND message_id IN (SELECT message_id FROM mart_groups))`;
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${EVENTS} AS FROM (${marketingSql(context, near)}) SEMI JOIN mart_groups USING (contact_id, channel, message_id)
     UNION ALL FROM mart_now WHERE contact_id IS NULL OR message_id IS NULL`,
  );
  await connection.run(`CREATE OR REPLACE TEMP TABLE mart_belonging AS ${belongingSql(EVENTS)}`);

  const meant = (time: string, from: string, to: string) => `((${time} BETWEEN ${from} AND ${to}) OR contact_id IS NULL OR message_id IS NULL)`;
  const sends = meant("sent_at", `${first} - ${LONGEST} - ${CLOCKS}`, `${last} + ${CLOCKS}`);
  const orphans = meant("occurred_at", `${first} - ${CLOCKS}`, `${last} + ${LONGEST}`);
  await connection.run(
    `DELETE FROM marts.sends WHERE ${sends} AND EXISTS (FROM mart_groups g WHERE g.contact_id = sends.contact_id AND g.channel = sends.channel AND g.message_id = sends.message_id)`,
  );
  await connection.run("DELETE FROM marts.sends WHERE (channel, send_key) IN (SELECT (channel, signal_key) FROM mart_keys WHERE action = 'send')");
  await connection.run(`INSERT INTO marts.sends FROM (${sendsSql(EVENTS, "mart_belonging")}) WHERE ${sends}`);
  await connection.run(
    `DELETE FROM marts.orphans WHERE ${orphans} AND EXISTS (FROM mart_groups g WHERE g.contact_id = orphans.contact_id AND g.channel = orphans.channel AND g.message_id = orphans.message_id)`,
  );
  await connection.run(
    "DELETE FROM marts.orphans WHERE (signal_type, signal_key) IN (SELECT (signal_type, signal_key) FROM mart_keys WHERE action <> 'send')",
  );
  await connection.run(`INSERT INTO marts.orphans FROM (${orphansSql("mart_belonging")}) WHERE ${orphans}`);
}

async function keepClicks(connection: DuckDBConnection): Promise<void> {
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${CHANGED_CLICKS} AS SELECT DISTINCT signal_key FROM mart_keys WHERE action = 'click'`);
  const columns = "signal_type, signal_key, occurred_at, channel, campaign_id, message_id, link_id, is_bot, contact_id";
  // Others with the same key are not touched, but may be what it means no more.
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE mart_clicks AS SELECT ${columns} FROM mart_now WHERE action = 'click'
     UNION ALL SELECT ${columns} FROM marts.clicks WHERE signal_key IN (FROM ${CHANGED_CLICKS}) AND (signal_type, signal_key) NOT IN (SELECT (signal_type, signal_key) FROM mart_keys)`,
  );
  await connection.run(`DELETE FROM marts.clicks WHERE signal_key IN (FROM ${CHANGED_CLICKS})`);
  await connection.run(`INSERT INTO marts.clicks ${clicksSql("mart_clicks")}`);
}
