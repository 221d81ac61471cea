/** What the signals of a contact say together: when it was seen, its latest own record, and what bars messages to it. */
import { keyKind } from "../../schemas/marts.ts";
import { quoteIdentifier as id, spellingOf } from "../../schemas/names.ts";
import { CHANNELS, type Channel } from "../../schemas/signal-types.ts";
import { behaviorSql } from "./behavior.ts";
import type { KeptMart, MartContext } from "./mart.ts";
import { marketingSql } from "./marketing.ts";
import { trimmed } from "./words.ts";

const CONSENTS = CHANNELS.map((channel) => `consent_${channel}`);
const ADDRESSES = CHANNELS.map((channel) => `address_${channel}`);

const byChannel = (column: (channel: Channel) => readonly [name: string, type: string, about: string]) =>
  Object.fromEntries(
    CHANNELS.map((channel) => {
      const [name, type, about] = column(channel);
      return [name, { type, about }];
    }),
  );

export const CONTACT_STATES: KeptMart = {
  name: "contact_states",
  about: "Each contact once, with what its signals say together: what marts.contacts and marts.consented are made of.",
  columns: {
    contact_id: { type: "VARCHAR", about: "The contact." },
    first_seen_at: { type: "TIMESTAMPTZ", about: "When its first signal happened." },
    last_seen_at: { type: "TIMESTAMPTZ", about: "When its last signal happened." },
    last_sent_at: { type: "TIMESTAMPTZ", about: "When a message was last sent to it." },
    last_open_at: { type: "TIMESTAMPTZ", about: "When it last opened a message: by a person." },
    last_click_at: { type: "TIMESTAMPTZ", about: "When it last clicked in a message: by a person." },
    last_visit_at: { type: "TIMESTAMPTZ", about: "When its last behavior signal happened." },
    complained: { type: "BOOLEAN", about: "Whether it ever called a message abuse." },
    hard_bounced: { type: "BOOLEAN", about: "Whether a message to it ever failed for good." },
    ...byChannel((channel) => [`hard_bounced_${channel}`, "BOOLEAN", `Whether a message of the channel ${channel} to it ever failed for good.`]),
    ...byChannel((channel) => [`unsubscribed_${channel}_at`, "TIMESTAMPTZ", `When it last unsubscribed from the channel ${channel} in reply.`]),
    ...byChannel((channel) => [
      `refused_${channel}_at`,
      "TIMESTAMPTZ",
      `When a record of its own last had another consent than OPT_IN for the channel ${channel}.`,
    ]),
    record: {
      type: `STRUCT(occurred_at TIMESTAMPTZ, signal_key VARCHAR, signal_type VARCHAR, ${[...CONSENTS, ...ADDRESSES].map((name) => `${name} VARCHAR`).join(", ")})`,
      about: "Its latest signal that came with its own record, with the consents and addresses there; NULL where none did.",
    },
  },
};

/** Whether a signal came with its contact's own record, and what that says. */
export const RECORD_COLUMNS = ["has_record", ...CONSENTS, ...ADDRESSES].join(", ");

/** What is read of each signal for that. What a behavior signal does is a visit. */
export const FACT_COLUMNS = `contact_id, signal_type, signal_key, occurred_at, channel, action, is_bot, classification, ${RECORD_COLUMNS}`;

/** The column that has a contact's address in a channel: the first of its keys that can be one, or else of its attributes. */
function addressColumn({ contactKeys, contactColumns }: Pick<MartContext, "contactKeys" | "contactColumns">, channel: Channel): string | undefined {
  const names = [...contactKeys.flatMap(({ column }) => column ?? []), ...contactColumns];
  const spelling = (column: string) => spellingOf(column.replace(/^contact_/, ""));
  const fit = names.filter((column) => keyKind(spelling(column)) === (channel === "email" ? "email" : "phone"));
  const isWhatsapp = (column: string) => spelling(column).startsWith("whatsapp");
  return [...fit.filter((name) => isWhatsapp(name) === (channel === "whatsapp")), ...fit][0];
}

