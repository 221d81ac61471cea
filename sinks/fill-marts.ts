/** Filling the tables of marts with what all signals say. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { TABLES } from "../schemas/tables.ts";
import { clicksSql } from "./marts/clicks.ts";
import { aliasesSql, pairsSql } from "./marts/contact-aliases.ts";
import { KEPT_MARTS } from "./marts/index.ts";
import { behaviorSql } from "./marts/behavior.ts";
import type { MartContext } from "./marts/mart.ts";
import { marketingSql } from "./marts/marketing.ts";
import { ordersOnceSql } from "./marts/orders-once.ts";
import { belongingSql, EVENT_COLUMNS, orphansSql, sendsSql } from "./marts/sends.ts";
import { sessionPairsSql, sessionsSql } from "./marts/session-contacts.ts";

/** The statements that fill them, when they are empty. Each reads those before it. */
export const fillSql = (context: MartContext): string[] => [
  `INSERT INTO marts.contact_aliases ${aliasesSql(TABLES.map((table) => pairsSql(context, table, table)).join(" UNION ALL "))}`,
  `INSERT INTO marts.session_contacts ${sessionsSql(sessionPairsSql(context))}`,
  `CREATE OR REPLACE TEMP TABLE mart_events AS SELECT ${EVENT_COLUMNS} FROM (${marketingSql(context)})`,
  `INSERT INTO marts.clicks ${clicksSql("(FROM mart_events WHERE action = 'click')")}`,
  `CREATE OR REPLACE TEMP TABLE mart_belonging AS ${belongingSql("mart_events")}`,
  `INSERT INTO marts.sends ${sendsSql("mart_events", "mart_belonging")}`,
  `INSERT INTO marts.orphans ${orphansSql("mart_events", "mart_belonging")}`,
  "DROP TABLE mart_events",
  "DROP TABLE mart_belonging",
  `INSERT INTO marts.orders_once ${ordersOnceSql(`(${behaviorSql(context, "(FROM behavior_signals WHERE signal_type = 'order')")})`)}`,
];

/** Makes the tables what all signals say, whatever they had. Within the caller's transaction. Memory: DuckDB's limit, what is more spills. */
export async function fillMarts(connection: DuckDBConnection, context: MartContext): Promise<void> {
  for (const { name } of KEPT_MARTS) await connection.run(`DELETE FROM marts.${name}`);
  for (const sql of fillSql(context)) await connection.run(sql);
}
