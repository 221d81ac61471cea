/** What several questions ask of marts: looked up once, in temporary tables of the connection, since marts tell all of it anew, whoever asks. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { inPeriod, onDays, onlyOf, type Scope } from "./scope.ts";

/** The names of these tables, by mart. */
const TABLES = {
  "marts.daily": "report_daily",
  "marts.attribution": "report_attribution",
  "marts.campaign_daily": "report_campaign_daily",
} as const;
type Kept = keyof typeof TABLES;

const keep = (connection: DuckDBConnection, mart: Kept, sql: string) => connection.run(`CREATE OR REPLACE TEMP TABLE ${TABLES[mart]} AS ${sql}`);

/** Keeps what tells which days there are. */
export const keepDays = (connection: DuckDBConnection): Promise<unknown> => keep(connection, "marts.daily", "FROM marts.daily");

/** Columns of marts.campaign_daily that questions ask for. */
const COUNTED =
  "sent, delivered, hard_bounced, soft_bounced, opened, opened_with_bots, clicked, clicked_with_bots, unsubscribed, complained, trackable_opens, trackable_clicks";

/** Keeps what the period and the one before have, by all that questions ask of it. */
export async function keepScope(connection: DuckDBConnection, scope: Scope): Promise<void> {
  const both = { from: scope.before?.from ?? scope.from, to: scope.to };
  // A day's orders stand at its beginning, and the click that was the last one before as many whole hours earlier; touches are 0 or 1.
  await keep(
    connection,
    "marts.attribution",
    `SELECT * EXCLUDE hours, ordered_at - to_hours(hours) AS touched_at FROM (
       SELECT model, to_timestamp(epoch_us(ordered_at) // 86400000000 * 86400) AS ordered_at, currency, channel, campaign_id, message_id, least(touches, 1) AS touches,
         CASE WHEN model = 'last' THEN (epoch_us(ordered_at) - epoch_us(touched_at)) // 3600000000 END AS hours, sum(revenue) AS revenue, sum(orders) AS orders
       FROM marts.attribution WHERE ${inPeriod("ordered_at", both)}${onlyOf(scope)} GROUP BY ALL
     )`,
  );
  await keep(
    connection,
    "marts.campaign_daily",
    `SELECT sent_on, channel, campaign_id, message_id, ${COUNTED} FROM marts.campaign_daily WHERE ${onDays("sent_on", both)}${onlyOf(scope)}`,
  );
}

/** SQL on marts as SQL on what is kept of them. */
export const ofKept = (sql: string): string => sql.replaceAll(/\bmarts\.(?:daily|attribution|campaign_daily)\b/gu, (mart) => TABLES[mart as Kept]);
