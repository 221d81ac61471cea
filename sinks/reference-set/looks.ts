/** What the values of text columns look like: every value is looked at. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type AttributeType, DATE_FORMAT_NAMES, DATE_FORMATS, type DateFormat, NUMBER_LOOKS } from "../../schemas/reference-set.ts";
import { onlyRow } from "../sql.ts";

/** What all values of a column look like, and how often. Empty values look like nothing. */
export interface Looks {
  values: number;
  allNumbers: boolean;
  allBooleans: boolean;
  /** The formats in which all values are dates; all six where there are no values. */
  dates: DateFormat[];
  /** How slashed dates of any width may be read, where they are to be normalized. */
  slashed: { dayFirst: boolean; monthFirst: boolean };
  hasSlashed: boolean;
  hasTimes: boolean;
}

/** Whether a text is a date of this format: written with all its zeros, and a day that exists. */
export const isDate = (value: string, format: DateFormat): string => {
  const { looks, duckdb } = DATE_FORMATS[format];
  return `(regexp_full_match(${value}, '${looks}') AND try_strptime(${value}, '${duckdb}') IS NOT NULL)`;
};

/** A slashed date of any width with the year at its end. */
export const SLASHED = String.raw`\d{1,2}/\d{1,2}/\d{4}`;
const notSlashedOr = (value: string, format: string) =>
  `(NOT regexp_full_match(${value}, '${SLASHED}') OR try_strptime(${value}, '${format}') IS NOT NULL)`;

const TESTS: Record<string, (value: string) => string> = {
  number: (value) => `regexp_full_match(${value}, '${NUMBER_LOOKS}')`,
  boolean: (value) => `${value} IN ('TRUE', 'FALSE')`,
  dayFirst: (value) => notSlashedOr(value, "%d/%m/%Y"),
  monthFirst: (value) => notSlashedOr(value, "%m/%d/%Y"),
  noSlashed: (value) => `NOT regexp_full_match(${value}, '${SLASHED}')`,
  noTimes: (value) => `NOT contains(${value}, ':')`,
  ...Object.fromEntries(DATE_FORMAT_NAMES.map((format) => [format, (value: string) => isDate(value, format)])),
};

/** Most columns are out of most questions after so many rows. */
const FIRST_ROWS = 10_000;

/** Looks at all values of some columns of the staged source. */
export async function looksOf(connection: DuckDBConnection, columns: readonly string[]): Promise<Map<string, Looks>> {
  if (columns.length === 0) return new Map();
  const every = columns.map((column) => [column, Object.keys(TESTS)] as const);
  const atFirst = await failing(connection, `(FROM source LIMIT ${FIRST_ROWS})`, every);
  const left = every.map(([column, tests]) => [column, tests.filter((test) => !atFirst.get(column)?.has(test))] as const);
  const { rows } = await onlyRow<{ rows: bigint }>(connection, "SELECT count(*) AS rows FROM source");
  const inAll = rows > FIRST_ROWS ? await failing(connection, "source", left) : new Map<string, Set<string>>();
  const values = await onlyRow<Record<string, bigint>>(
    connection,
    `SELECT ${columns.map((column) => `count(nullif(${column}, '')) AS ${column}`).join(", ")} FROM source`,
  );
  return new Map(
    columns.map((column) => {
      const holds = (test: string) => !atFirst.get(column)?.has(test) && !inAll.get(column)?.has(test);
      return [
        column,
        {
          values: Number(values[column]),
          allNumbers: holds("number"),
          allBooleans: holds("boolean"),
          dates: DATE_FORMAT_NAMES.filter(holds),
          slashed: { dayFirst: holds("dayFirst"), monthFirst: holds("monthFirst") },
          hasSlashed: !holds("noSlashed"),
          hasTimes: !holds("noTimes"),
        },
      ];
    }),
  );
}

/** Which tests fail for some value of a column. */
async function failing(
  connection: DuckDBConnection,
  from: string,
  questions: readonly (readonly [column: string, tests: readonly string[]])[],
): Promise<Map<string, Set<string>>> {
  const asked = questions.flatMap(([column, tests]) => tests.map((test) => ({ column, test })));
  if (asked.length === 0) return new Map();
  const answers = asked.map(({ column, test }, index) => `bool_or(${column} <> '' AND NOT ${TESTS[test]?.(column)}) AS a${index}`);
  const answer = await onlyRow<Record<string, boolean | null>>(connection, `SELECT ${answers.join(", ")} FROM ${from}`);
  const found = new Map<string, Set<string>>();
  asked.forEach(({ column, test }, index) => {
    if (answer[`a${index}`]) found.set(column, (found.get(column) ?? new Set()).add(test));
  });
  return found;
}

/** The format that most values of a column have, where no format is that of all. */
export async function commonestDateFormat(connection: DuckDBConnection, column: string): Promise<DateFormat> {
  const counts = DATE_FORMAT_NAMES.map((format) => `count_if(${isDate(column, format)}) AS "${format}"`);
  const found = await onlyRow<Record<DateFormat, bigint>>(connection, `SELECT ${counts.join(", ")} FROM source`);
  return DATE_FORMAT_NAMES.reduce((most, format) => (found[format] > found[most] ? format : most));
}

/** The type that the values of a column propose. */
export function proposedType({ values, allNumbers, allBooleans, dates }: Looks, isKey: boolean, digitsStay: boolean): AttributeType {
  // A key tells rows apart, and is not calculated with: as a number it could lose digits.
  if (values === 0 || isKey) return "TEXT";
  if (allBooleans && !digitsStay) return "BOOLEAN";
  if (allNumbers && !digitsStay) return "NUMBER";
  return dates.length > 0 ? "DATE" : "TEXT";
}
