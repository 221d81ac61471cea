/** Erasing rows, whatever for: out of all tables, with marts, ledger and changes, in the transaction of whoever calls. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteIdentifier as id, quoteText } from "../../schemas/names.ts";
import type { Table } from "../../schemas/signal-types.ts";
import { TABLES } from "../../schemas/tables.ts";
import { REMOVED_ITEMS } from "../changes.ts";
import { keepUp } from "../keep-marts.ts";
import { isBehavior } from "../merge-sql.ts";
import { onlyRow, rows } from "../sql.ts";
import { foldSeals, unseal } from "../seals.ts";
import { keepRemovedSql } from "../touched.ts";
import { ERASED } from "./erased.ts";

/** What is erased, besides the rows of ERASED. */
export interface Erasing {
  kind: "forget" | "retention";
  runId: bigint | null;
  /** SQL of a condition on signalhouse.rejects; none by default. */
  rejects?: string | undefined;
  /** SQL of a condition on signalhouse.refset_rows; none by default. */
  refsetRows?: string | undefined;
}

/** What an erasure has done. */
export interface Erased {
  erasureId: bigint;
  /** How many rows each table has less, the tables of marts among them; those that have as many are not there. */
  tables: Record<string, number>;
}

const ITEMS = `(signal_key, load_id) IN (SELECT (signal_key, load_id) FROM ${ERASED} WHERE behavior AND signal_type = 'order')`;

/** How many rows of the tables of signals and the ledger it would take. */
export async function countErased(
  connection: DuckDBConnection,
  { rejects = "false", refsetRows = "false" }: Partial<Erasing>,
): Promise<Record<string, number>> {
  const counts = [
    ...TABLES.map((table) => ({ table: table as string, from: `${ERASED} WHERE behavior = ${isBehavior(table)}` })),
    { table: "order_items", from: `order_items WHERE ${ITEMS}` },
    { table: "signalhouse.rejects", from: `signalhouse.rejects WHERE ${rejects}` },
    { table: "signalhouse.refset_rows", from: `signalhouse.refset_rows WHERE ${refsetRows}` },
  ];
  const found = await rows<{ name: string; n: bigint }>(
    connection,
    counts.map(({ table, from }) => `SELECT ${quoteText(table)} AS name, (SELECT count(*) FROM ${from}) AS n`).join(" UNION ALL "),
  );
  return Object.fromEntries(found.flatMap(({ name, n }) => (n > 0n ? [[name, Number(n)]] : [])));
}

/** Erases them. Memory: DuckDB's limit. */
export async function erase(connection: DuckDBConnection, { kind, runId, rejects = "false", refsetRows = "false" }: Erasing): Promise<Erased> {
  const before = await rowCounts(connection);
  const { erasureId } = await onlyRow<{ erasureId: bigint }>(
    connection,
    `SELECT coalesce(max(erasure_id), 0) + 1 AS "erasureId" FROM signalhouse.erasures`,
  );
  await note(connection, erasureId, kind, runId, rejects);
  const erasedIn = (table: Table) => `rowid IN (SELECT row_id FROM ${ERASED} WHERE behavior = ${isBehavior(table)})`;
  await unseal(connection, [
    ...TABLES.map((table) => ({ table, where: erasedIn(table) })),
    { table: "order_items", where: ITEMS },
    { table: "signalhouse.rejects", where: rejects },
  ]);
  await foldSeals(connection);
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${REMOVED_ITEMS} AS SELECT occurred_at FROM order_items WHERE ${ITEMS}`);
  await connection.run(`DELETE FROM order_items WHERE ${ITEMS}`);
  for (const table of TABLES) {
    const which = erasedIn(table);
    await connection.run(keepRemovedSql(table, which));
    await connection.run(`DELETE FROM ${table} WHERE ${which}`);
  }
  await connection.run(`DELETE FROM signalhouse.confirmations WHERE (signal_type, signal_key) IN (SELECT (signal_type, signal_key) FROM ${ERASED})`);
  await connection.run(`DELETE FROM signalhouse.rejects WHERE ${rejects}`);
  await connection.run(`DELETE FROM signalhouse.refset_rows WHERE ${refsetRows}`);
  await keepUp(connection, { what: kind === "forget" ? "erasure" : "retention", removed: TABLES });
  const after = await rowCounts(connection);
  const fewer = [...before].map(([table, count]) => [table, count - (after.get(table) ?? 0)] as const);
  return { erasureId, tables: Object.fromEntries(fewer.filter(([table, count]) => count > 0 && table !== "signalhouse.seals")) };
}

/** Writes down what the ledger's sums lack from here on. */
async function note(connection: DuckDBConnection, erasureId: bigint, kind: string, runId: bigint | null, rejects: string): Promise<void> {
  const counts = [
    ...TABLES.map((table) => `SELECT ${quoteText(table)} AS table_name, load_id FROM ${ERASED} WHERE behavior = ${isBehavior(table)}`),
    `SELECT 'order_items', load_id FROM order_items WHERE ${ITEMS}`,
    // The record of one that was replayed is a row.
    `SELECT 'signalhouse.rejects', load_id FROM signalhouse.rejects WHERE replayed_at IS NULL AND (${rejects})`,
  ];
  await connection.run(
    `INSERT INTO signalhouse.erasures BY NAME
     WITH counted AS (SELECT table_name, load_id, count(*) AS rows FROM (${counts.join(" UNION ALL ")}) GROUP BY ALL)
     SELECT $1::BIGINT AS erasure_id, $2 AS kind, now() AS erased_at, $3::BIGINT AS run_id, c.table_name, c.load_id, coalesce(c.rows, 0) AS rows
     FROM (SELECT 1) LEFT JOIN counted c ON true`,
    [erasureId, kind, runId],
  );
}

/** How many rows each table has. */
async function rowCounts(connection: DuckDBConnection): Promise<Map<string, number>> {
  const tables = await rows<{ schema: string; name: string }>(
    connection,
    "SELECT schema_name AS schema, table_name AS name FROM duckdb_tables() WHERE database_name = current_database() AND NOT temporary ORDER BY ALL",
  );
  const counts = tables.map(
    ({ schema, name }) => `SELECT ${quoteText(schema === "main" ? name : `${schema}.${name}`)} AS name, count(*) AS n FROM ${id(schema)}.${id(name)}`,
  );
  const found = await rows<{ name: string; n: bigint }>(connection, counts.join(" UNION ALL "));
  return new Map(found.map(({ name, n }) => [name, Number(n)]));
}
