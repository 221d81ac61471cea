/** Amounts that are in no sum: what should be a number in a decimal column, and is none that the column holds. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { CONTENT_FIELDS, type ContentField, ITEM_FIELDS, namesOf } from "../schemas/content-fields.ts";
import { quoteIdentifier as id, quoteText, snakeCase } from "../schemas/names.ts";
import type { DriftReason } from "../schemas/record.ts";
import { onlyRow, rows } from "./sql.ts";

/** How many amounts are left out, by column, such as `order_items.unit_price`. Columns without any are not in it. */
export type AmountsLeftOut = Readonly<Record<string, number>>;

type Field = Pick<ContentField, "kind" | "aliases" | "aliasesByType">;

const AMOUNTS: Readonly<Record<string, readonly [string, Field][]>> = {
  behavior_signals: Object.entries<Field>(CONTENT_FIELDS).filter(([, { kind }]) => kind === "decimal"),
  order_items: Object.entries<Field>(ITEM_FIELDS).filter(([, { kind }]) => kind === "decimal"),
};

const LEFT: DriftReason = "does not fit";

/**
 * Counts the amounts that rows have in `extra` in place of their column, as the rows stand now: one that a later export has corrected counts no more,
 * and one that came in two exports counts once.
 * @param loadId only rows that this load wrote
 */
export async function amountsLeftOut(connection: DuckDBConnection, loadId?: bigint): Promise<AmountsLeftOut> {
  // Most loads have none, and their rows need not be read.
  const found = await rows<{ load_id: bigint }>(
    connection,
    `SELECT DISTINCT load_id FROM signalhouse.drift WHERE reason = ${quoteText(LEFT)} AND ($1::BIGINT IS NULL OR load_id = $1)`,
    [loadId ?? null],
  );
  if (found.length === 0) return {};
  const loads = found.map(({ load_id }) => load_id).join(", ");
  const left: Record<string, number> = {};
  for (const [table, fields] of Object.entries(AMOUNTS)) {
    const counts = fields.map(([name, field]) => `count(*) FILTER (${isLeftOut(name, field)}) AS ${id(`${table}.${snakeCase(name)}`)}`);
    const source = `SELECT *, json_keys(extra) AS names FROM ${table} WHERE extra IS NOT NULL AND load_id IN (${loads})`;
    const found = await onlyRow<Record<string, bigint>>(connection, `SELECT ${counts.join(", ")} FROM (${source})`);
    for (const [column, count] of Object.entries(found)) if (count > 0n) left[column] = Number(count);
  }
  return left;
}

/** Whether a row has a field's value under one of its names, and not in its column. */
function isLeftOut(name: string, field: Field): string {
  const has = (type: string) => `list_has_any(names, [${namesOf(name, field, type).map(quoteText).join(", ")}])`;
  const types = Object.keys(field.aliasesByType ?? {});
  const cases = types.map((type) => `WHEN signal_type = ${quoteText(type)} THEN ${has(type)}`);
  return `${id(snakeCase(name))} IS NULL AND ${cases.length === 0 ? has("") : `CASE ${cases.join(" ")} ELSE ${has("")} END`}`;
}

/** The sums over several. */
export function addLeftOut(several: readonly AmountsLeftOut[]): AmountsLeftOut {
  const sums: Record<string, number> = {};
  for (const left of several) for (const [column, count] of Object.entries(left)) sums[column] = (sums[column] ?? 0) + count;
  return sums;
}
