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

/** What the warehouse has, whatever its schema; what is temporary is left out. */
export async function namesOf(connection: DuckDBConnection): Promise<Names> {
  const rows = async <T>(sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJson() as T[];
  const here = "NOT internal AND database_name = current_database()";
  return {
    relations: await rows(
      `FROM (SELECT schema_name AS schema, table_name AS name, 'table' AS kind, comment FROM duckdb_tables() WHERE ${here}
       UNION ALL SELECT schema_name, view_name, 'view', comment FROM duckdb_views() WHERE ${here}) ORDER BY schema <> 'main', schema, name`,
    ),
    columns: await rows(
      `SELECT schema_name AS schema, table_name AS relation, column_name AS name, data_type AS type, comment FROM duckdb_columns() WHERE ${here}
       ORDER BY schema <> 'main', schema, relation, column_index`,
    ),
    words: (await rows<{ word: string }>("SELECT DISTINCT upper(keyword_name) AS word FROM duckdb_keywords() ORDER BY ALL")).map(({ word }) => word),
  };
}

/** How SQL calls a table or view: with its schema, where that is not main. */
export const nameIn = ({ schema, name }: Pick<Relation, "schema" | "name">): string => (schema === "main" ? name : `${schema}.${name}`);
