/** Keeping marts.contact_aliases up, and finding the signals whose contact that changes. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { TABLES } from "../schemas/tables.ts";
import { changedOwners, writeOwners } from "./keep-owners.ts";
import { lacksOwnSql, ownAliases } from "./marts/contact.ts";
import { pairsSql } from "./marts/contact-aliases.ts";
import type { MartContext } from "./marts/mart.ts";
import { made } from "./sql.ts";
import { addedBy, type Change, pickRows, type Rows, type Touched } from "./touched.ts";

const ALIASES = { table: "contact_aliases", key: "alias", changed: "mart_changed_aliases" };

export interface AliasChange {
  /** Whether any alias changes. */
  isAny: boolean;
  /** The rows without a primary key that have one of these, but for those that were added: they are somebody else's now. */
  others: Rows;
}

/**
 * Notes the aliases that mean somebody else now, or nobody. The table of aliases is as before still.
 */
export async function changedAliases(
  connection: DuckDBConnection,
  context: MartContext,
  { added, removed }: Touched,
  change: Change,
): Promise<AliasChange> {
  const others: Rows = {};
  if (context.contactKeys.length < 2) return { isAny: false, others };
  const isLost = Object.keys(removed).length > 0;
  const isAny = await changedOwners(connection, {
    ...ALIASES,
    said: TABLES.flatMap((table) => (added[table] ? [pairsSql(context, table, added[table])] : [])),
    lost: TABLES.flatMap((table) => {
      const rows = removed[table];
      return rows ? ownAliases(context, table, "r").map((alias) => `SELECT ${alias} AS alias FROM ${rows} r`) : [];
    }),
    again: isLost ? TABLES.map((table) => `SELECT * FROM (${pairsSql(context, table, table)}) WHERE alias IN (FROM lost)`) : [],
  });
  for (const table of isAny ? TABLES : []) {
    const has = ownAliases(context, table, "r").map((alias) => `${alias} IN (SELECT alias FROM ${ALIASES.changed})`);
    const name = `mart_other_${table}`;
    const rows = await pickRows(
      connection,
      table,
      context,
      `NOT ${addedBy(change)} AND ${lacksOwnSql(context, table, "r")} AND (${has.join(" OR ")})`,
    );
    if ((await made(connection, name, `FROM ${rows}`)) > 0) others[table] = name;
  }
  return { isAny, others };
}

/** Writes the changed aliases down. */
export const writeAliases = (connection: DuckDBConnection): Promise<void> => writeOwners(connection, ALIASES);
