/**
 * Seals: how many rows of each load there are in each table, and a sum of their hashes. They are written in the transaction that writes or takes out the rows, so that whatever was changed by another way does not add up any
 * more. They are no secret: who knows how can seal anew what he has changed.
 */
import { createHash } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import { LEDGER_TABLES } from "../schemas/ledger-tables.ts";
import { quoteIdentifier as id, quoteText } from "../schemas/names.ts";
import { ORDER_ITEM_COLUMNS, SIGNAL_TABLES, TABLES } from "../schemas/tables.ts";
import { onlyRow, tableColumnNames } from "./sql.ts";

interface Sealed {
  /** The columns whose values are sealed; contact columns come on top. */
  columns: readonly string[];
  hasContacts?: true;
  /** Which of its rows are; all where nothing is said. */
  among?: string;
}

const ledgerColumns = (table: keyof typeof LEDGER_TABLES, ...except: readonly string[]) =>
  Object.keys(LEDGER_TABLES[table].columns).filter((name) => !except.includes(name));

const SEALED = {
  marketing_signals: { columns: SIGNAL_TABLES.marketing_signals.map(({ name }) => name), hasContacts: true },
  behavior_signals: { columns: SIGNAL_TABLES.behavior_signals.map(({ name }) => name), hasContacts: true },
  order_items: { columns: ORDER_ITEM_COLUMNS.map(({ name }) => name) },
  // What names somebody who is forgotten is taken out of messages; a file that failed leaves the ledger once it is loaded.
  "signalhouse.loads": { columns: ledgerColumns("loads", "error"), among: "status NOT IN ('failed', 'dismissed')" },
  // A reject is mended by hand, and marked when it is replayed.
  "signalhouse.rejects": { columns: ledgerColumns("rejects", "raw", "raw_bytes", "replayed_at") },
  "signalhouse.drift": { columns: ledgerColumns("drift") },
  "signalhouse.schema_changes": { columns: ledgerColumns("schema_changes") },
} satisfies Record<string, Sealed>;

/** A table whose rows are sealed, by its load_id. */
export type SealedTable = keyof typeof SEALED;

/** What stands before each part of a text of several. */
const MARK = "\u001f";

/**
 * SQL of a hash of a row. That of a contact column which is null is the same as where there is none: so columns may be added. Values are hashed together, not each by itself: two rows that have changed them among
 * each other hash to something else.
 */
async function rowHash(connection: DuckDBConnection, table: SealedTable): Promise<string> {
  const { columns, hasContacts }: Sealed = SEALED[table];
  const contacts = hasContacts ? (await tableColumnNames(connection, table)).filter((name) => name.startsWith("contact_")).sort() : [];
  const texts = contacts.map((name) => `${quoteText(MARK + name + MARK)} || ${id(name)}`);
  return `hash(${[...columns.map(id), ...(hasContacts ? [`concat(${["''", ...texts].join(", ")})`] : [])].join(", ")})`;
}

/** SQL that gives the seals of rows, as they are: load_id, table_name, rows, hashes. Sums are DECIMAL, which Parquet has, too, as it has no HUGEINT. */
async function sealsSql(connection: DuckDBConnection, table: SealedTable, where: string, sign: "" | "-" = ""): Promise<string> {
  const { among = "true" }: Sealed = SEALED[table];
  return `SELECT load_id, ${quoteText(table)} AS table_name, ${sign}count(*) AS rows, ${sign}sum(${await rowHash(connection, table)})::DECIMAL(38,0) AS hashes
    FROM ${table} WHERE ${among} AND (${where}) GROUP BY load_id`;
}

/** Rows of a table. */
export interface SomeRows {
  table: SealedTable;
  /** A condition on them. */
  where: string;
}

async function write(connection: DuckDBConnection, some: readonly SomeRows[], sign: "" | "-"): Promise<void> {
  await connection.run(`INSERT INTO signalhouse.seals BY NAME ${await allSealsSql(connection, some, sign)}`);
}

async function allSealsSql(connection: DuckDBConnection, some: readonly SomeRows[], sign: "" | "-" = ""): Promise<string> {
  const all: string[] = [];
  for (const { table, where } of some) all.push(await sealsSql(connection, table, where, sign));
  return all.join(" UNION ALL ");
}

/** Seals rows that were written. In their transaction. Reads all columns of theirs. */
export const seal = (connection: DuckDBConnection, some: readonly SomeRows[]): Promise<void> => write(connection, some, "");

/** Takes the seals off rows that are about to be taken out or changed. In the transaction in which that happens. */
export const unseal = (connection: DuckDBConnection, some: readonly SomeRows[]): Promise<void> => write(connection, some, "-");

