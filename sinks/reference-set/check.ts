/** Checks every value of a reference set. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Rule, RULES, type Violation } from "../../schemas/reference-set.ts";
import { onlyRow, rows } from "../sql.ts";
import { type Column, faultSql, keySql } from "./cells.ts";

/** What the values break. */
export interface ValueReport {
  rows: number;
  /** All broken rules, also those that are not told. */
  count: number;
  /** The first ones, by row. */
  violations: Violation[];
  /** How many values were written anew, by column. */
  normalized: { column: string; values: number }[];
}

/**
 * Checks all values of the view `cells`.
 * @param most violations that are told
 */
export async function checkValues(connection: DuckDBConnection, columns: readonly Column[], most: number): Promise<ValueReport> {
  const cells = columns.map((column, index) => ({ column, cell: `a${index + 1}`, fault: faultSql(column, `a${index + 1}`) }));
  const rewritten = cells.filter(({ column }) => column.normalize && column.source.kind === "text" && (column.isPhone || column.type === "DATE"));
  const counts = [
    "count(*) AS rows",
    ...cells.map(({ cell, fault }) => `count(${fault}) AS ${cell}`),
    ...rewritten.map(({ column, cell }) => `count_if(${cell} <> ${column.source.column}) AS n${cell}`),
  ];
  // The view's columns and the source's, side by side.
  const from = `(SELECT cells.*, source.* FROM cells JOIN source ON source.rowid = cells.row_no - 1)`;
  const counted = await onlyRow<Record<string, bigint>>(connection, `SELECT ${counts.join(", ")} FROM ${rewritten.length > 0 ? from : "cells"}`);
  const faulty = cells.filter(({ cell }) => (counted[cell] ?? 0n) > 0n);
  const violations: Violation[] = [];
  for (const { column, fault } of faulty) {
    const found = await rows<{ row_no: bigint; value: string | null; rule: Rule }>(
      connection,
      `SELECT row_no, ${column.source.column}::VARCHAR AS value, ${fault} AS rule FROM ${from} WHERE rule IS NOT NULL ORDER BY row_no LIMIT ${most}`,
    );
    violations.push(...found.map(({ row_no, value, rule }) => violation(column, Number(row_no), value ?? "", rule)));
  }
  const doubled = await doubledKeys(connection, columns, most);
  const sum = faulty.reduce((total, { cell }) => total + Number(counted[cell]), 0);
  return {
    rows: Number(counted["rows"]),
    count: sum + doubled.count,
    violations: [...violations, ...doubled.violations].sort((a, b) => (a.row ?? 0) - (b.row ?? 0)).slice(0, most),
    normalized: rewritten
      .map(({ column, cell }) => ({ column: column.name, values: Number(counted[`n${cell}`]) }))
      .filter(({ values }) => values > 0),
  };
}

function violation({ name, isKey, dateFormat }: Column, row: number, value: string, rule: Rule): Violation {
  const shown = value.length > 60 ? `${value.slice(0, 59)}…` : value;
  const what = isKey && rule === "key_empty" ? "has no value" : `is ${JSON.stringify(shown)}`;
  const hint = rule === "date_format" || rule === "date" ? `; the dates of this file are ${dateFormat}` : "";
  return { rule, row, column: name, value, message: `row ${row}: "${name}" ${what}, but ${RULES[rule]}${hint}` };
}

/** Rows whose key an earlier row has. */
async function doubledKeys(connection: DuckDBConnection, columns: readonly Column[], most: number) {
  const index = columns.findIndex(({ isKey }) => isKey);
  const column = columns[index];
  if (!column) return { count: 0, violations: [] };
  const key = keySql(column, `a${index + 1}`);
  // Hashes take little room; only the rows whose hashes meet are looked at.
  const { found } = await onlyRow<{ found: bigint }>(
    connection,
    `SELECT count(*) AS found FROM (SELECT hash(${key}) AS h FROM cells WHERE ${key} IS NOT NULL GROUP BY h HAVING count(*) > 1)`,
  );
  if (found === 0n) return { count: 0, violations: [] };
  const doubled = `SELECT row_no, key, first FROM (
      SELECT row_no, ${key} AS key, min(row_no) OVER (PARTITION BY ${key}) AS first FROM cells
      WHERE hash(${key}) IN (SELECT hash(${key}) AS h FROM cells WHERE ${key} IS NOT NULL GROUP BY h HAVING count(*) > 1)
    ) WHERE row_no > first`;
  const { count } = await onlyRow<{ count: bigint }>(connection, `SELECT count(*) AS count FROM (${doubled})`);
  const told = await rows<{ row_no: bigint; key: string; first: bigint }>(connection, `${doubled} ORDER BY row_no LIMIT ${most}`);
  return {
    count: Number(count),
    violations: told.map(({ row_no, key, first }): Violation => ({
      rule: "key_duplicate",
      row: Number(row_no),
      column: column.name,
      value: key,
      message: `row ${row_no}: the key "${column.name}" is ${JSON.stringify(key)}, as in row ${first} already, but ${RULES.key_duplicate}`,
    })),
  };
}
