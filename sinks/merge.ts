/** Merges a file's staging into the warehouse, as part of a load and within its transaction. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { DriftReason } from "../schemas/record.ts";
import { quoteText } from "../schemas/names.ts";
import type { Table } from "../schemas/signal-types.ts";
import { TABLES } from "../schemas/tables.ts";
import { type FileIdentity, type LoadCounts, orphans } from "./ledger.ts";
import {
  CHANGED,
  changedIn,
  changedItems,
  confirmSql,
  knownSql,
  matchedSql,
  type MergeTarget,
  metIn,
  metSql,
  MOVED_SQL,
  type Near,
  noIdSql,
  NOTHING_KNOWN_SQL,
  ownSql,
  REPEATED_SQL,
  replacedIn,
  replacedSql,
  REUSED_SQL,
  reusedSql,
  SHARED_SQL,
  takeBackSql,
  TAKEN_SQL,
  writeItemsSql,
  writeSql,
} from "./merge-sql.ts";
import { REMOVED_ITEMS } from "./changes.ts";
import { keepRemovedSql } from "./touched.ts";
import { useMemory } from "./memory.ts";
import { nearRows } from "./row-ranges.ts";
import { unseal } from "./seals.ts";
import { onlyRow, rows, tableColumnNames } from "./sql.ts";
import type { Staging } from "./staging.ts";
import { useThreads } from "./threads.ts";

/** What DuckDB may use for a merge. */
export interface Means {
  /** Threads, once the warehouse is large; the caller sets them back. */
  threads?: number;
  /** Memory, once a signal is there twice; the caller sets it back. Undefined: what it has. */
  memory?: string | undefined;
}

/** What a merge did. */
export interface Merged extends LoadCounts {
  /** How many rows order_items has more than before. */
  orderItems: number;
  /** The tables of which rows were changed: those that were there before are kept for the marts (marts/touched.ts). */
  removed: readonly Table[];
}

/** Rows of a table that is made on the way, and those of them for which something holds. */
interface Made {
  rows: number;
  those: number;
}

const NONE: Made = { rows: 0, those: 0 };
const NOTHING_TAKEN: Readonly<Record<Table, number>> = { marketing_signals: 0, behavior_signals: 0 };

/**
 * Merges what is staged, and what went straight into the tables, as load `loadId`. Memory: hashes of the file's keys, and DuckDB's limit.
 * @throws SignalhouseError warehouse_failed where rows are of loads that the ledger does not have; DuckDB's errors as they are
 */
export async function mergeStaging(staging: Staging, loadId: bigint, file: FileIdentity, { threads = 1, memory }: Means): Promise<Merged> {
  const { connection, header, counts } = staging;
  const { records, rejected, suppressed } = counts;
  const total = { records, rejected, suppressed, inserted: 0, updated: 0, unchanged: 0, orderItems: 0 };
  const removed: Table[] = [];
  const direct = sum(counts.direct);
  if (!header || direct + sum(counts.rows) === 0) return { ...total, removed };
  const { signals, isOutOfOrder: outOfOrder } = await loadedBefore(connection, file);
  const target: MergeTarget = { header, loadId, mtime: file.mtime, path: file.path, outOfOrder, isDirect: direct > 0 };

  // The file's signals, and the rows of the warehouse that have their keys.
  const own = await make(connection, ownSql(target), "own", "no_id");
  if (own.those > 0) await countDrift(staging, "not an id", noIdSql(target));
  const shared = await make(connection, SHARED_SQL, "shared");
  if (signals >= MANY) await useThreads(connection, threads);
  const near = await findMet(connection, target);
  const anyTwice = shared.rows > 0 || near.size > 0;
  // What meets nothing has no use for more than its writing had, and would only fill it.
  if (anyTwice) await useMemory(connection, memory);
  if (anyTwice && (await make(connection, REUSED_SQL, "reused")).rows > 0) await countDrift(staging, "id of another type", reusedSql(target));

  // Within the file the last row of a signal wins.
  const taken = target.isDirect && anyTwice ? await takeBack(connection, target) : NOTHING_TAKEN;
  const staged = TABLES.filter((table) => counts.rows[table] + taken[table] > 0);
  const repeated = shared.rows > 0 ? await make(connection, REPEATED_SQL, "repeated") : NONE;
  const replaced = repeated.rows > 0 ? await make(connection, replacedSql(target, staged), "replaced", "differs") : NONE;
  if (replaced.rows > 0) {
    await countDrift(staging, "id at another time", MOVED_SQL);
    for (const table of staged) await staging.leaveOut(table, replacedIn(table));
  }

  // The latest export's version of a signal stays.
  const matched = near.size > 0 && staged.length > 0 ? await match(connection, target, staged, near) : NONE;
  if (matched.rows > 0) {
    const among = await amongMatched(connection);
    for (const sql of confirmSql(target, among)) await connection.run(sql);
    if (matched.those > 0) {
      await unseal(connection, [
        { table: "order_items", where: changedItems(among) },
        ...[...near].map(([table, condition]) => ({ table, where: changedIn(table, condition) })),
      ]);
      await connection.run(`CREATE OR REPLACE TEMP TABLE ${REMOVED_ITEMS} AS SELECT occurred_at FROM order_items WHERE ${changedItems(among)}`);
      total.orderItems -= await changed(connection, `DELETE FROM order_items WHERE ${changedItems(among)}`);
      // writeSql puts the new ones in their place.
      for (const [table, condition] of near) {
        await connection.run(keepRemovedSql(table, changedIn(table, condition)));
        await connection.run(`DELETE FROM ${table} WHERE ${changedIn(table, condition)}`);
        removed.push(table);
      }
    }
  }
  let written = 0;
  for (const table of staged) written += await changed(connection, writeSql(table, target, matched.rows > 0));
  total.orderItems += await changed(connection, writeItemsSql(target, replaced.rows > 0, matched.rows > 0));
  total.inserted = direct - sum(taken) + written - matched.those;
  total.updated = matched.those + replaced.those;
  total.unchanged = matched.rows - matched.those + replaced.rows - replaced.those;
  return { ...total, removed };
}

