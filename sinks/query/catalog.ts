/** What can be asked for: tables, views and columns, with what is said of them. */
import type { DuckDBConnection } from "@duckdb/node-api";

/** A table or view. */
export interface Relation {
  schema: string;
  name: string;
  kind: "table" | "view";
  comment: string | null;
}

interface Column {
  schema: string;
  relation: string;
  name: string;
  type: string;
  comment: string | null;
}

export interface Names {
  /** By schema and name, the schema main first. */
  relations: Relation[];
  /** By relation, in their order. */
  columns: Column[];
  /** SQL's words. */
  words: string[];
}

const HERE = "NOT internal AND database_name = current_database()";

const rowsOf = async <T>(connection: DuckDBConnection, sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJson() as T[];

/** The tables and views that the warehouse has, whatever their schema; what is temporary is left out. */
export const relationsOf = (connection: DuckDBConnection): Promise<Relation[]> =>
  rowsOf(
    connection,
    `FROM (SELECT schema_name AS schema, table_name AS name, 'table' AS kind, comment FROM duckdb_tables() WHERE ${HERE}
     UNION ALL SELECT schema_name, view_name, 'view', comment FROM duckdb_views() WHERE ${HERE}) ORDER BY schema <> 'main', schema, name`,
  );

/** The same with their columns, and SQL's words. */
export async function namesOf(connection: DuckDBConnection): Promise<Names> {
  const words = await rowsOf<{ word: string }>(connection, "SELECT DISTINCT upper(keyword_name) AS word FROM duckdb_keywords() ORDER BY ALL");
  return {
    relations: await relationsOf(connection),
    columns: await rowsOf(
      connection,
      `SELECT schema_name AS schema, table_name AS relation, column_name AS name, data_type AS type, comment FROM duckdb_columns() WHERE ${HERE}
       ORDER BY schema <> 'main', schema, relation, column_index`,
    ),
    words: words.map(({ word }) => word),
  };
}

/** How SQL calls a table or view: with its schema, where that is not main. */
export const nameIn = ({ schema, name }: Pick<Relation, "schema" | "name">): string => (schema === "main" ? name : `${schema}.${name}`);