const ALL_ROWS: readonly SomeRows[] = (Object.keys(SEALED) as SealedTable[]).map((table) => ({ table, where: "true" }));

/** What the ledger has of a load. */
export const ledgerRows = (loadId: bigint): SomeRows[] =>
  (Object.keys(SEALED) as SealedTable[]).flatMap((table) => (table.startsWith("signalhouse.") ? [{ table, where: `load_id = ${loadId}` }] : []));

/** The signals that a load has written, and their items. @param among conditions on them, where it had some before */
export const signalRows = (loadId: bigint, among: { signals?: string; items?: string } = {}): SomeRows[] => [
  ...TABLES.map((table) => ({ table, where: `load_id = ${loadId} AND ${among.signals ?? "true"}` })),
  { table: "order_items", where: `load_id = ${loadId} AND ${among.items ?? "true"}` },
];

/** Makes one row of those that a load has for a table: of what was taken out nothing is left in it, no hash either. */
export async function foldSeals(connection: DuckDBConnection): Promise<void> {
  await connection.run(`CREATE OR REPLACE TEMP TABLE folded AS ${SUMS}`);
  await connection.run("DELETE FROM signalhouse.seals");
  await connection.run("INSERT INTO signalhouse.seals BY NAME FROM folded");
  await connection.run("DROP TABLE folded");
}

const SUMS =
  "SELECT load_id, table_name, sum(rows)::BIGINT AS rows, sum(hashes)::DECIMAL(38,0) AS hashes FROM signalhouse.seals GROUP BY ALL HAVING sum(rows) <> 0 OR sum(hashes) <> 0";

/** DuckDB's hash() may be another one in another version of DuckDB. */
const PROBE = "hash('signalhouse', 1::BIGINT, 1::UBIGINT, 1.5::DECIMAL(18,4), TIMESTAMPTZ '2025-09-01 10:00:00Z', ['a', NULL], true, NULL::VARCHAR)";
const COLUMNS_HASH = createHash("md5").update(JSON.stringify(SEALED)).digest("hex");
/** SQL of what seals are made by. */
const MADE_BY = `(${quoteText(`${COLUMNS_HASH} `)} || ${PROBE})`;

/** Whether what is there was sealed as this version, with this version of DuckDB, seals it. */
export async function sealsAreCurrent(connection: DuckDBConnection): Promise<boolean> {
  const { isCurrent } = await onlyRow<{ isCurrent: boolean }>(
    connection,
    `SELECT count(*) = 1 AND bool_and(seals IS NOT DISTINCT FROM ${MADE_BY}) AS "isCurrent" FROM signalhouse.meta`,
  );
  return isCurrent;
}

/** Seals all rows anew after work that changes any of them: what did not add up before does not afterwards. Reads all tables twice. */
export async function resealing<T>(connection: DuckDBConnection, work: () => Promise<T>): Promise<T> {
  await unseal(connection, ALL_ROWS);
  const result = await work();
  await seal(connection, ALL_ROWS);
  await foldSeals(connection);
  return result;
}

/** Seals everything as it is found, whatever it was. Reads all tables once. */
export async function sealAll(connection: DuckDBConnection): Promise<void> {
  await connection.run("DELETE FROM signalhouse.seals");
  await seal(connection, ALL_ROWS);
  await connection.run(`UPDATE signalhouse.meta SET seals = ${MADE_BY}`);
}

/** SQL of one row that compares the seals with all rows that there are: wrong, counted and example, as the rules of verify want it. */
export async function brokenSealsSql(connection: DuckDBConnection): Promise<string> {
  const isWrong = "f.rows IS DISTINCT FROM s.rows OR f.hashes IS DISTINCT FROM s.hashes";
  const what = `CASE WHEN coalesce(f.rows, 0) = coalesce(s.rows, 0) THEN f.rows || ' rows, of which some were changed' ELSE coalesce(f.rows, 0) || ' rows in place of ' || coalesce(s.rows, 0) END`;
  return `SELECT count(*) FILTER (WHERE ${isWrong}) AS wrong, count(*) AS counted,
      min(coalesce(f.table_name, s.table_name) || ' has of load ' || coalesce(f.load_id, s.load_id)::VARCHAR || ' ' || ${what}) FILTER (WHERE ${isWrong}) AS example
    FROM (${await allSealsSql(connection, ALL_ROWS)}) f FULL JOIN (${SUMS}) s ON f.table_name = s.table_name AND f.load_id IS NOT DISTINCT FROM s.load_id`;
}