const sum = ({ marketing_signals, behavior_signals }: Record<Table, number>) => marketing_signals + behavior_signals;

const changed = async (connection: DuckDBConnection, sql: string): Promise<number> => (await connection.run(sql)).rowsChanged;

/** Makes a temporary table and counts its rows, and those for which `condition` holds. */
async function make(connection: DuckDBConnection, create: string, table: string, condition = "false"): Promise<Made> {
  await connection.run(create);
  const { n, those } = await onlyRow<{ n: bigint; those: bigint }>(
    connection,
    `SELECT count(*) AS n, count(*) FILTER (${condition}) AS those FROM ${table}`,
  );
  return { rows: Number(n), those: Number(those) };
}

/** Finds the rows of the warehouse that have the keys of the file's signals, and where they are. */
async function findMet(connection: DuckDBConnection, target: MergeTarget): Promise<Near> {
  const met = await make(connection, metSql(target), "met");
  const near = new Map<Table, string>();
  for (const table of met.rows > 0 ? TABLES : []) {
    const condition = await nearRows(connection, metIn(table));
    if (condition !== undefined) near.set(table, condition);
  }
  await connection.run(near.size > 0 ? knownSql(near) : NOTHING_KNOWN_SQL);
  return near;
}

/** So many signals take several threads a shorter time to look through than it takes to start them. */
const MANY = 1_000_000;

/** Stages those of the rows that went straight into a table that are there a second time. @returns how many of each table */
async function takeBack(connection: DuckDBConnection, target: MergeTarget): Promise<Record<Table, number>> {
  if ((await make(connection, TAKEN_SQL, "taken")).rows === 0) return NOTHING_TAKEN;
  const taken = { ...NOTHING_TAKEN };
  for (const table of TABLES) {
    const [stage, remove] = takeBackSql(table, target);
    taken[table] = await changed(connection, stage);
    if (taken[table] > 0) await connection.run(remove);
  }
  return taken;
}

/** Finds the rows of the warehouse that staged ones meet, and tells which are to change. */
async function match(connection: DuckDBConnection, target: MergeTarget, staged: readonly Table[], near: Near): Promise<Made> {
  const columns = {
    marketing_signals: await tableColumnNames(connection, "marketing_signals"),
    behavior_signals: await tableColumnNames(connection, "behavior_signals"),
  };
  const matched = await make(connection, matchedSql(target, staged, columns, near), "matched", CHANGED);
  const [orphan] = await rows<{ behavior: boolean; n: bigint }>(
    connection,
    "SELECT old_behavior AS behavior, count(*) AS n FROM matched WHERE orphaned GROUP BY ALL ORDER BY ALL",
  );
  if (orphan)
    throw orphans(orphan.behavior ? "behavior_signals" : "marketing_signals", `${orphan.n.toLocaleString("en-US")} of the file's rows already`);
  return matched;
}

/** How many signals the warehouse has, and whether one of its loads is of a later export than this file. */
async function loadedBefore(connection: DuckDBConnection, { mtime, path }: FileIdentity): Promise<{ signals: number; isOutOfOrder: boolean }> {
  const { signals, later } = await onlyRow<{ signals: number; later: boolean }>(
    connection,
    `SELECT coalesce(sum(inserted), 0)::DOUBLE AS signals, coalesce(bool_or((mtime, path) >= (make_timestamptz($1::BIGINT * 1000), $2)), false) AS later
     FROM signalhouse.loads WHERE status IN ('loaded', 'mended')`,
    [BigInt(mtime), path],
  );
  return { signals, isOutOfOrder: later };
}

async function countDrift(staging: Staging, reason: DriftReason, sql: string): Promise<void> {
  const found = await rows<{ signal_type: string; records: bigint; first: bigint }>(staging.connection, sql);
  const counts = found.map(({ signal_type: signalType, records, first }) => {
    return { signalType, field: "SIGNAL_ID", reason, records: Number(records), firstRecordNo: Number(first) };
  });
  staging.countDrift(counts, true);
}

/** A condition that whatever belongs to a matched signal fulfils: it has the signal's time. */
async function amongMatched(connection: DuckDBConnection): Promise<string> {
  const { first, last } = await onlyRow<{ first: string; last: string }>(
    connection,
    "SELECT min(old_occurred_at)::VARCHAR AS first, max(old_occurred_at)::VARCHAR AS last FROM matched",
  );
  return `occurred_at BETWEEN ${quoteText(first)}::TIMESTAMPTZ AND ${quoteText(last)}::TIMESTAMPTZ`;
}
