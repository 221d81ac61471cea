/** What a warehouse lacks of the tables that this version of signalhouse knows. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteText } from "../schemas/names.ts";
import { LEDGER_TABLES, type LedgerTable } from "../schemas/ledger-tables.ts";
import { DATA_TABLES } from "./ddl.ts";
import { rows } from "./sql.ts";

/** Tables and columns that the table data has and the warehouse has not. */
export interface MissingParts {
  /** Tables that are missing as a whole, as `signalhouse.runs`. */
  tables: string[];
  /** Columns of tables that are there: a new field in schemas/ becomes a column here, with nulls. */
  columns: { table: string; column: string; type: string }[];
  /** Columns that are there with another type, which is `found`. */
  types: { table: string; column: string; type: string; found: string }[];
}

/** Whether nothing is missing that can be added. */
export const isWhole = ({ tables, columns }: Pick<MissingParts, "tables" | "columns">): boolean => tables.length + columns.length === 0;

/** The columns of each table, with their types as they are added to one that has rows. */
const WANTED: ReadonlyMap<string, readonly { column: string; type: string }[]> = new Map([
  ...Object.entries(DATA_TABLES).map(([table, columns]) => [`main.${table}`, columns.map(({ name, type }) => ({ column: name, type }))] as const),
  ...Object.entries<LedgerTable>(LEDGER_TABLES).map(
    ([table, { columns }]) =>
      [`signalhouse.${table}`, Object.entries(columns).map(([column, [type]]) => ({ column, type: type.replace(" NOT NULL", "") }))] as const,
  ),
]);

/** Compares the warehouse with the table data. Milliseconds. */
export async function missingParts(connection: DuckDBConnection): Promise<MissingParts> {
  const tables = await rows<{ name: string }>(
    connection,
    "SELECT concat_ws('.', schema_name, table_name) AS name FROM duckdb_tables() WHERE database_name = current_database()",
  );
  const there = tables.flatMap(({ name }) => (WANTED.has(name) ? [name] : []));
  // Table by table: duckdb_columns() looks at each column of each view, too, which takes five times as long.
  const names = there.map((table) => `SELECT concat_ws('.', ${quoteText(table)}, name) AS name, type FROM pragma_table_info(${quoteText(table)})`);
  const present = names.length === 0 ? [] : await rows<{ name: string; type: string }>(connection, names.join(" UNION ALL "));
  const types = new Map(present.map(({ name, type }) => [name, type]));
  const wanted = there.flatMap((table) => (WANTED.get(table) ?? []).map((column) => ({ table, ...column })));
  return {
    tables: [...WANTED.keys()].filter((table) => !there.includes(table)),
    columns: wanted.filter(({ table, column }) => !types.has(`${table}.${column}`)),
    types: wanted.flatMap((part) => {
      const found = types.get(`${part.table}.${part.column}`);
      return found === undefined || found === spelled(part.type) ? [] : [{ ...part, found }];
    }),
  };
}

/** A type as DuckDB tells it. */
const spelled = (type: string): string => (type === "TIMESTAMPTZ" ? "TIMESTAMP WITH TIME ZONE" : type);
