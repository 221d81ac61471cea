/** What of a warehouse a published copy has: tables and columns, which of them are left out, and which are hashed. */
import { LEDGER_TABLES } from "../../schemas/ledger-tables.ts";
import { quoteIdentifier as id } from "../../schemas/names.ts";
import { CHANNELS, type Table } from "../../schemas/signal-types.ts";
import { TABLES } from "../../schemas/tables.ts";
import { DATA_TABLES } from "../ddl.ts";
import { keyColumn, ownAliases, ownContact, recipientDomain } from "../marts/contact.ts";
import { CONTACT_STATES } from "../marts/contact-states.ts";
import { KEPT_MARTS } from "../marts/index.ts";
import type { MartContext } from "../marts/mart.ts";
import { hashedSql } from "./hashing.ts";

/** A table of the copy, whose rows lie in Parquet files: one for each month, or one for all. */
export interface PublishedTable {
  /** As SQL calls it, with its schema where that is not main; its folder has the same name. */
  name: string;
  /** SQL behind FROM that gives its rows. */
  from: string;
  /** Its column whose UTC month decides in which file a row is; undefined where all are in one. */
  time: string | undefined;
  /** Whether signalhouse.changes says which months have changed; else their rows are compared. */
  isTracked: boolean;
  /** Names of the columns that the copy shows, in order. */
  columns: readonly string[];
  /** What its files have besides, which marts are made of: name and SQL. */
  keys: readonly (readonly [name: string, sql: string])[];
  leftOut: readonly string[];
  /** Those of the columns whose values are hashed. */
  hashed: readonly string[];
}

/** Columns with a person's data or a key to it, or with texts in which anything may stand; and what is of no use without them. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  marketing_signals: ["signal_content", "extra", "temporary_linking_id", "audience_variables", "personalization_variables", "key_hash"],
  behavior_signals: [
    "signal_content",
    "extra",
    "temporary_linking_id",
    "identifier_value",
    "audience",
    "consent",
    "signal_custom_attributes",
    "key_hash",
  ],
  order_items: ["extra"],
  // What only whoever writes has use for.
  "signalhouse.meta": ["views", "comments"],
  // Rows as they came, and what contents call their fields: anything may stand there.
  "signalhouse.rejects": ["reason", "raw", "raw_bytes"],
  "signalhouse.drift": ["field"],
  // Paths have names of people in them, and errors have paths.
  "signalhouse.loads": ["path", "error", "header", "later_headers"],
  "signalhouse.jobs": ["path", "request", "error"],
};

/** Those of all signal tables. */
export const LEFT_OUT_OF_SIGNALS: readonly string[] = [...new Set(TABLES.flatMap((table) => LEFT_OUT[table] ?? []))];

/** By which a mart's rows have months. Those of the others are in one file. */
const TIMES: Readonly<Record<string, string>> = { clicks: "occurred_at", sends: "sent_at", orphans: "occurred_at", orders_once: "ordered_at" };

/** The tables of the ledger that readers have use for: marts.daily reads jobs, and reports say by the others how whole the data is. */
const LEDGER = ["meta", "loads", "rejects", "drift", "changes", "jobs"] as const satisfies readonly (keyof typeof LEDGER_TABLES)[];

/** The columns of marts that say whose a row is. */
const CONTACT_COLUMNS: readonly string[] = ["contact_id", "alias"];

/** What contacts' signals say together. */
const STATES = `marts.${CONTACT_STATES.name}`;

/** The names of all tables of a copy. */
const NAMES: readonly string[] = [
  ...TABLES,
  "order_items",
  ...KEPT_MARTS.map(({ name }) => `marts.${name}`),
  ...LEDGER.map((name) => `signalhouse.${name}`),
];

/** Those that a copy of an older version lacks. @param tables what its manifest says */
export const lackedBy = (tables: readonly { name: string }[]): string[] => NAMES.filter((name) => !tables.some((table) => table.name === name));

/**
 * All tables of a copy, in the order in which they are written.
 * @param shown the contact columns that it may show
 */
export function publishedTables(context: MartContext, shown: readonly string[]): readonly PublishedTable[] {
  const contacts = context.contactColumns.filter((name) => shown.includes(name));
  const kept = (name: string, names: readonly string[]) => names.filter((column) => !(LEFT_OUT[name] ?? []).includes(column));
  const plain = (name: string, names: readonly string[]): PublishedTable => ({
    name,
    from: name,
    time: undefined,
    isTracked: false,
    columns: kept(name, names),
    keys: [],
    leftOut: LEFT_OUT[name] ?? [],
    hashed: [],
  });
  const signals = TABLES.map((table): PublishedTable => {
    const fixed = plain(
      table,
      (DATA_TABLES[table] ?? []).map(({ name }) => name),
    );
    return {
      ...fixed,
      time: "occurred_at",
      isTracked: true,
      columns: [...fixed.columns, ...contacts],
      keys: keysOf(context, table),
      leftOut: [...fixed.leftOut, ...context.contactColumns.filter((name) => !contacts.includes(name))],
    };
  });
  const items = plain(
    "order_items",
    (DATA_TABLES["order_items"] ?? []).map(({ name }) => name),
  );
  const marts = KEPT_MARTS.map(({ name, columns }): PublishedTable => {
    const table = plain(`marts.${name}`, Object.keys(columns));
    return { ...table, time: TIMES[name], hashed: table.columns.filter((column) => CONTACT_COLUMNS.includes(column)) };
  });
  const ledger = LEDGER.map((name) => plain(`signalhouse.${name}`, Object.keys(LEDGER_TABLES[name].columns)));
  return [...signals, { ...items, time: "occurred_at", isTracked: true }, ...marts, ...ledger];
}

/** What marts are made of that ask whose a signal is. Aliases only decide where the primary key says nothing, and so stand there alone. */
function keysOf(context: MartContext, table: Table): PublishedTable["keys"] {
  if (context.contactKeys.length === 0) return table === "marketing_signals" ? [["recipient_domain", recipientDomain(context, "r")]] : [];
  const own = ownContact(context, table, "r");
  return [
    [keyColumn(0), hashedSql(own)],
    ...ownAliases(context, table, "r").map(
      (alias, index) => [keyColumn(index + 1), `CASE WHEN ${own} IS NULL THEN ${hashedSql(alias)} END`] as const,
    ),
    ...(table === "marketing_signals" ? [["recipient_domain", recipientDomain(context, "r")] as const] : []),
  ];
}

/** SQL of what a table's files have, over rows whose alias is r. */
export function selectSql({ name: table, columns, keys, hashed }: PublishedTable): string {
  const shown = columns.map((name) => {
    if (hashed.includes(name)) return `${hashedSql(`r.${id(name)}`)} AS ${id(name)}`;
    return table === STATES && name === "record" ? `${recordSql("r.record")} AS record` : `r.${id(name)}`;
  });
  return [...shown, ...keys.map(([name, sql]) => `${sql} AS ${id(name)}`)].join(", ");
}

/** SQL of a contact's latest record without its addresses, which marts.consented would show: of the same type, so that its SQL stays as it is. */
function recordSql(record: string): string {
  const kept = ["occurred_at", "signal_key", "signal_type", ...CHANNELS.map((channel) => `consent_${channel}`)];
  const fields = [...kept.map((name) => `${name}: ${record}.${name}`), ...CHANNELS.map((channel) => `address_${channel}: NULL::VARCHAR`)];
  return `CASE WHEN ${record} IS NOT NULL THEN { ${fields.join(", ")} } END`;
}
