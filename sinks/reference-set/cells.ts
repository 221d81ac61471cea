/** SQL for the cells of a reference set's file: how a value is written, and what is wrong with it. */
import { UNSEEN } from "../../schemas/characters.ts";
import { quoteText } from "../../schemas/names.ts";
import { type AttributeType, DATE_FORMATS, type DateFormat, NUMBER_LOOKS, PHONE_LOOKS, WITH_TIME } from "../../schemas/reference-set.ts";
import { isDate, SLASHED } from "./looks.ts";
import type { SourceKind, SourceColumn } from "./source.ts";

/** A column of the file, with all that its cells depend on. */
export interface Column {
  source: SourceColumn;
  name: string;
  type: AttributeType;
  isKey: boolean;
  isPhone: boolean;
  /** How dates of the file are written. */
  dateFormat: DateFormat;
  normalize: boolean;
  /** How many decimals its numbers may have. */
  decimals?: number | undefined;
  /** Which number comes first in slashed dates that are normalized. */
  slashed: "dayFirst" | "monthFirst";
}

/** Which kinds can become which type. */
export const FITS: Record<AttributeType, readonly SourceKind[]> = {
  TEXT: ["text", "number", "float", "boolean", "date", "timestamp"],
  NUMBER: ["text", "number", "float"],
  BOOLEAN: ["text", "boolean"],
  DATE: ["text", "date", "timestamp"],
};

/** Whether the column `phoneColumn` has what its numbers were read as. */
export const isReadAsPhone = ({ isPhone, normalize }: Column): boolean => isPhone && normalize;
/** Beside a column of the source: `number` in E.164, null where it cannot be read, and a `remark`, which is the reason then, else a doubt. */
export const phoneColumn = ({ column }: SourceColumn): string => `phone_${column}`;

/** The cell as it stands in the file, before quoting; null where it is empty. */
export function cellSql(column: Column): string {
  const { source, type, normalize } = column;
  const value = source.column;
  if (isReadAsPhone(column)) return `coalesce(${phoneColumn(source)}.number, nullif(${value}::VARCHAR, ''))`;
  if (source.kind === "boolean") return `CASE ${value} WHEN true THEN 'TRUE' WHEN false THEN 'FALSE' END`;
  if (source.kind === "number") return `${value}::VARCHAR`;
  if (source.kind === "float") return plainNumber(`${value}::VARCHAR`);
  if (source.kind === "date" || source.kind === "timestamp") return written(value, formatOf(column));
  const text = `nullif(${value}::VARCHAR, '')`;
  // What cannot be understood stays as it is, and is a violation.
  if (normalize && type === "DATE") return `coalesce(${written(anyDate(text, column.slashed), column.dateFormat)}, ${text})`;
  return text;
}

/** DATE columns are in the file's format; a date that becomes text keeps all it has. */
function formatOf({ type, dateFormat, source }: Column): DateFormat {
  if (type === "DATE") return dateFormat;
  return source.kind === "date" ? "YYYY-MM-DD" : WITH_TIME;
}

const written = (value: string, format: DateFormat) => `strftime(${value}, '${DATE_FORMATS[format].duckdb}')`;

