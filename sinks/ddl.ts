/** SQL that creates the warehouse, out of the table data. */
import { quoteIdentifier as id } from "../schemas/names.ts";
import { LEDGER_TABLES, type LedgerTable } from "../schemas/ledger-tables.ts";
import { ORDER_ITEM_COLUMNS, SIGNAL_TABLES, type TableColumn } from "../schemas/tables.ts";

/** The signal tables and order_items: what is in the schema `main`. */
export const DATA_TABLES: Readonly<Record<string, readonly TableColumn[]>> = { ...SIGNAL_TABLES, order_items: ORDER_ITEM_COLUMNS };

/**
 * Creates what is missing and leaves the rest. No primary key and no index: they do not scale; a load looks its signals up by
 * key_hash.
 */
export function createTablesSql(): string[] {
  const ledger = Object.entries<LedgerTable>(LEDGER_TABLES).map(([table, { columns }]) => {
    const definitions = Object.entries(columns).map(([name, [type]]) => `${id(name)} ${type}`);
    return `CREATE TABLE IF NOT EXISTS signalhouse.${id(table)} (${definitions.join(", ")})`;
  });
  const data = Object.entries(DATA_TABLES).map(([table, columns]) => {
    const definitions = columns.map(({ name, type }) => `${id(name)} ${type}`);
    return `CREATE TABLE IF NOT EXISTS ${id(table)} (${definitions.join(", ")})`;
  });
  return ["CREATE SCHEMA IF NOT EXISTS signalhouse", ...ledger, ...data];
}
