/** Contacts: when they were seen, what they did last, and what their latest signal says of them. */
import { quoteIdentifier as id } from "../../schemas/names.ts";
import { latestAudience } from "./audience-rows.ts";
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
    const attributes = [...CONSENTS.map((name) => [name, name] as const), ...attributeNames(context)];
    return `WITH attributes AS (
        ${latestAudience(context, attributes)}
      ), seen AS (
        SELECT contact_id, min(first_seen_at) AS first_seen_at, max(last_seen_at) AS last_seen_at, max(last_sent_at) AS last_sent_at, max(last_open_at) AS last_open_at,
          max(last_click_at) AS last_click_at, max(last_visit_at) AS last_visit_at, bool_or(complained) AS complained, bool_or(hard_bounced) AS hard_bounced
        FROM (
          SELECT contact_id, min(occurred_at) AS first_seen_at, max(occurred_at) AS last_seen_at,
            max(occurred_at) FILTER (action = 'send') AS last_sent_at,
            max(occurred_at) FILTER (action = 'open' AND NOT is_bot) AS last_open_at,
            max(occurred_at) FILTER (action = 'click' AND NOT is_bot) AS last_click_at,
            bool_or(action = 'inbound' AND classification = 'ABUSE') AS complained,
            bool_or(action = 'failure' AND classification = 'PERMANENT') AS hard_bounced
          FROM marts.marketing WHERE contact_id IS NOT NULL GROUP BY contact_id
          UNION ALL BY NAME
          SELECT contact_id, min(occurred_at) AS first_seen_at, max(occurred_at) AS last_seen_at, max(occurred_at) AS last_visit_at
          FROM marts.behavior WHERE contact_id IS NOT NULL GROUP BY contact_id
        ) GROUP BY contact_id
      ), bought AS (
        SELECT contact_id, count(*) AS orders, min(ordered_at) AS first_order_at, max(ordered_at) AS last_order_at
        FROM marts.orders_once WHERE contact_id IS NOT NULL GROUP BY contact_id
      )
      SELECT s.contact_id, s.first_seen_at, s.last_seen_at, s.last_sent_at, s.last_open_at, s.last_click_at, s.last_visit_at,
        coalesce(s.complained, false) AS complained, coalesce(s.hard_bounced, false) AS hard_bounced,
        coalesce(b.orders, 0) AS orders, b.first_order_at, b.last_order_at,
        ${attributes.map(([, name]) => `a.${id(name)}`).join(", ")}
      FROM seen s LEFT JOIN attributes a ON a.contact_id = s.contact_id LEFT JOIN bought b ON b.contact_id = s.contact_id`;
  },
};
