/** Reading few rows of a large table by their rowid. DuckDB looks at every row for a list of them, with all columns that are read; ranges it knows how to leave out. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { rows } from "./sql.ts";

/** Rows of a row group. */
const ROW_GROUP = 122_880;
/** Each range is one more comparison for every row. */
const MOST_RANGES = 8;

export interface RowRange {
  first: bigint;
  last: bigint;
}

/** Few ranges that hold all of some, which are in order: the smallest gaps between them are closed. */
export function joined(ranges: readonly RowRange[], most = MOST_RANGES): RowRange[] {
  const gaps = ranges.slice(1).map(({ first }, index) => ({ index, size: first - (ranges[index] as RowRange).last }));
  const open = new Set(
    gaps
      .toSorted((one, other) => Number(other.size - one.size))
      .slice(0, most - 1)
      .filter(({ size }) => size > BigInt(ROW_GROUP))
      .map(({ index }) => index),
  );
  const kept: RowRange[] = [];
  for (const [index, { first, last }] of ranges.entries()) {
    const current = kept.at(-1);
    if (!current || open.has(index - 1)) kept.push({ first, last });
    else current.last = last;
  }
  return kept;
}

/**
 * A condition on rowid that leaves out most rows that are not meant, and none that is.
 * @param from SQL that gives rows with row_id
 * @returns undefined where it gives none
 */
export async function nearRows(connection: DuckDBConnection, from: string): Promise<string | undefined> {
  const groups = await rows<RowRange>(
    connection,
    `SELECT min(row_id)::BIGINT AS first, max(row_id)::BIGINT AS last FROM (${from}) GROUP BY row_id // ${ROW_GROUP} ORDER BY first`,
  );
  if (groups.length === 0) return undefined;
  return `(${joined(groups)
    .map(({ first, last }) => `rowid BETWEEN ${first} AND ${last}`)
    .join(" OR ")})`;
}
