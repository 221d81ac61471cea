/** Keeping the tables of marts up with the signals: after each load, replay or erasure they are what filling them anew would make of them. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { noteChanges } from "./changes.ts";
import { TABLES } from "../schemas/tables.ts";
import { makeViews } from "./make-views.ts";
import { fillMarts } from "./fill-marts.ts";
import { changedAliases, writeAliases } from "./keep-aliases.ts";
import { keepContacts, noteVisitsBefore } from "./keep-contacts.ts";
import { ledRows } from "./led-rows.ts";
import { keepMessages, noteBefore } from "./keep-messages.ts";
import { keepOrders } from "./keep-orders.ts";
import { keepSessions } from "./keep-sessions.ts";
import { datasetsOf, keepSettings, type KeptSettings, keptSettings, martContext } from "./mart-settings.ts";
import { type Change, touched, type Touched } from "./touched.ts";
import { EVENTS_AT_ONCE } from "./write-sends.ts";

/** Fills them where they were made anew. Within the caller's transaction. */
export async function fillWhereEmpty(connection: DuckDBConnection): Promise<void> {
  const kept = await keptSettings(connection);
  if (kept === undefined || kept.isFilled) return;
  await fillMarts(connection, await martContext(connection, kept));
  await keepSettings(connection, { ...kept, isFilled: true });
}

/**
 * Notes a change in signalhouse.changes, and makes the tables of marts follow it, within its transaction. What is looked at is what was touched, and what that may have to do with: sessions, contacts, messages. Memory: DuckDB's limit.
 */
export async function keepUp(connection: DuckDBConnection, change: Change): Promise<void> {
  const settings = await keptSettings(connection);
  if (!settings) return;
  const all = await martContext(connection, settings);
  const what = await touched(connection, change, all);
  const context = { ...all, areFew: what.count <= EVENTS_AT_ONCE };
  // Columns that a file without new signals has brought have had the tables made anew all the same.
  if (Object.keys(what.added).length + Object.keys(what.removed).length === 0) return fillWhereEmpty(connection);
  await noteChanges(connection, change, what);
  const isQualified = await followDatasets(connection, settings, what);
  if (isQualified || !settings.isFilled) return fillWhereEmpty(connection);

  const { isAny, others } = await changedAliases(connection, context, what, change);
  const isBefore = await noteBefore(connection, context, what, others);
  const isVisitBefore = await noteVisitsBefore(connection, context, what, others);
  if (isAny) await writeAliases(connection);
  const sessions = await keepSessions(connection, context, what, others);
  const clicks = await keepMessages(connection, context, what, others, isBefore);
  const led = await ledRows(connection, context, change, { sessions, clicks });
  await keepOrders(connection, context, what, others, led);
  await keepContacts(connection, context, what, others, led, { messages: isBefore, visits: isVisitBefore, sessions, clicks });
}

/** The same for a change after which signals may still be there that were taken out: the tables are filled anew. */
export async function fillAfter(connection: DuckDBConnection, change: Change): Promise<void> {
  const settings = await keptSettings(connection);
  if (!settings) return;
  const context = await martContext(connection, settings);
  await noteChanges(connection, change, await touched(connection, change, context));
  await fillMarts(connection, context);
}

/** Where contacts of a second data set come, all contact ids begin with their data set's from here on. @returns whether that is so since now: then the tables are empty */
async function followDatasets(connection: DuckDBConnection, settings: KeptSettings, { added }: Touched): Promise<boolean> {
  const named = TABLES.flatMap((table) => added[table] ?? []);
  if (settings.isQualified || named.length === 0) return false;
  const datasets = new Set([...(settings.dataset === null ? [] : [settings.dataset]), ...(await datasetsOf(connection, named))]);
  const [dataset] = datasets;
  if (dataset === undefined || (datasets.size === 1 && settings.dataset !== null)) return false;
  const isQualified = datasets.size > 1;
  await keepSettings(connection, { ...settings, dataset, isQualified });
  if (isQualified) await makeViews(connection);
  return isQualified;
}