/** The contact columns that are read of a signal: its keys, and where its addresses stand. */
export function readColumns(context: Pick<MartContext, "contactKeys" | "contactColumns">): string[] {
  const keys = context.contactKeys.flatMap(({ column }) => column ?? []);
  return [...new Set([...keys, ...CHANNELS.flatMap((channel) => addressColumn(context, channel) ?? [])])];
}

/** SQL of a signal's own record, behind other columns of a SELECT: whether it came with one, consents and addresses. @param row alias of a table with the columns of withContact() */
function recordSql(context: MartContext, row: string): string {
  const keys = context.contactKeys.flatMap(({ column }) => (column === undefined ? [] : [trimmed(`${row}.${id(column)}`)]));
  const addresses = CHANNELS.map((channel) => {
    const column = addressColumn(context, channel);
    return `${column === undefined ? "NULL::VARCHAR" : trimmed(`${row}.${id(column)}`)} AS address_${channel}`;
  });
  const consents = CONSENTS.map((name) => `${row}.${name}`);
  return `, ${row}.known_contact IS NOT NULL AND coalesce(${[...keys, "NULL"].join(", ")}) IS NOT NULL AS has_record, ${[...consents, ...addresses].join(", ")}`;
}

/** SQL that gives the rows of marts.marketing with RECORD_COLUMNS, too. @param from the rows of marketing_signals that are meant, as SQL that gives them */
export const messageFactsSql = (context: MartContext, from: string): string => marketingSql(context, from, recordSql(context, "m"));

/** SQL that gives FACT_COLUMNS of behavior signals, but for those that are nobody's. @param from the rows of behavior_signals that are meant, as SQL that gives them */
export const visitFactsSql = (context: MartContext, from: string): string =>
  `SELECT ${FACT_COLUMNS} FROM (SELECT *, NULL::VARCHAR AS channel, 'visit' AS action, false AS is_bot, NULL::VARCHAR AS classification FROM (${behaviorSql(context, from, recordSql(context, "b"))})) WHERE contact_id IS NOT NULL`;

/** SQL that gives what each signal says by itself, as a row of the table. @param from signals with FACT_COLUMNS */
export function statesSql(from: string): string {
  const when = (condition: string) => `CASE WHEN ${condition} THEN occurred_at END`;
  const is = (condition: string) => `coalesce(${condition}, false)`;
  const bounced = "action = 'failure' AND classification = 'PERMANENT'";
  const each = (column: (channel: Channel) => string) => CHANNELS.map(column);
  return `SELECT contact_id, occurred_at AS first_seen_at, occurred_at AS last_seen_at, ${when("action = 'send'")} AS last_sent_at,
      ${when("action = 'open' AND NOT is_bot")} AS last_open_at, ${when("action = 'click' AND NOT is_bot")} AS last_click_at, ${when("action = 'visit'")} AS last_visit_at,
      ${is("action = 'inbound' AND classification = 'ABUSE'")} AS complained, ${is(bounced)} AS hard_bounced,
      ${[
        ...each((channel) => `${is(`channel = '${channel}' AND ${bounced}`)} AS hard_bounced_${channel}`),
        ...each(
          (channel) => `${when(`channel = '${channel}' AND action = 'inbound' AND classification = 'UNSUBSCRIBE'`)} AS unsubscribed_${channel}_at`,
        ),
        ...each((channel) => `${when(`has_record AND consent_${channel} <> 'OPT_IN'`)} AS refused_${channel}_at`),
      ].join(", ")},
      CASE WHEN has_record THEN { ${["occurred_at", "signal_key", "signal_type", ...CONSENTS, ...ADDRESSES].map((name) => `${name}: ${name}`).join(", ")} } END AS record
    FROM ${from} WHERE contact_id IS NOT NULL`;
}

/** SQL that makes one row of several of a contact, whether of a signal or of many: in which order they come, and how often, makes no difference. @param states rows of the table, as SQL that gives them */
export function foldSql(states: string): string {
  const folded = Object.entries(CONTACT_STATES.columns).flatMap(([name, { type }]) => {
    if (name === "contact_id") return [];
    return [`${name === "first_seen_at" ? "min" : type === "BOOLEAN" ? "bool_or" : "max"}(${name}) AS ${name}`];
  });
  return `SELECT contact_id, ${folded.join(", ")} FROM (${states}) GROUP BY contact_id`;
}
