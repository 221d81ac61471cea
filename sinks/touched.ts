/** What a load, replay or erasure has changed, for the marts to follow. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteIdentifier as id, quoteText } from "../schemas/names.ts";
import type { Table } from "../schemas/signal-types.ts";
import { TABLES } from "../schemas/tables.ts";
import { readColumns } from "./marts/contact-states.ts";
import type { MartContext } from "./marts/mart.ts";
import { nearRows } from "./row-ranges.ts";
import { made, onlyRow } from "./sql.ts";

/** The columns that the marts read, besides those of contacts. To name them is a third of the work of planning a statement with all. */
const COLUMNS: Readonly<Record<Table, string>> = {
  marketing_signals:
    "signal_type, signal_key, signal_id, occurred_at, dataset_id, channel, action, campaign_id, campaign_name, message_id, message_name, link_id, bot_detected, bot_detection_reason, " +
    "classification, classification_code, email_from_address, email_subject, email_tracking_level, vmta_pool, entry_signal, consent_email, consent_sms, consent_whatsapp",
  behavior_signals:
    "signal_type, signal_key, occurred_at, dataset_id, is_test, tltsid, acoustic_app_key, message_signal_id, product_id, product_name, product_category, item_quantity, unit_price, currency, " +
    "order_id, order_value, url, page_category, search_term, number_of_results, identifier_name, identifier_value, " +
    "consent_email, consent_sms, consent_whatsapp",
};

/** SQL that gives rows of a table, with what the marts read of them. @param where a condition on them, whose alias is r */
export function readRows(table: Table, context: MartContext, where: string): string {
  const columns = readColumns(context).map((column) => `, ${id(column)}`);
  return `(SELECT ${COLUMNS[table]}${columns.join("")} FROM ${table} r WHERE ${where})`;
}

/**
 * The same of few of many rows: the condition is looked at first, by itself, and then the other columns are read where such rows are.
 * It holds until this is asked again for the table.
 */
export async function pickRows(connection: DuckDBConnection, table: Table, context: MartContext, where: string): Promise<string> {
  const picked = `mart_picked_${table}`;
  await made(connection, picked, `SELECT r.rowid AS row_id FROM ${table} r WHERE ${where}`);
  const near = await nearRows(connection, `FROM ${picked}`);
  return readRows(table, context, near === undefined ? "false" : `${near} AND r.rowid IN (FROM ${picked})`);
}

/** The temporary table that has the rows which were taken out of a table. */
const removedFrom = (table: Table) => `removed_${table}`;

/** SQL that keeps rows of a table before they are taken out of it, for touched(). @param where which */
export const keepRemovedSql = (table: Table, where: string): string =>
  `CREATE OR REPLACE TEMP TABLE ${removedFrom(table)} AS
   SELECT COLUMNS(c -> c IN (${COLUMNS[table].split(", ").map(quoteText).join(", ")}) OR starts_with(c, 'contact_')) FROM ${table} WHERE ${where}`;

/** What was written by a load, replay or erasure. */
export interface Change {
  what: "load" | "replay" | "erasure" | "retention" | "mend";
  /** The load whose rows were written; undefined where none were. */
  loadId?: bigint;
  /** A condition on record_no of those that were, where the load had some before. */
  among?: string;
  /** The tables out of which rows were taken: keepRemovedSql() was run for them, and no others, in this transaction. */
  removed: readonly Table[];
}

/** Rows as SQL that gives them, such as a table's name, by the table that they are in, or were; those without any are not among them. */
export type Rows = Partial<Record<Table, string>>;

/** The rows that were added to the tables, and those that are in it no more. A row that was changed is among both. */
export interface Touched {
  added: Rows;
  removed: Rows;
  /** How many these are. */
  count: number;
}

/** A condition on rows that a change has added; none has, where it has no load. */
export const addedBy = ({ loadId, among = "true" }: Pick<Change, "loadId" | "among">): string =>
  loadId === undefined ? "false" : `(load_id = ${loadId} AND ${among})`;

/** Finds what was touched. Within the change's transaction. */
export async function touched(connection: DuckDBConnection, change: Change, context: MartContext): Promise<Touched> {
  const result: Touched = { added: {}, removed: {}, count: 0 };
  for (const table of TABLES) {
    const count = async (from: string) => Number((await onlyRow<{ n: bigint }>(connection, `SELECT count(*) AS n FROM ${from}`)).n);
    const added = await count(`${table} WHERE ${addedBy(change)}`);
    if (added > 0) result.added[table] = readRows(table, context, addedBy(change));
    result.count += added;
    if (!change.removed.includes(table)) continue;
    result.removed[table] = removedFrom(table);
    result.count += await count(removedFrom(table));
  }
  return result;
}

/** SQL that gives all of some rows of a table; undefined where there are none. @param columns of them, or what is made of them */
export function union(table: Table, columns: string, ...all: readonly Rows[]): string | undefined {
  const some = all.flatMap((rows) => rows[table] ?? []);
  return some.length === 0 ? undefined : some.map((rows) => `SELECT ${columns} FROM ${rows} r`).join(" UNION ALL ");
}
