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
import { made, onlyRow } from "./sql.ts";
import { readRows } from "./touched.ts";
import { writeOrders } from "./write-orders.ts";
import { writeSends } from "./write-sends.ts";

const EVENTS = "mart_events";

/** Makes the tables what all signals say, whatever they had. Within the caller's transaction. Memory: DuckDB's limit, of which it makes do with 256 MB; what is more goes to its temporary folder. */
export async function fillMarts(connection: DuckDBConnection, context: MartContext): Promise<void> {
  for (const { name } of KEPT_MARTS) await connection.run(`DELETE FROM marts.${name}`);
  await connection.run(`INSERT INTO marts.contact_aliases ${aliasesSql(TABLES.map((table) => pairsSql(context, table, table)).join(" UNION ALL "))}`);
  await connection.run(
    `INSERT INTO marts.session_contacts ${sessionsSql(sessionPairsSql(context, readRows("behavior_signals", context, "r.tltsid IS NOT NULL")))}`,
  );
  const events = await made(
    connection,
    EVENTS,
    `SELECT ${EVENT_COLUMNS} FROM (${marketingSql(context, readRows("marketing_signals", context, "true"))})`,
  );
  await connection.run(`INSERT INTO marts.clicks ${clicksSql(`(FROM ${EVENTS} WHERE action = 'click')`)}`);
  await writeSends(connection, EVENTS, events);
  await connection.run(`DROP TABLE ${EVENTS}`);
  const { orders } = await onlyRow<{ orders: bigint }>(connection, "SELECT count(*) AS orders FROM behavior_signals WHERE signal_type = 'order'");
  await writeOrders(connection, context, Number(orders));
}

/** What the tables are made by, as text: where that is another one, they are filled anew. */
export const madeBy = (context: MartContext): string =>
  JSON.stringify([
    KEPT_MARTS.map(({ name, columns }) => [name, Object.entries(columns).map(([column, { type }]) => [column, type])]),
    ...TABLES.map((table) => pairsSql(context, table, table)),
    aliasesSql(""),
    sessionPairsSql(context),
    sessionsSql(""),
    marketingSql(context),
    clicksSql(""),
    belongingSql(EVENTS),
    sendsSql(EVENTS, ""),
    orphansSql(EVENTS, ""),
    behaviorSql(context),
    ordersOnceSql(""),
  ]);