/** A broken rule of one cell, or null. `cell` is its SQL. */
export function faultSql(column: Column, cell: string): string {
  const rules: string[] = [];
  const { kind } = column.source;
  if (isReadAsPhone(column)) rules.push(`WHEN ${phoneColumn(column.source)}.number IS NULL THEN 'phone'`);
  if (column.type === "TEXT" && kind === "text") rules.push(`WHEN contains(${cell}, chr(0)) THEN 'characters'`);
  if (column.isKey) rules.push(`WHEN regexp_full_match(${cell}, ${quoteText(`${UNSEEN}+`)}) THEN 'key_empty'`);
  if (column.isPhone) rules.push(`WHEN NOT regexp_full_match(${cell}, '${PHONE_LOOKS}') THEN 'phone'`);
  if (column.type === "NUMBER" && kind !== "number") rules.push(`WHEN NOT regexp_full_match(${cell}, '${NUMBER_LOOKS}') THEN 'number'`);
  if (column.decimals !== undefined) rules.push(`WHEN length(rtrim(split_part(${cell}, '.', 2), '0')) > ${column.decimals} THEN 'decimals'`);
  if (column.type === "BOOLEAN" && kind === "text") rules.push(`WHEN ${cell} NOT IN ('TRUE', 'FALSE') THEN 'boolean'`);
  if (column.type === "DATE") {
    // In one of the other formats it is a date, but not one of this file.
    const others = Object.keys(DATE_FORMATS).filter((format) => format !== column.dateFormat) as DateFormat[];
    const isOther = others.map((format) => isDate(cell, format)).join(" OR ");
    rules.push(`WHEN NOT ${isDate(cell, column.dateFormat)} THEN CASE WHEN ${isOther} THEN 'date_format' ELSE 'date' END`);
  }
  if (rules.length === 0 && !column.isKey) return "NULL::VARCHAR";
  return `CASE WHEN ${cell} IS NULL THEN ${column.isKey ? "'key_empty'" : "NULL"} ${rules.join(" ")} END`;
}

/** Keys that a number's spelling only tells apart are the same. */
export function keySql({ type }: Column, cell: string): string {
  return type === "NUMBER" ? `regexp_replace(regexp_replace(${cell}, '(\\.\\d*?)0+$', '\\1'), '\\.$', '')` : cell;
}

/** DuckDB writes large and small numbers with an exponent: "1.5e-07" is "0.00000015". */
function plainNumber(text: string): string {
  const sign = `CASE WHEN starts_with(${text}, '-') THEN '-' ELSE '' END`;
  const mantissa = `split_part(ltrim(${text}, '-'), 'e', 1)`;
  const digits = `replace(${mantissa}, '.', '')`;
  const fraction = `length(split_part(${mantissa}, '.', 2))`;
  const exponent = `split_part(${text}, 'e', 2)::INTEGER`;
  const small = `'0.' || repeat('0', -(${exponent}) - 1) || ${digits}`;
  const large = `${digits} || repeat('0', ${exponent} - ${fraction})`;
  // "3.0" is written as it is; so are nan and inf, which are violations. DuckDB gives no positive exponent below the number of digits.
  const plain = `${sign} || CASE WHEN ${exponent} < 0 THEN ${small} WHEN ${exponent} >= ${fraction} THEN ${large} ELSE ${text} END`;
  return `CASE WHEN regexp_full_match(${text}, '-?[0-9.]+e[+-]?[0-9]+') THEN ${plain} ELSE ${text} END`;
}

/** A date in any of the six formats, also without its zeros, or an ISO 8601 time with its zone; else null. */
function anyDate(text: string, slashed: "dayFirst" | "monthFirst"): string {
  const iso = String.raw`\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)? ?(Z|[+-]\d\d(:?\d\d)?)?`;
  const cases = [
    [iso, `TRY_CAST(replace(${text}, 'Z', '+00') AS TIMESTAMPTZ) AT TIME ZONE 'UTC'`],
    [String.raw`\d{4}-\d{1,2}-\d{1,2}`, `try_strptime(${text}, '%Y-%m-%d')`],
    [String.raw`\d{4}/\d{1,2}/\d{1,2}`, `try_strptime(${text}, '%Y/%m/%d')`],
    [String.raw`\d{1,2}\.\d{1,2}\.\d{4}`, `try_strptime(${text}, '%d.%m.%Y')`],
    [SLASHED, `try_strptime(${text}, '${slashed === "dayFirst" ? "%d/%m/%Y" : "%m/%d/%Y"}')`],
  ];
  return `CASE ${cases.map(([looks, read]) => `WHEN regexp_full_match(${text}, '${looks}') THEN ${read}`).join(" ")} END`;
}
