/** Keeping marts.contact_aliases up, and finding the signals whose contact that changes. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { TABLES } from "../schemas/tables.ts";
import { onlyRow } from "./sql.ts";
import { lacksOwnSql, ownAliases } from "./marts/contact.ts";
import { aliasesSql, pairsSql } from "./marts/contact-aliases.ts";
import type { MartContext } from "./marts/mart.ts";
import { type Rows, type Touched } from "./touched.ts";

/** The aliases that mean somebody else now, or nobody. */
const CHANGED = "mart_changed_aliases";

/**
 * Notes the aliases that change in a temporary table, and finds the rows without a primary key that have one of them: those are somebody else's now.
 * The table of aliases is as before still.
 * @param loadId the load whose rows were added: they are not looked for
 */
export async function changedAliases(
  connection: DuckDBConnection,
  context: MartContext,
  { added, removed }: Touched,
  loadId: bigint | undefined,
): Promise<Rows> {
  if (context.contactKeys.length < 2) return {};
  const said = TABLES.flatMap((table) => (added[table] ? [pairsSql(context, table, added[table])] : []));
  const lost = TABLES.flatMap((table) => {
    const rows = removed[table];
    return rows ? ownAliases(context, table, "r").map((alias) => `SELECT ${alias} AS alias FROM ${rows} r`) : [];
  });
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE mart_lost_aliases AS ${lost.length > 0 ? `SELECT DISTINCT alias FROM (${lost.join(" UNION ALL ")}) WHERE alias IS NOT NULL` : NO_ALIAS}`,
  );
  const known = `SELECT alias, contact_id FROM marts.contact_aliases WHERE alias IN (SELECT alias FROM said) AND alias NOT IN (FROM mart_lost_aliases)`;
  // What a row has said that is there no more, others may say still: all of them are asked.
  const again = TABLES.map((table) => `SELECT * FROM (${pairsSql(context, table, table)}) WHERE alias IN (FROM mart_lost_aliases)`);
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${CHANGED} AS
     WITH said AS MATERIALIZED (${said.length > 0 ? said.join(" UNION ") : `SELECT alias, NULL::VARCHAR AS contact_id FROM (${NO_ALIAS})`}),
       now AS (${aliasesSql(["FROM said", known, ...(lost.length > 0 ? again : [])].join(" UNION ALL "))})
     SELECT coalesce(n.alias, o.alias) AS alias, n.contact_id, n.is_shared
     FROM now n FULL JOIN (FROM marts.contact_aliases WHERE alias IN (SELECT alias FROM said) OR alias IN (FROM mart_lost_aliases)) o ON o.alias = n.alias
     WHERE n.alias IS NULL OR o.alias IS NULL OR o.contact_id IS DISTINCT FROM n.contact_id`,
  );
  const { n } = await onlyRow<{ n: bigint }>(connection, `SELECT count(*) AS n FROM ${CHANGED}`);
  const result: Rows = {};
  for (const table of n > 0n ? TABLES : []) {
    const has = ownAliases(context, table, "r").map((alias) => `${alias} IN (SELECT alias FROM ${CHANGED})`);
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE mart_other_${table} AS SELECT r.* FROM ${table} r WHERE ${loadId === undefined ? "true" : `r.load_id <> ${loadId}`} AND ${lacksOwnSql(context, table, "r")} AND (${has.join(" OR ")})`,
    );
    const { any } = await onlyRow<{ any: boolean }>(connection, `SELECT EXISTS (FROM mart_other_${table}) AS any`);
    if (any) result[table] = `mart_other_${table}`;
  }
  return result;
}

const NO_ALIAS = "SELECT NULL::VARCHAR AS alias LIMIT 0";

/** Writes the changed aliases down. */
export async function writeAliases(connection: DuckDBConnection, { contactKeys }: MartContext): Promise<void> {
  if (contactKeys.length < 2) return;
  await connection.run(`DELETE FROM marts.contact_aliases WHERE alias IN (SELECT alias FROM ${CHANGED})`);
  await connection.run(`INSERT INTO marts.contact_aliases SELECT alias, contact_id, is_shared FROM ${CHANGED} WHERE is_shared IS NOT NULL`);
}
