/** Making the views in a warehouse, and telling whether they are those of this version. */
import { createHash } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteIdentifier as id } from "../schemas/names.ts";
import { contactColumnNames } from "./contact-columns.ts";
import { rows } from "./sql.ts";
import { VIEWS } from "./views/index.ts";

/**
 * Makes all views anew, over all contact columns that there are, and notes in signalhouse.meta which they are. Within the caller's transaction, when tables and
 * columns are there. A view or table of one of their names that signalhouse has not made is somebody's own, and stays as it is.
 */
export async function makeViews(connection: DuckDBConnection): Promise<void> {
  const views = await ourViews(connection);
  for (const { name, sql } of views) await connection.run(`CREATE OR REPLACE VIEW ${id(name)} AS ${sql}`);
  const made: Made = Object.fromEntries(views.map(({ name, hash }) => [name, hash]));
  // What is made anew has no comments.
  await connection.run("UPDATE signalhouse.meta SET views = $1, comments = NULL", [JSON.stringify(made)]);
}

/** Whether the warehouse has the views that makeViews() would make. */
export const viewsAreCurrent = async (connection: DuckDBConnection): Promise<boolean> =>
  (await ourViews(connection)).every(({ isCurrent }) => isCurrent);

/** The views that signalhouse has made, as signalhouse.meta keeps them: by name, a hash of their SQL. */
type Made = Record<string, string>;

interface OurView {
  name: string;
  /** Its SELECT, as this version has it. */
  sql: string;
  hash: string;
  /** Whether the warehouse has it so. */
  isCurrent: boolean;
}

async function ourViews(connection: DuckDBConnection): Promise<OurView[]> {
  const contactColumns = await contactColumnNames(connection);
  const made = await madeViews(connection);
  const present = await presentNames(connection);
  return VIEWS.flatMap(({ name, sql: select }) => {
    // Before there were notes of them, all were ours.
    if (made && present.has(name) && !Object.hasOwn(made, name)) return [];
    const sql = select(contactColumns);
    const hash = createHash("md5").update(sql).digest("hex");
    return [{ name, sql, hash, isCurrent: present.has(name) && made?.[name] === hash }];
  });
}

/** The views that makeViews() has noted; undefined where an older version made them, and noted none. */
export async function madeViews(connection: DuckDBConnection): Promise<Made | undefined> {
  const [meta] = await rows<{ views: string | null }>(connection, "SELECT views::VARCHAR AS views FROM signalhouse.meta");
  return meta?.views ? (JSON.parse(meta.views) as Made) : undefined;
}

async function presentNames(connection: DuckDBConnection): Promise<ReadonlySet<string>> {
  const found = await rows<{ name: string }>(
    connection,
    `SELECT lower(view_name) AS name FROM duckdb_views() WHERE database_name = current_database() AND schema_name = 'main'
     UNION ALL SELECT lower(table_name) FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'main'`,
  );
  return new Set(found.map(({ name }) => name));
}
