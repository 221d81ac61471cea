/** SQL that types what SIGNAL_CONTENT was cut into: texts, which are called as schemas/content-columns.ts says. */
import { fieldText, ITEMS_TEXT, MIRRORED_HEADERS, mirrorText } from "../../schemas/content-columns.ts";
import { CONTENT_FIELDS, type ContentField, ITEM_FIELDS } from "../../schemas/content-fields.ts";
import type { Kind } from "../../schemas/kinds.ts";
import { quoteText, snakeCase } from "../../schemas/names.ts";
import { typedValue } from "./values.ts";

const FIELDS: ReadonlyMap<string, string> = new Map(
  Object.entries<ContentField>(CONTENT_FIELDS).map(([name, { kind, letterCase }]) => {
    const column = snakeCase(name);
    return [column, typedValue(kind, fieldText(column), letterCase)];
  }),
);

/** The typed value that content has for a column of behavior_signals; undefined where content does not fill it. */
export const contentValue = (column: string): string | undefined => FIELDS.get(column);

const MIRRORS: ReadonlyMap<string, string> = new Map(MIRRORED_HEADERS.map((header) => [header.toLowerCase(), mirrorText(header)]));

/** The text that content has for a fixed column that is empty; undefined where content does not fill it. */
export const mirroredValue = (column: string): string | undefined => MIRRORS.get(column);

const ITEMS: ReadonlyMap<string, Kind> = new Map(Object.entries<{ kind: Kind }>(ITEM_FIELDS).map(([name, { kind }]) => [snakeCase(name), kind]));
const SHAPE = JSON.stringify([Object.fromEntries([...ITEMS.keys(), "extra"].map((column) => [column, "VARCHAR"]))]);

/**
 * Gives the items of plain orders, as canonical text, with the record_no of their order.
 * @param orders SQL that gives their rows
 */
export function itemsSql(orders: string): string {
  const order = "record_no, signal_key, order_id, occurred_at";
  const read = `SELECT ${order}, json_transform(${ITEMS_TEXT}, ${quoteText(SHAPE)}) AS list FROM (${orders}) WHERE ${ITEMS_TEXT} IS NOT NULL`;
  const listed = `SELECT ${order}, unnest(list) AS item, generate_subscripts(list, 1) AS item_no FROM (${read})`;
  const texts = [...ITEMS].map(([column, kind]) => `CAST(${typedValue(kind, `item.${column}`)} AS VARCHAR) AS ${column}`);
  return `SELECT record_no, item_no, signal_key, order_id, CAST(occurred_at AS VARCHAR) AS occurred_at, ${texts.join(", ")}, item.extra AS extra FROM (${listed})`;
}
