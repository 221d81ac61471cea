/** Keeping the tables up that say whose something is: an alias, a session. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { ownersSql } from "./marts/owners.ts";
import { made } from "./sql.ts";

/** A table of marts with rows of such, and what of it is to be told anew. */
export interface Owned {
  /** The table, without its schema. */
  table: string;
  /** Its column that says what is owned. */
  key: string;
  /** The temporary table that gets what has changed, each with its contact until now as contact_before. */
  changed: string;
  /** SQL that gives key and contact_id as added signals say. */
  said: readonly string[];
  /** SQL that gives the keys of signals that say it no more. */
  lost: readonly string[];
  /** SQL that gives key and contact_id of all signals that have a key of lost, a table with that one column: they may say still what others say no more. */
  again: readonly string[];
}

/** Notes which owners change; the table is as before still. @returns whether any does */
export async function changedOwners(connection: DuckDBConnection, { table, key, changed, said, lost, again }: Owned): Promise<boolean> {
  const now = [
    "FROM said",
    ...again,
    `SELECT ${key}, contact_id FROM before WHERE ${key} IN (SELECT ${key} FROM said) AND ${key} NOT IN (FROM lost)`,
  ];
  const none = `SELECT NULL::VARCHAR AS ${key}, NULL::VARCHAR AS contact_id LIMIT 0`;
  const count = await made(
    connection,
    changed,
    `WITH said AS MATERIALIZED (${said.length > 0 ? said.join(" UNION ") : none}),
       lost AS MATERIALIZED (SELECT DISTINCT ${key} FROM (${lost.length > 0 ? lost.join(" UNION ALL ") : none}) WHERE ${key} IS NOT NULL),
       before AS MATERIALIZED (FROM marts.${table} WHERE ${key} IN (SELECT ${key} FROM said UNION ALL FROM lost)),
       now AS (${ownersSql(key, now.join(" UNION ALL "))})
     SELECT coalesce(n.${key}, b.${key}) AS ${key}, n.contact_id, n.is_shared, b.contact_id AS contact_before FROM now n FULL JOIN before b ON b.${key} = n.${key}
     WHERE n.${key} IS NULL OR b.${key} IS NULL OR b.contact_id IS DISTINCT FROM n.contact_id`,
  );
  return count > 0;
}

/** Writes the changed owners down. */
export async function writeOwners(connection: DuckDBConnection, { table, key, changed }: Pick<Owned, "table" | "key" | "changed">): Promise<void> {
  await connection.run(`DELETE FROM marts.${table} WHERE ${key} IN (SELECT ${key} FROM ${changed})`);
  await connection.run(`INSERT INTO marts.${table} SELECT ${key}, contact_id, is_shared FROM ${changed} WHERE is_shared IS NOT NULL`);
}
