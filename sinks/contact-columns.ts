/** Columns for contact attributes, which come as files bring them. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Header } from "../schemas/header.ts";
import { quoteIdentifier as id } from "../schemas/names.ts";
import { SIGNAL_TABLES } from "../schemas/tables.ts";
import { contactColumnNames } from "./ledger.ts";
import { createViewsSql } from "./views.ts";

/** Adds a column to both tables for each contact attribute that is seen for the first time, and makes the views anew. */
export async function addContactColumns(connection: DuckDBConnection, header: Header, loadId: bigint): Promise<void> {
  const present = new Set(await contactColumnNames(connection));
  const occurrences = new Map<string, number>();
  let changed = false;
  for (const { header: name, column, contact } of header.fields) {
    const occurrence = (occurrences.get(name) ?? 0) + 1;
    occurrences.set(name, occurrence);
    if (!contact || present.has(column)) continue;
    changed = true;
    for (const table of Object.keys(SIGNAL_TABLES)) {
      await connection.run(`ALTER TABLE ${table} ADD COLUMN ${id(column)} VARCHAR`);
      await connection.run(
        `INSERT INTO signalhouse.schema_changes BY NAME SELECT $1::BIGINT AS load_id, $2 AS table_name, $3 AS column_name, 'VARCHAR' AS column_type,
           $4 AS header, $5::INTEGER AS occurrence, now() AS changed_at`,
        [loadId, table, column, name, occurrence],
      );
    }
  }
  if (!changed) return;
  for (const sql of createViewsSql(await contactColumnNames(connection))) await connection.run(sql);
}
