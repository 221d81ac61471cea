/** The descriptions of tables, views and columns, as comments in the warehouse: whoever meets it in another tool reads there what is what. */
import { createHash } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteIdentifier as id, quoteText } from "../schemas/names.ts";
import { contactAbout } from "../schemas/tables.ts";
import { contactColumns } from "./contact-columns.ts";
import { DESCRIBED, type Described } from "./described.ts";
import { madeViews } from "./make-views.ts";
import { onlyRow, rows } from "./sql.ts";
import { inTransaction } from "./transaction.ts";

/** A warehouse with fewer signals is a first look at signalhouse, or a test of somebody's: it would not be worth the second that the comments of all views take. */
const COMMENTED_SIGNALS = 1000;

const hashOf = (described: readonly Described[]): string => createHash("md5").update(JSON.stringify(described)).digest("hex");

/**
 * Writes the descriptions into the warehouse, where it does not have those of this version and has signals enough. It takes 0.4 ms for each comment, so some second for all of
 * them, and so is nothing for when a warehouse is opened. The views' comments go when these are made anew: makeViews() notes that.
 * @param described what there is to describe
 */
export async function writeComments(connection: DuckDBConnection, described: readonly Described[] = DESCRIBED): Promise<void> {
  const hash = hashOf(described);
  const { isDue } = await onlyRow<{ isDue: boolean }>(
    connection,
    `SELECT comments IS DISTINCT FROM $1 AND (SELECT coalesce(sum(inserted), 0) FROM signalhouse.loads) >= ${COMMENTED_SIGNALS} AS "isDue" FROM signalhouse.meta`,
    [hash],
  );
  if (!isDue) return;
  const contacts = new Map((await contactColumns(connection)).map((contact) => [contact.column, contactAbout(contact)]));
  const present = await presentComments(connection);
  for (const object of described) {
    const found = present.get(keyOf(object));
    if (!found) continue;
    const { schema, name, kind, about, columns } = object;
    const place = `${id(schema)}.${id(name)}`;
    const statements = [...found.columns].flatMap(([column, comment]) => {
      const text = columns[column] ?? contacts.get(column);
      return text === undefined || text === comment ? [] : [`COMMENT ON COLUMN ${place}.${id(column)} IS ${quoteText(text)}`];
    });
    if (found.comment !== about) statements.push(`COMMENT ON ${kind} ${place} IS ${quoteText(about)}`);
    // Each one copies its table or view, and the copies are kept until the transaction ends: all in one would take gigabytes where there are hundreds of contact columns.
    if (statements.length > 0) await inTransaction(connection, () => connection.run(statements.join(";\n")));
  }
  await connection.run("UPDATE signalhouse.meta SET comments = $1", [hash]);
}

interface Present {
  comment: string | null;
  /** By name. */
  columns: Map<string, string | null>;
}

const keyOf = ({ schema, name, kind }: Pick<Described, "schema" | "name" | "kind">) => `${kind} ${schema}.${name}`;

/** The tables and views of ours that there are, with their comments. */
async function presentComments(connection: DuckDBConnection): Promise<Map<string, Present>> {
  const made = await madeViews(connection);
  const isOurs = ({ schema, name, kind }: Described) =>
    kind === "table" || made === undefined || Object.hasOwn(made, schema === "main" ? name : `${schema}.${name}`);
  const objects = await rows<Described & { comment: string | null }>(
    connection,
    `SELECT schema_name AS schema, table_name AS name, 'table' AS kind, comment FROM duckdb_tables() WHERE database_name = current_database()
     UNION ALL SELECT schema_name, view_name, 'view', comment FROM duckdb_views() WHERE database_name = current_database() AND NOT internal`,
  );
  const present = new Map<string, Present>(objects.filter(isOurs).map((object) => [keyOf(object), { comment: object.comment, columns: new Map() }]));
  const columns = await rows<{ schema: string; name: string; column: string; comment: string | null }>(
    connection,
    `SELECT schema_name AS schema, table_name AS name, column_name AS "column", comment FROM duckdb_columns() WHERE database_name = current_database() AND NOT internal`,
  );
  for (const { schema, name, column, comment } of columns) {
    for (const kind of ["table", "view"] as const) present.get(keyOf({ schema, name, kind }))?.columns.set(column, comment);
  }
  return present;
}
