/** Checks every value of a reference set. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { shown } from "../../schemas/characters.ts";
import { type Rule, RULES, type Violation } from "../../schemas/reference-set.ts";
import { bare, guarded, onlyRow, rows } from "../sql.ts";
import { type Column, faultSql, isReadAsPhone, phoneColumn } from "./cells.ts";
import { compareKeys } from "./keys.ts";

/** What the values break. */
export interface ValueReport {
  rows: number;
  /** All broken rules, also those that are not told. */
  count: number;
  /** The first ones, by row. */
  violations: Violation[];
  /** How many values were written anew, by column. */
  normalized: { column: string; values: number }[];
  /** What is worth knowing of the keys. */
  warnings: string[];
}

/**
 * Checks all values of the view `cells`.
 * @param most violations that are told
 */
export async function checkValues(connection: DuckDBConnection, columns: readonly Column[], most: number): Promise<ValueReport> {
  const cells = columns.map((column, index) => ({ column, cell: `a${index + 1}`, fault: faultSql(column, `a${index + 1}`) }));
  const isRewritten = (column: Column) => isReadAsPhone(column) || (column.normalize && column.source.kind === "text" && column.type === "DATE");
  const rewritten = cells.filter(({ column }) => isRewritten(column));
  const counts = [
    "count(*) AS rows",
    ...cells.map(({ cell, fault }) => `count(${fault}) AS ${cell}`),
    ...rewritten.map(({ column, cell }) => `count_if(${cell} <> ${column.source.column}::VARCHAR) AS n${cell}`),
  ];
  const counted = await onlyRow<Record<string, bigint>>(connection, `SELECT ${counts.join(", ")} FROM cells`);
  const faulty = cells.filter(({ cell }) => (counted[cell] ?? 0n) > 0n);
  const violations: Violation[] = [];
  for (const { column, fault } of faulty) {
    const remark = isReadAsPhone(column) ? `${phoneColumn(column.source)}.remark` : "NULL";
    const found = await rows<Fault>(
      connection,
      `SELECT row_no, ${guarded(`${column.source.column}::VARCHAR`)} AS value, ${fault} AS rule, ${remark} AS remark FROM cells
       WHERE rule IS NOT NULL ORDER BY row_no LIMIT ${most}`,
    );
    violations.push(...found.map((found) => violation(column, found)));
  }
  const keys = await compareKeys(connection, columns, most);
  const sum = faulty.reduce((total, { cell }) => total + Number(counted[cell]), 0);
  return {
    rows: Number(counted["rows"]),
    count: sum + keys.count,
    violations: [...violations, ...keys.violations].sort(byRow).slice(0, most),
    normalized: rewritten
      .map(({ column, cell }) => ({ column: column.name, values: Number(counted[`n${cell}`]) }))
      .filter(({ values }) => values > 0),
    warnings: keys.warnings,
  };
}

/** What concerns no row by itself comes first. */
export const byRow = (a: Violation, b: Violation): number => (a.row ?? 0) - (b.row ?? 0);

interface Fault {
  row_no: bigint;
  /** Guarded. */
  value: string | null;
  rule: Rule;
  /** Why a phone number cannot be read. */
  remark: string | null;
}

function violation({ name, dateFormat, decimals }: Column, { row_no, value, rule, remark }: Fault): Violation {
  const text = bare(value ?? "");
  const what = text === "" ? "has no value" : `is ${shown(text.length > 60 ? `${text.slice(0, 59)}…` : text)}`;
  const hints: Partial<Record<Rule, string>> = {
    date: `; the dates of this file are ${dateFormat}`,
    date_format: `; the dates of this file are ${dateFormat}`,
    decimals: `; "${name}" is to have ${decimals}`,
  };
  const rest = remark === null ? `but ${RULES[rule]}${hints[rule] ?? ""}` : `which cannot be read as a phone number: ${remark}`;
  return { rule, row: Number(row_no), column: name, value: text, message: `row ${row_no}: "${name}" ${what}, ${rest}` };
}
