/** Keeping marts.contact_aliases up, and finding the signals whose contact that changes. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { TABLES } from "../schemas/tables.ts";
import { lacksOwnSql, ownAliases } from "./marts/contact.ts";
import { aliasesSql, pairsSql } from "./marts/contact-aliases.ts";
import type { MartContext } from "./marts/mart.ts";
import { made } from "./sql.ts";
import { addedBy, type Change, readRows, type Rows, type Touched } from "./touched.ts";

/** The aliases that mean somebody else now, or nobody. */
const CHANGED = "mart_changed_aliases";

export interface AliasChange {
  /** Whether any alias changes. */
  isAny: boolean;
  /** The rows without a primary key that have one of these, but for those that were added: they are somebody else's now. */
  others: Rows;
}

/**
 * Notes the aliases that change in a temporary table. The table of aliases is as before still.
 */
export async function changedAliases(
  connection: DuckDBConnection,
  context: MartContext,
  { added, removed }: Touched,
  change: Change,
): Promise<AliasChange> {
  const others: Rows = {};
  if (context.contactKeys.length < 2) return { isAny: false, others };
  const said = TABLES.flatMap((table) => (added[table] ? [pairsSql(context, table, added[table])] : []));
  const gone = TABLES.flatMap((table) => {
    const rows = removed[table];
    return rows ? ownAliases(context, table, "r").map((alias) => `SELECT ${alias} AS alias FROM ${rows} r`) : [];
  });
  const none = "SELECT NULL::VARCHAR AS alias, NULL::VARCHAR AS contact_id LIMIT 0";
  const parts = [`said AS MATERIALIZED (${said.length > 0 ? said.join(" UNION ") : none})`];
  const now = ["FROM said"];
  let touched = "alias IN (SELECT alias FROM said)";
  let known = touched;
  if (gone.length > 0) {
    // What a row has said that is there no more, others may say still: all of them are asked.
    parts.push(`lost AS MATERIALIZED (SELECT DISTINCT alias FROM (${gone.join(" UNION ALL ")}) WHERE alias IS NOT NULL)`);
    now.push(...TABLES.map((table) => `SELECT * FROM (${pairsSql(context, table, table)}) WHERE alias IN (FROM lost)`));
    known = `${touched} AND alias NOT IN (FROM lost)`;
    touched = `(${touched} OR alias IN (FROM lost))`;
  }
  now.push(`SELECT alias, contact_id FROM marts.contact_aliases WHERE ${known}`);
  const count = await made(
    connection,
    CHANGED,
    `WITH ${parts.join(", ")}, now AS (${aliasesSql(now.join(" UNION ALL "))})
     SELECT coalesce(n.alias, o.alias) AS alias, n.contact_id, n.is_shared FROM now n FULL JOIN (FROM marts.contact_aliases WHERE ${touched}) o ON o.alias = n.alias
     WHERE n.alias IS NULL OR o.alias IS NULL OR o.contact_id IS DISTINCT FROM n.contact_id`,
  );
  for (const table of count > 0 ? TABLES : []) {
    const has = ownAliases(context, table, "r").map((alias) => `${alias} IN (SELECT alias FROM ${CHANGED})`);
    const name = `mart_other_${table}`;
    const rows = readRows(table, context, `NOT ${addedBy(change)} AND ${lacksOwnSql(context, table, "r")} AND (${has.join(" OR ")})`);
    if ((await made(connection, name, `FROM ${rows}`)) > 0) others[table] = name;
  }
  return { isAny: count > 0, others };
}

/** Writes the changed aliases down. */
export async function writeAliases(connection: DuckDBConnection): Promise<void> {
  await connection.run(`DELETE FROM marts.contact_aliases WHERE alias IN (SELECT alias FROM ${CHANGED})`);
  await connection.run(`INSERT INTO marts.contact_aliases SELECT alias, contact_id, is_shared FROM ${CHANGED} WHERE is_shared IS NOT NULL`);
}
