/** Whose an e-mail address or a phone number is: the contact whose primary key stands beside it. */
import type { Table } from "../../schemas/signal-types.ts";
import { ownAliases, ownContact } from "./contact.ts";
import type { KeptMart, MartContext } from "./mart.ts";

export const CONTACT_ALIASES: KeptMart = {
  name: "contact_aliases",
  about: "Values of secondary contact keys, each with the contact whose it is; one that several contacts have is nobody's.",
  columns: {
    alias: { type: "VARCHAR", about: "Name of the key, a colon, and its value, folded: no example, as a search for an address would find it here." },
    contact_id: { type: "VARCHAR", about: "The one contact whose it is in the whole warehouse; NULL where several have it." },
    is_shared: { type: "BOOLEAN", about: "Whether several contacts have it, as with a shared mailbox." },
  },
};

/** SQL that gives the aliases that rows of a table say, but for those that were sent as a test, with the contacts beside them. @param from those rows, as SQL that gives them */
export function pairsSql(context: MartContext, table: Table, from: string): string {
  const isReal = table === "behavior_signals" ? "WHERE r.is_test IS NOT TRUE" : "";
  const pairs = ownAliases(context, table, "r").map(
    (alias) => `SELECT ${alias} AS alias, ${ownContact(context, table, "r")} AS contact_id FROM ${from} r ${isReal}`,
  );
  const none = "SELECT NULL::VARCHAR AS alias, NULL::VARCHAR AS contact_id";
  return `SELECT DISTINCT alias, contact_id FROM (${pairs.length > 0 ? pairs.join(" UNION ALL ") : none}) WHERE alias IS NOT NULL AND contact_id IS NOT NULL`;
}
