/** Proving what is made of the signals, marts and views: it is made once more, beside the warehouse, and compared. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { LEDGER_TABLES } from "../schemas/ledger-tables.ts";
import { quoteIdentifier as id, quoteText } from "../schemas/names.ts";
import { DATA_TABLES } from "./ddl.ts";
import { fillMarts } from "./fill-marts.ts";
import { createMartSql, madeViews, quotedName, viewsOf } from "./make-views.ts";
import { keptSettings, martContext } from "./mart-settings.ts";
import { KEPT_MARTS } from "./marts/index.ts";
import type { KeptMart, MartContext } from "./marts/mart.ts";
import { onlyRow, rows } from "./sql.ts";
import type { Check } from "./verify-tables.ts";

const MARTS_HOLD = "every table of marts is what filling it anew makes of the signals";
const VIEWS_HOLD = "every view is as this version makes it";

const REMEDY = "`signalhouse verify --mend` makes marts and views anew";

/** What they are made in: a database in memory, with views of the warehouse's tables. */
const PROOF = "signalhouse_proof";

/**
 * Checks the tables of marts and all views. Of the warehouse nothing is changed, which may be open to read only. Memory: DuckDB's limit; what is more goes to its temporary folder.
 */
export async function verifyMarts(connection: DuckDBConnection): Promise<Check[]> {
  const settings = await keptSettings(connection);
  if (!settings) return [{ name: MARTS_HOLD, ok: false, detail: `signalhouse.meta does not say how they are made. ${REMEDY}` }];
  const context = await martContext(connection, settings);
  const made = await madeViews(connection);
  const { warehouse } = await onlyRow<{ warehouse: string }>(connection, "SELECT current_database() AS warehouse");
  await connection.run(`ATTACH ':memory:' AS ${PROOF} (READ_WRITE)`);
  try {
    await connection.run(`USE ${PROOF}`);
    return [await compareMarts(connection, context, warehouse), await compareViews(connection, context, made, warehouse)];
  } finally {
    await connection.run(`USE ${id(warehouse)}`);
    await connection.run(`DETACH ${PROOF}`);
  }
}

async function compareMarts(connection: DuckDBConnection, context: MartContext, warehouse: string): Promise<Check> {
  await connection.run("CREATE SCHEMA marts; CREATE SCHEMA signalhouse");
  for (const table of [...Object.keys(DATA_TABLES).map((name) => `main.${name}`), ...Object.keys(LEDGER_TABLES).map((name) => `signalhouse.${name}`)])
    await connection.run(`CREATE VIEW ${table} AS FROM ${id(warehouse)}.${table}`);
  for (const mart of KEPT_MARTS) await connection.run(createMartSql(mart, "CREATE TABLE"));
  await fillMarts(connection, context);
  const wrong: string[] = [];
  for (const mart of KEPT_MARTS) {
    const found = await differenceOf(connection, mart, warehouse);
    if (found !== undefined) wrong.push(found);
  }
  return { name: MARTS_HOLD, ok: wrong.length === 0, detail: wrong.length === 0 ? `${KEPT_MARTS.length} checked` : `${wrong.join("; ")}. ${REMEDY}` };
}

/** What is wrong with a table of marts; undefined where nothing is. */
async function differenceOf(connection: DuckDBConnection, { name, columns }: KeptMart, warehouse: string): Promise<string | undefined> {
  const place = `${id(warehouse)}.marts.${id(name)}`;
  const present = await rows<{ column: string }>(
    connection,
    `SELECT column_name AS "column" FROM duckdb_columns() WHERE database_name = ${quoteText(warehouse)} AND schema_name = 'marts' AND table_name = ${quoteText(name)} ORDER BY column_index`,
  );
  if (present.length === 0) return `marts.${name} is missing`;
  const names = Object.keys(columns);
  if (present.map(({ column }) => column).join() !== names.join()) return `marts.${name} has other columns`;
  const sums = (from: string) => `(SELECT count(*) AS rows, sum(hash(${names.map(id).join(", ")})) AS hashes FROM ${from})`;
  const {
    rows: there,
    made,
    isSame,
  } = await onlyRow<{ rows: bigint; made: bigint; isSame: boolean }>(
    connection,
    `SELECT w.rows AS rows, m.rows AS made, w.rows = m.rows AND w.hashes IS NOT DISTINCT FROM m.hashes AS "isSame" FROM ${sums(place)} w, ${sums(`marts.${id(name)}`)} m`,
  );
  if (isSame) return undefined;
  return there === made ? `of the ${there} rows of marts.${name} some were changed` : `marts.${name} has ${there} rows in place of ${made}`;
}

async function compareViews(
  connection: DuckDBConnection,
  context: MartContext,
  made: Awaited<ReturnType<typeof madeViews>>,
  warehouse: string,
): Promise<Check> {
  // One that signalhouse has not made is somebody's own, and one of another version DuckDB may tell in another way.
  const all = viewsOf(context);
  const ours = all.filter(({ name, hash }) => made?.[name] === hash);
  const found = await viewTexts(connection, warehouse);
  // One may read another.
  for (const { name, sql } of all) await connection.run(`CREATE VIEW ${quotedName(name)} AS ${sql}`);
  const expected = await viewTexts(connection, PROOF);
  const missing = ours.filter(({ name }) => !found.has(name)).map(({ name }) => `${name} is missing`);
  const other = ours.filter(({ name }) => found.has(name) && found.get(name) !== expected.get(name)).map(({ name }) => `${name} is another one`);
  const wrong = [...missing, ...other];
  return { name: VIEWS_HOLD, ok: wrong.length === 0, detail: wrong.length === 0 ? `${ours.length} checked` : `${wrong.join("; ")}. ${REMEDY}` };
}

/** A view's SQL as DuckDB tells it, without what it tells otherwise once the file was closed: brackets, quotes, blanks and MATERIALIZED. */
const bare = (sql: string): string => sql.replaceAll(/[()\s"]|\bMATERIALIZED\b/g, "");

/** The views of a database, by their names, with the SQL that they are. */
async function viewTexts(connection: DuckDBConnection, database: string): Promise<ReadonlyMap<string, string>> {
  const found = await rows<{ schema: string; name: string; sql: string }>(
    connection,
    `SELECT schema_name AS schema, view_name AS name, sql FROM duckdb_views() WHERE database_name = ${quoteText(database)} AND NOT internal`,
  );
  return new Map(found.map(({ schema, name, sql }) => [schema === "main" ? name : `${schema}.${name}`, bare(sql)]));
}
