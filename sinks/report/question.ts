/** What a question of the report is. A new one is a file in questions/, and its section of the page. */
import type { DuckDBConnection, Json } from "@duckdb/node-api";
import { exactJson } from "../query/values.ts";
import { utc } from "../query/zone.ts";
import { FEWEST, type Scope } from "./scope.ts";

/**
 * How a value is written: a share is from 0 to 1, an amount is decimal text of the report's currency, and a part of amounts the same as it comes out of a division, in as many places as the currency has;
 * a number and what is verbatim stand as they are.
 */
export type Kind = "text" | "day" | "time" | "count" | "amount" | "part" | "share" | "number" | "verbatim";

export type Value = string | number | null;

/** A column of the numbers below a chart. */
export interface Column<Row> {
  heading: string;
  kind: Kind;
  value: (row: Row) => Value;
  /** What more is known of, where pages lead on to each other. */
  leadsTo?: (row: Row) => Subject | undefined;
}

/** What has a page of its own, where pages are served. */
export interface Subject {
  page: "campaign" | "message" | "contact";
  id: string;
}

/** The page of something that may have no id. */
export const subjectOf = (page: Subject["page"], id: string | null): Subject | undefined => (id === null ? undefined : { page, id });

export interface Question<Row> {
  /** Its place in the page. */
  id: string;
  /** The question, as people ask it. */
  title: string;
  /** What is counted, and what is divided by what, in a sentence or two. */
  definition: (scope: Scope) => string;
  /** What anybody can ask the marts for the same numbers. */
  sql: (scope: Scope) => string;
  columns: (scope: Scope) => readonly Column<Row>[];
}

/** The rows of SQL, in order. Decimals are text, so that no digit is lost. Memory: all of them, which each question bounds. */
export async function rowsOf<Row>(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  const result = await connection.run(sql);
  const names = result.columnNames();
  const found: Row[] = [];
  for await (const rows of result.yieldConvertedRows<Json>(exactJson(utc)))
    for (const row of rows) found.push(Object.fromEntries(names.map((name, index) => [name, row[index]])) as Row);
  return found;
}

/** A share, where there are enough for it to say something. */
export const share = (part: number, whole: number): number | null => (whole < FEWEST ? null : part / whole);
