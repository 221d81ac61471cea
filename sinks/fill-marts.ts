/** Filling the tables of marts with what all signals say. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { TABLES } from "../schemas/tables.ts";
import { clicksSql } from "./marts/clicks.ts";
import { pairsSql } from "./marts/contact-aliases.ts";
import { KEPT_MARTS } from "./marts/index.ts";
import { FACT_COLUMNS, foldSql, messageFactsSql, RECORD_COLUMNS, statesSql, visitFactsSql } from "./marts/contact-states.ts";
import type { MartContext } from "./marts/mart.ts";
import { ownersSql } from "./marts/owners.ts";
import { ordersOnceSql } from "./marts/orders-once.ts";
import { belongingSql, EVENT_COLUMNS, orphansSql, sendsSql } from "./marts/sends.ts";
import { sessionPairsSql } from "./marts/session-contacts.ts";
import { onlyRow, partsOf } from "./sql.ts";
import { readRows } from "./touched.ts";
import { ORDERS_AT_ONCE, writeOrders } from "./write-orders.ts";
import { EVENTS_AT_ONCE, writeSends } from "./write-sends.ts";

const EVENTS = "mart_events";
const VISITS = "mart_visits";

/**
 * Makes the tables what all signals say, whatever they had. Within the caller's transaction. Memory: DuckDB's limit; what is more goes to its temporary folder.
 * @param atOnce how many events are looked at at once
 */
export async function fillMarts(connection: DuckDBConnection, context: MartContext, atOnce = EVENTS_AT_ONCE): Promise<void> {
  for (const { name } of KEPT_MARTS) await connection.run(`DELETE FROM marts.${name}`);
  await connection.run(
    `INSERT INTO marts.contact_aliases ${ownersSql("alias", TABLES.map((table) => pairsSql(context, table, table)).join(" UNION ALL "))}`,
  );
  await connection.run(
    `INSERT INTO marts.session_contacts ${ownersSql("tltsid", sessionPairsSql(context, readRows("behavior_signals", context, "r.tltsid IS NOT NULL")))}`,
  );
  const { events, visits, orders } = await onlyRow<{ events: bigint; visits: bigint; orders: bigint }>(
    connection,
    "SELECT (SELECT count(*) FROM marketing_signals) AS events, count(*) AS visits, count(*) FILTER (signal_type = 'order') AS orders FROM behavior_signals",
  );
  const parts = Math.ceil(Math.max(Number(events), Number(visits)) / atOnce);
  const all = messageFactsSql(context, readRows("marketing_signals", context, "true"));
  await makeInParts(connection, EVENTS, `SELECT ${EVENT_COLUMNS}, ${RECORD_COLUMNS} FROM (${all})`, parts);
  const { clicks } = await onlyRow<{ clicks: bigint }>(connection, `SELECT count(*) AS clicks FROM ${EVENTS} WHERE action = 'click'`);
  for (const keys of partsOf(Number(clicks), atOnce, "signal_key")) {
    await connection.run(`INSERT INTO marts.clicks ${clicksSql(`(FROM ${EVENTS} WHERE action = 'click' AND ${keys})`)}`);
  }
  const each = parts > 1 ? Array.from({ length: parts }, (_, number) => `part = ${number}`) : ["true"];
  await writeSends(connection, EVENTS, each);
  await makeInParts(connection, VISITS, visitFactsSql(context, readRows("behavior_signals", context, "true")), parts);
  for (const one of each) {
    const facts = [EVENTS, VISITS].map((table) => `SELECT ${FACT_COLUMNS} FROM ${table} WHERE ${one}`);
    await connection.run(`INSERT INTO marts.contact_states ${foldSql(statesSql(`(${facts.join(" UNION ALL ")})`))}`);
  }
  await connection.run(`DROP TABLE ${EVENTS}; DROP TABLE ${VISITS}`);
  await writeOrders(connection, context, { count: Number(orders), atOnce: Math.min(atOnce, ORDERS_AT_ONCE) });
}

/** So many parts take less time to be looked for in all of a table than the table takes to be sorted. */
const FEW_PARTS = 8;

/**
 * Makes a temporary table with a column `part`, by contact, where it takes several. Where these are many, in their order: a large table lies on the disk, and is to be read once rather than once a part. It is sorted by
 * itself: what finds contacts fills a load's memory, and so does sorting.
 */
async function makeInParts(connection: DuckDBConnection, table: string, select: string, parts: number): Promise<void> {
  if (parts <= 1) {
    await connection.run(`CREATE OR REPLACE TEMP TABLE ${table} AS ${select}`);
    return;
  }
  const unsorted = parts <= FEW_PARTS ? table : `${table}_unsorted`;
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${unsorted} AS SELECT *, (hash(contact_id) % ${parts})::INTEGER AS part FROM (${select})`);
  if (parts <= FEW_PARTS) return;
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${table} AS FROM ${unsorted} ORDER BY part`);
  await connection.run(`DROP TABLE ${unsorted}`);
}

/** What the tables are made by, as text: where that is another one, they are filled anew. */
export const madeBy = (context: MartContext): string =>
  JSON.stringify([
    KEPT_MARTS.map(({ name, columns }) => [name, Object.entries(columns).map(([column, { type }]) => [column, type])]),
    ...TABLES.map((table) => pairsSql(context, table, table)),
    ownersSql("", ""),
    sessionPairsSql(context),
    messageFactsSql(context, "marketing_signals"),
    clicksSql(""),
    belongingSql(EVENTS),
    sendsSql(EVENTS, ""),
    orphansSql(EVENTS, ""),
    visitFactsSql(context, "behavior_signals"),
    foldSql(statesSql("")),
    ordersOnceSql(""),
  ]);
