/** What several questions ask of marts.attribution: added up once. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { inPeriod, type Scope } from "./scope.ts";

const MART = "marts.attribution";
const TABLE = "report_attribution";

/**
 * Adds up what the period and the one before have of marts.attribution, by all that questions ask of it, in a temporary table of the connection: the mart shares out each order anew,
 * whoever asks, which takes seconds for twenty million signals. A day's orders stand at its beginning; touches are 0 or 1.
 */
export async function keep(connection: DuckDBConnection, { from, to, before }: Scope): Promise<void> {
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${TABLE} AS
     SELECT model, to_timestamp(epoch_us(ordered_at) // 86400000000 * 86400) AS ordered_at, currency, channel, campaign_id, message_id, least(touches, 1) AS touches,
       sum(revenue) AS revenue, sum(orders) AS orders
     FROM ${MART} WHERE ${inPeriod("ordered_at", { from: before?.from ?? from, to })} GROUP BY ALL`,
  );
}

/** SQL on the mart as SQL on what is kept of it. */
export const ofKept = (sql: string): string => sql.replaceAll(MART, TABLE);
