/** Adding columns for contact attributes, which come as files bring them. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { EXPORT_COLUMNS } from "../schemas/export-columns.ts";
import type { Header, NewColumn } from "../schemas/header.ts";
import { quoteIdentifier as id, spellingOf } from "../schemas/names.ts";
import { TABLES } from "../schemas/tables.ts";
import { contactColumnNames, contactColumns } from "./contact-columns.ts";
import { makeViews } from "./make-views.ts";
import { type KeysInEffect, keysInEffect } from "./mart-settings.ts";

/** What a load has added. */
export interface AddedColumns {
  columns: readonly NewColumn[];
  /** By which keys contacts are told apart, where that has become clear now: with the first contact columns of the warehouse, or those that are first to say who somebody is. */
  keys?: KeysInEffect;
}

/**
 * Adds a column to both tables for each contact attribute of a header that is seen for the first time, and makes the views anew. Within the load's transaction.
 */
export async function addContactColumns(connection: DuckDBConnection, header: Header, loadId: bigint): Promise<AddedColumns> {
  if (!header.fields.some(({ contact }) => contact)) return { columns: [] };
  const present = new Set(await contactColumnNames(connection));
  const added = header.fields.flatMap((field) => (field.contact && !present.has(field.column) ? [field] : []));
  const newColumns: NewColumn[] = [];
  if (added.length === 0) return { columns: [] };
  const before = await keysInEffect(connection);
  const spellings = await knownSpellings(connection);
  for (const { header: name, column, occurrence } of added) {
    for (const table of TABLES) {
      await connection.run(`ALTER TABLE ${table} ADD COLUMN ${id(column)} VARCHAR`);
      await connection.run(
        `INSERT INTO signalhouse.schema_changes BY NAME SELECT $1::BIGINT AS load_id, $2 AS table_name, $3 AS column_name, 'VARCHAR' AS column_type,
           $4 AS header, $5::INTEGER AS occurrence, now() AS changed_at`,
        [loadId, table, column, name, occurrence],
      );
    }
    const spelling = spellingOf(name);
    const like = spelling === "" ? undefined : spellings.get(spelling);
    newColumns.push({ column, header: name, ...(like ? { like } : {}) });
    if (!like) spellings.set(spelling, { column, header: name });
  }
  await makeViews(connection);
  const keys = await keysInEffect(connection);
  return { columns: newColumns, ...(present.size === 0 || before.keys.length < keys.keys.length ? { keys } : {}) };
}

/** The columns that there are, by how their names are spelled apart from case, blanks, punctuation and accents: the export's own before those of contacts. */
async function knownSpellings(connection: DuckDBConnection): Promise<Map<string, { column: string; header: string }>> {
  const fixed = Object.keys(EXPORT_COLUMNS).map((header) => ({ column: header.toLowerCase(), header }));
  const all = [...fixed, ...(await contactColumns(connection))];
  return new Map(all.toReversed().map(({ column, header }) => [spellingOf(header), { column, header }]));
}
