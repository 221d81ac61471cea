/** Contacts: when they were seen, what they did last, and what their latest signal says of them. */
import { quoteIdentifier as id } from "../../schemas/names.ts";
import { TABLES } from "../../schemas/tables.ts";
import type { Mart, MartContext } from "./mart.ts";

const CONSENTS = ["consent_email", "consent_sms", "consent_whatsapp"];

const COLUMNS = {
  contact_id: "The contact, as in all marts.",
  first_seen_at: "When its first signal happened.",
  last_seen_at: "When its last signal happened.",
  last_sent_at: "When a message was last sent to it.",
  last_open_at: "When it last opened a message: by a person.",
  last_click_at: "When it last clicked in a message: by a person.",
  last_visit_at: "When its last behavior signal happened.",
  complained: "Whether it ever called a message abuse.",
  hard_bounced: "Whether a message to it ever failed for good.",
  orders: "How many orders it has, in whatever currency.",
  first_order_at: "When its first order was told.",
  last_order_at: "When its last order was told.",
  consent_email: "What its latest signal says: OPT_IN, OPT_OUT or OPT_IN_UNVERIFIED.",
  consent_sms: "The same for SMS.",
  consent_whatsapp: "The same for WhatsApp.",
};

/** The contact columns, each with its name in marts.contacts, where some names mean something else: the attribute ID has the column contact_id. */
function attributeNames({ contactColumns }: Pick<MartContext, "contactColumns">): Map<string, string> {
  const taken = new Set([...Object.keys(COLUMNS), ...contactColumns.map((column) => column.toLowerCase())]);
  return new Map(
    contactColumns.map((column) => {
      let name = column;
      if (Object.hasOwn(COLUMNS, column.toLowerCase())) {
        do name += "_attribute";
        while (taken.has(name.toLowerCase()));
        taken.add(name.toLowerCase());
      }
      return [column, name];
    }),
  );
}

export const CONTACTS: Mart = {
  name: "contacts",
  about: "Each contact once, whatever it is known by, with the attributes and consents that its latest signal says. The contact columns follow.",
  columns: COLUMNS,
  sql: (context) => {
    const attributes = [...attributeNames(context)];
    const columns = attributes.map(([column]) => id(column)).join(", ");
    const signals = TABLES.map((table) => `SELECT occurred_at, signal_key, signal_type, ${columns} FROM main.${table}`).join(" UNION ALL ");
    // By the time, too, so that of a few contacts only the signals of about that time are looked at.
    const latest = `LEFT JOIN (${signals}) a ON a.occurred_at = s.record.occurred_at AND a.signal_key = s.record.signal_key AND a.signal_type = s.record.signal_type`;
    return `SELECT s.contact_id, s.first_seen_at, s.last_seen_at, s.last_sent_at, s.last_open_at, s.last_click_at, s.last_visit_at, s.complained, s.hard_bounced,
        coalesce(b.orders, 0) AS orders, b.first_order_at, b.last_order_at,
        ${[...CONSENTS.map((name) => `s.record.${name} AS ${name}`), ...attributes.map(([column, name]) => `a.${id(column)} AS ${id(name)}`)].join(", ")}
      FROM marts.contact_states s
      LEFT JOIN (
        SELECT contact_id, count(*) AS orders, min(ordered_at) AS first_order_at, max(ordered_at) AS last_order_at
        FROM marts.orders_once WHERE contact_id IS NOT NULL GROUP BY contact_id
      ) b ON b.contact_id = s.contact_id
      ${attributes.length > 0 ? latest : ""}`;
  },
};
