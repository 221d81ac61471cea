/** Signals that come with the contact's own record: what a contact's attributes and consents are read from. */
import { quoteIdentifier as id } from "../../schemas/names.ts";
import { TABLES } from "../../schemas/tables.ts";
import { withContact } from "./contact.ts";
import type { MartContext } from "./mart.ts";

/**
 * SQL that gives those signals with contact_id: all whose own contact columns have a key. Signals that are known to be a contact's by their session, by the click that led
 * there or by what somebody typed have no record beside them, and would make attributes empty.
 * @param columns what else is asked of a row, whose alias is r; its place is its rowid
 */
export function audienceRows(context: MartContext, columns: (table: (typeof TABLES)[number]) => string): string {
  const keys = context.contactKeys.flatMap(({ column }) => (column === undefined ? [] : [`nullif(trim(r.${id(column)}), '')`]));
  const hasKey = keys.length > 0 ? `coalesce(${[...keys, "NULL"].join(", ")}) IS NOT NULL` : "false";
  return TABLES.map((table) => {
    const isReal = table === "behavior_signals" ? " AND r.is_test IS NOT TRUE" : "";
    const rows = withContact(context, table, `(SELECT *, rowid AS place FROM ${table})`);
    return `SELECT r.known_contact AS contact_id, ${columns(table)} FROM ${rows} r WHERE ${hasKey}${isReal}`;
  }).join(" UNION ALL ");
}

/**
 * SQL that gives, for each contact, columns of its latest such signal: contact_id, and these.
 * @param columns of the signal tables, each with the name that it gets
 */
export function latestAudience(context: MartContext, columns: Iterable<readonly [column: string, name: string]>): string {
  const named = [...columns].map(([column, name]) => `r.${id(column)} AS ${id(name)}`);
  const told = (table: string) =>
    `{ occurred_at: r.occurred_at, signal_key: r.signal_key, signal_type: r.signal_type, held_by: '${table}', place: r.place } AS told`;
  // First where the signal stands, then what it says: only of a few signals are all columns read.
  return `WITH latest AS MATERIALIZED (
      SELECT contact_id, max(told) AS told FROM (${audienceRows(context, told)}) WHERE contact_id IS NOT NULL GROUP BY contact_id
    ) ${TABLES.map(
      (table) => `SELECT ${["l.contact_id", ...named].join(", ")}
      FROM (SELECT contact_id, told.place AS place FROM latest WHERE told.held_by = '${table}') l JOIN ${table} r ON r.rowid = l.place`,
    ).join(" UNION ALL ")}`;
}
