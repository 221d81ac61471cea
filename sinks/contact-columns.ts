/** The columns for contact attributes that a warehouse has. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { ContactColumn } from "../schemas/header.ts";
import { rows, tableColumnNames } from "./sql.ts";

/** The contact columns of the warehouse and the headers that they stand for. */
export async function contactColumns(connection: DuckDBConnection): Promise<ContactColumn[]> {
  return rows<{ header: string; occurrence: number; column: string }>(
    connection,
    `SELECT DISTINCT header, occurrence, column_name AS "column" FROM signalhouse.schema_changes WHERE header IS NOT NULL ORDER BY column_name`,
  );
}

/** The names of the contact columns, in the order in which they were added. */
export async function contactColumnNames(connection: DuckDBConnection): Promise<string[]> {
  return (await tableColumnNames(connection, "behavior_signals")).filter((name) => name.startsWith("contact_"));
}
