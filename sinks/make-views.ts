/** Making the views and marts in a warehouse, and telling whether they are those of this version. */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { DuckDBConnection } from "@duckdb/node-api";
import { SignalhouseError } from "../schemas/errors.ts";
import type { MartWishes } from "../schemas/marts.ts";
import { quoteIdentifier as id } from "../schemas/names.ts";
import { KEPT_MARTS, MARTS } from "./marts/index.ts";
import { madeBy } from "./fill-marts.ts";
import type { KeptMart, MartContext } from "./marts/mart.ts";
import { version } from "./duckdb.ts";
import { keepSettings, keptSettings, martContext, settingsOf, wantedSettings } from "./mart-settings.ts";
import { rows } from "./sql.ts";
import { VIEWS } from "./views/index.ts";

/**
 * Makes all views anew, over all contact columns that there are, and notes in signalhouse.meta which they are. Within the caller's transaction, when tables and
 * columns are there. A view or table of one of their names that signalhouse has not made is somebody's own, and stays as it is.
 * The tables of marts are made anew where they would be others; then they are empty, and whoever called has them filled (keep-marts.ts).
 * @returns whether these are empty, and the keys by which they told contacts apart before; undefined where there were none
 * @throws SignalhouseError warehouse_failed where somebody else's table or view stands in the place of a table of marts, or of a view that others of ours read
 */
export async function makeViews(
  connection: DuckDBConnection,
  wishes: MartWishes = {},
): Promise<{ isEmptied: boolean; keysBefore: readonly string[] | undefined }> {
  const kept = await keptSettings(connection);
  const { views, tables, context } = await ourParts(connection, wishes);
  if (!tables.isCurrent) {
    await connection.run("CREATE SCHEMA IF NOT EXISTS marts");
    for (const mart of KEPT_MARTS) await connection.run(createMartSql(mart, "CREATE OR REPLACE TABLE"));
  }
  for (const { name, sql } of views) await connection.run(`CREATE OR REPLACE VIEW ${quotedName(name)} AS ${sql}`);
  const noted = [...views, tables, ...KEPT_NAMES.map((name) => ({ name, hash: tables.hash }))];
  const made: Made = Object.fromEntries(noted.map(({ name, hash }) => [name, hash]));
  // What is made anew has no comments.
  await connection.run("UPDATE signalhouse.meta SET views = $1, comments = NULL", [JSON.stringify(made)]);
  const isFilled = tables.isCurrent && (kept?.isFilled ?? false);
  await keepSettings(connection, { ...settingsOf(context), isFilled });
  return { isEmptied: !isFilled, keysBefore: kept?.keys };
}

/** Whether the warehouse has the views and marts that makeViews() would make, these are filled, and their settings are those that are wished for. */
export async function viewsAreCurrent(connection: DuckDBConnection, wishes: MartWishes = {}): Promise<boolean> {
  const kept = await keptSettings(connection);
  if (!kept?.isFilled) return false;
  const { views, tables, context } = await ourParts(connection, wishes);
  return isDeepStrictEqual(settingsOf(kept), settingsOf(context)) && [...views, tables].every(({ isCurrent }) => isCurrent);
}

/** What signalhouse has made, as signalhouse.meta keeps it: by name, a hash of its SQL and DuckDB's version; of a table of marts, that of all of them. */
type Made = Record<string, string>;

/** What stands in signalhouse.meta for the tables of marts, all together: one is made of the other. */
const TABLES = "marts";

/** The names of those tables. */
const KEPT_NAMES = KEPT_MARTS.map(({ name }) => `marts.${name}`);

interface OurPart {
  /** With its schema, where that is not main. */
  name: string;
  hash: string;
  /** Whether the warehouse has it so. */
  isCurrent: boolean;
}

interface OurView extends OurPart {
  /** Its SELECT, as this version has it. */
  sql: string;
}

/** All views that there are to be, with their SELECT and its hash, in the order in which they are made. */
export const viewsOf = (context: MartContext): Pick<OurView, "name" | "sql" | "hash">[] =>
  [
    ...VIEWS.map(({ name, sql }) => ({ name, sql: sql(context.contactColumns) })),
    ...MARTS.map(({ name, sql }) => ({ name: `marts.${name}`, sql: sql(context) })),
  ].map(({ name, sql }) => ({ name, sql, hash: hashOf(sql) }));

