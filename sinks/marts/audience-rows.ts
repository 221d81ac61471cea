/** Signals that come with the contact's own record: what a contact's attributes and consents are read from. */
import { quoteIdentifier as id } from "../../schemas/names.ts";
import { TABLES } from "../../schemas/tables.ts";
import { resolved } from "./contact.ts";
import type { MartContext } from "./mart.ts";

/**
 * SQL that gives those signals with contact_id: all whose own contact columns have a key. Signals that are known to be a contact's by their session, by the click that led
 * there or by what somebody typed have no record beside them, and would make attributes empty.
 * @param columns what else is asked of a row, whose alias is r
 */
export function audienceRows(context: MartContext, columns: (table: (typeof TABLES)[number]) => string): string {
  const keys = context.contactKeys.flatMap(({ column }) => (column === undefined ? [] : [`nullif(trim(r.${id(column)}), '')`]));
  const hasKey = keys.length > 0 ? `coalesce(${[...keys, "NULL"].join(", ")}) IS NOT NULL` : "false";
  return TABLES.map((table) => {
    const { contact, joins } = resolved(context, table, "r");
    const isReal = table === "behavior_signals" ? " AND r.is_test IS NOT TRUE" : "";
    return `SELECT ${contact} AS contact_id, ${columns(table)} FROM ${table} r ${joins} WHERE ${hasKey}${isReal}`;
  }).join(" UNION ALL ");
}
