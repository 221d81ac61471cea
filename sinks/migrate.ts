/** Bringing a warehouse to the schema that this version of signalhouse knows. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { SignalhouseError } from "../schemas/errors.ts";
import { quoteIdentifier as id, quoteText } from "../schemas/names.ts";
import { LEDGER_TABLES, TABLES } from "../schemas/tables.ts";
import { contactColumnNames } from "./contact-columns.ts";
import { createTablesSql, DATA_TABLES } from "./ddl.ts";
import { countItems, forgetLaterCopies } from "./ledger.ts";
import { type ContentKey, fillKeyHashSql, markTests, rekey, renameTypes } from "./rekey.ts";
import { onlyRow, rows } from "./sql.ts";
import { inTransaction } from "./transaction.ts";
import { createViewsSql, VIEWS } from "./views.ts";

/** What a migration needs of its caller. */
export interface MigrationOptions {
  contentKey: ContentKey;
  /** Called before an existing warehouse is changed: that may take a while. @param signals how many it has */
  onBegin?: ((signals: number) => void) | undefined;
}

/** One step from a schema version to the next, for what adding tables and columns cannot do. All tables and columns of today are there. */
export type Migration = (connection: DuckDBConnection, options: MigrationOptions) => Promise<void>;

/** The step at index n leads from version n + 1 to n + 2. Tables, columns and views that are merely new need no step. */
export const MIGRATIONS: readonly Migration[] = [
  // A signal is its type and its key, wherever and whenever it stands; the ledger counts items.
  async (connection, { contentKey }) => {
    await countItems(connection);
    await renameTypes(connection);
    await markTests(connection);
    await rekey(connection, contentKey);
    await forgetLaterCopies(connection);
  },
];

/**
 * Creates what a new warehouse lacks, or migrates an older one, in one transaction. A warehouse that is up to date is not written to.
 * @param writtenBy the version of signalhouse, kept for whoever opens the file later
 * @throws SignalhouseError warehouse_newer where a newer signalhouse wrote it
 */
export async function prepareSchema(
  connection: DuckDBConnection,
  writtenBy: string,
  options: MigrationOptions,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  const target = migrations.length + 1;
  const version = await schemaVersion(connection);
  if (version !== undefined && version > target) {
    throw new SignalhouseError(
      "warehouse_newer",
      `the warehouse has schema version ${version}; this signalhouse knows versions up to ${target}`,
      "Upgrade signalhouse, or use another warehouse.",
    );
  }
  if (version === target && (await missingColumns(connection)).length === 0 && !(await viewsAreMissing(connection))) return;
  const steps = version === undefined ? [] : migrations.slice(version - 1);
  const signals = steps.length > 0 ? await signalCount(connection) : 0;
  if (signals > 0) options.onBegin?.(signals);

  await inTransaction(connection, async () => {
    for (const sql of createTablesSql()) await connection.run(sql);
    const missing = await missingColumns(connection);
    for (const { table, column, type } of missing) await connection.run(`ALTER TABLE ${table} ADD COLUMN ${id(column)} ${type}`);
    for (const table of TABLES) {
      if (missing.some((column) => column.table === `main.${table}` && column.column === "key_hash")) await connection.run(fillKeyHashSql(table));
    }
    for (const step of steps) await step(connection, options);
    for (const sql of createViewsSql(await contactColumnNames(connection))) await connection.run(sql);
    await connection.run("DELETE FROM signalhouse.meta");
    await connection.run("INSERT INTO signalhouse.meta BY NAME SELECT $1::INTEGER AS schema_version, $2 AS written_by, now() AS changed_at", [
      target,
      writtenBy,
    ]);
  });
}

async function signalCount(connection: DuckDBConnection): Promise<number> {
  const { n } = await onlyRow<{ n: bigint }>(
    connection,
    "SELECT (SELECT count(*) FROM marketing_signals) + (SELECT count(*) FROM behavior_signals) AS n",
  );
  return Number(n);
}

/**
 * Makes sure that a warehouse that is only read has all that this version asks of it.
 * @throws SignalhouseError warehouse_older
 */
export async function assertCurrent(connection: DuckDBConnection, path: string): Promise<void> {
  if ((await schemaVersion(connection)) === MIGRATIONS.length + 1 && (await missingColumns(connection, true)).length === 0) return;
  throw new SignalhouseError(
    "warehouse_older",
    `${path} was written by an older signalhouse, and lacks what this one asks of it`,
    "Run `signalhouse sync`, or any other command that writes: it adds what is missing. Nothing is lost.",
  );
}

/** The schema version of a warehouse; undefined where the file is not one yet. */
export async function schemaVersion(connection: DuckDBConnection): Promise<number | undefined> {
  const tables = await rows(connection, "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'signalhouse' AND table_name = 'meta'");
  if (tables.length === 0) return undefined;
  const [meta] = await rows<{ schema_version: number }>(connection, "SELECT schema_version FROM signalhouse.meta");
  return meta?.schema_version;
}

async function viewsAreMissing(connection: DuckDBConnection): Promise<boolean> {
  const found = await rows<{ view_name: string }>(connection, "SELECT view_name FROM duckdb_views() WHERE database_name = current_database()");
  const present = new Set(found.map(({ view_name }) => view_name));
  return VIEWS.some((view) => !present.has(view));
}

interface MissingColumn {
  table: string;
  column: string;
  type: string;
}

/** Columns that the table data has and the warehouse has not: a new field in schemas/ becomes a column here, with nulls. @param onlyOfTables whether to leave out tables that are missing as a whole */
async function missingColumns(connection: DuckDBConnection, onlyOfTables = false): Promise<MissingColumn[]> {
  const wanted = [
    ...Object.entries(DATA_TABLES).flatMap(([table, columns]) => columns.map(({ name, type }) => ({ table: `main.${table}`, column: name, type }))),
    ...Object.entries(LEDGER_TABLES).flatMap(([table, columns]) =>
      Object.entries<string>(columns).map(([column, type]) => ({ table: `signalhouse.${table}`, column, type: type.replace(" NOT NULL", "") })),
    ),
  ];
  const tables = await rows<{ name: string }>(
    connection,
    "SELECT concat_ws('.', schema_name, table_name) AS name FROM duckdb_tables() WHERE database_name = current_database()",
  );
  const ours = new Set(wanted.map(({ table }) => table));
  // Table by table: duckdb_columns() looks at each column of each view, too, which takes five times as long.
  const columns = tables.flatMap(({ name }) =>
    ours.has(name) ? [`SELECT concat_ws('.', ${quoteText(name)}, name) AS name FROM pragma_table_info(${quoteText(name)})`] : [],
  );
  if (columns.length === 0) return onlyOfTables ? [] : wanted;
  const present = new Set((await rows<{ name: string }>(connection, columns.join(" UNION ALL "))).map(({ name }) => name));
  const there = new Set(tables.map(({ name }) => name));
  return wanted.filter(({ table, column }) => !present.has(`${table}.${column}`) && (!onlyOfTables || there.has(table)));
}