/** DuckDB keeps what it has parsed, each version in its own way. */
const hashOf = (sql: string): string => md5(`${version()} ${sql}`);

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

/** SQL that makes an empty table of marts. @param how its statement begins */
export const createMartSql = ({ name, columns }: KeptMart, how: "CREATE TABLE" | "CREATE OR REPLACE TABLE"): string =>
  `${how} marts.${id(name)} (${Object.entries(columns)
    .map(([column, { type }]) => `${id(column)} ${type}`)
    .join(", ")})`;

async function ourParts(connection: DuckDBConnection, wishes: MartWishes): Promise<{ views: OurView[]; tables: OurPart; context: MartContext }> {
  const context = await martContext(connection, await wantedSettings(connection, wishes));
  const made = await madeViews(connection);
  const present = await presentNames(connection);
  // Before there were notes of views, all of main were ours; marts came later, with their settings.
  const kept = await keptSettings(connection);
  const isOurs = (name: string) => (made ? Object.hasOwn(made, name) : !name.startsWith("marts.") || kept !== undefined);
  const all = viewsOf(context);
  const views = all.flatMap(({ name, sql, hash }) => {
    if (present.has(name) && !isOurs(name)) return [];
    return [{ name, sql, hash, isCurrent: present.has(name) && made?.[name] === hash }];
  });
  const hash = md5(madeBy(context));
  // To a table that has one more, such as somebody's own, no load could write.
  const hasOurColumns = ({ name, columns }: (typeof KEPT_MARTS)[number]) => present.get(`marts.${name}`) === BigInt(Object.keys(columns).length);
  // A view of somebody else's that ours would read in place of our own would change their sums.
  const isRead = (name: string) => all.some(({ sql }) => new RegExp(`\\b${name}\\b`).test(sql));
  const martViews = MARTS.map(({ name }) => `marts.${name}`);
  const foreign = [...KEPT_NAMES, ...martViews.filter(isRead)].find((name) => present.has(name) && !isOurs(name));
  if (foreign) throw inTheWay(foreign);
  return { views, tables: { name: TABLES, hash, isCurrent: made?.[TABLES] === hash && KEPT_MARTS.every(hasOurColumns) }, context };
}

const inTheWay = (name: string): SignalhouseError =>
  new SignalhouseError(
    "warehouse_failed",
    `the warehouse has ${name} already, and signalhouse has not made it`,
    `Marts are made of what has that name, and nothing was changed. Rename yours with DuckDB (ALTER TABLE ${name} RENAME TO …; a view: ALTER VIEW), or drop it.`,
  );

/** The views that makeViews() has noted; undefined where an older version made them, and noted none. */
export async function madeViews(connection: DuckDBConnection): Promise<Made | undefined> {
  const [meta] = await rows<{ views: string | null }>(connection, "SELECT views::VARCHAR AS views FROM signalhouse.meta");
  return meta?.views ? (JSON.parse(meta.views) as Made) : undefined;
}

/** The names of all tables and views, as SQL has them, with how many columns each has. */
async function presentNames(connection: DuckDBConnection): Promise<ReadonlyMap<string, bigint>> {
  const found = await rows<{ schema: string; name: string; columns: bigint }>(
    connection,
    // What somebody has called "Marts" is what we call marts.
    `SELECT lower(schema_name) AS schema, lower(name) AS name, column_count::BIGINT AS columns
     FROM (SELECT database_name, schema_name, view_name AS name, column_count FROM duckdb_views() UNION ALL SELECT database_name, schema_name, table_name, column_count FROM duckdb_tables())
     WHERE database_name = current_database() AND lower(schema_name) IN ('main', 'marts')`,
  );
  return new Map(found.map(({ schema, name, columns }) => [schema === "main" ? name : `${schema}.${name}`, columns]));
}

/** A name with its schema, as viewsOf() has it, for SQL. */
export const quotedName = (name: string): string => name.split(".").map(id).join(".");
