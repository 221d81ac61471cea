/** What of a warehouse a published copy has: tables and columns, which of them are left out, and which are hashed. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { LEDGER_TABLES } from "../../schemas/ledger-tables.ts";
import { quoteIdentifier as id } from "../../schemas/names.ts";
import type { Table } from "../../schemas/signal-types.ts";
import { TABLES } from "../../schemas/tables.ts";
import { DATA_TABLES } from "../ddl.ts";
import { keyColumn, ownAliases, ownContact, recipientDomain } from "../marts/contact.ts";
import { KEPT_MARTS, MARTS } from "../marts/index.ts";
import type { MartContext } from "../marts/mart.ts";
import { rows } from "../sql.ts";
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
  /** The columns whose values are hashed, each with the SQL that gives what is. */
  hashed: Readonly<Record<string, string>>;
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
  "marts.consented": ["address"],
  // Paths have names of people in them, and errors have paths.
  "signalhouse.loads": ["path", "error", "header", "later_headers"],
  "signalhouse.jobs": ["path", "request", "error"],
};

/** Those of all signal tables. */
export const LEFT_OUT_OF_SIGNALS: readonly string[] = [...new Set(TABLES.flatMap((table) => LEFT_OUT[table] ?? []))];

/** By which a mart's rows have months. Those of the others are in one file. */
const TIMES: Readonly<Record<string, string>> = { clicks: "occurred_at", sends: "sent_at", orphans: "occurred_at", orders_once: "ordered_at" };

/** Marts that the copy has as tables though they are views: they read the signals' own contact columns. */
export const MADE_MARTS: readonly string[] = ["contacts", "consented"];

/** The tables of the ledger that readers have use for; marts.daily reads jobs. */
const LEDGER = ["loads", "changes", "jobs"] as const satisfies readonly (keyof typeof LEDGER_TABLES)[];

/** Whose a row is, in marts: the SQL of what is hashed. */
const CONTACT_COLUMNS: Readonly<Record<string, string>> = { contact_id: "r.contact_id", alias: "r.alias" };

/**
 * All tables of a copy, in the order in which they are written.
 * @param shown the contact columns that it may show
 */
export async function publishedTables(
  connection: DuckDBConnection,
  context: MartContext,
  shown: readonly string[],
): Promise<readonly PublishedTable[]> {
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
    hashed: {},
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
    return { ...table, time: TIMES[name], hashed: pick(CONTACT_COLUMNS, table.columns) };
  });
  const made: PublishedTable[] = [];
  for (const { name, columns } of MARTS.filter((mart) => MADE_MARTS.includes(mart.name))) {
    const present = (await rows<{ name: string }>(connection, `SELECT name FROM pragma_table_info('marts.${name}') ORDER BY cid`)).map(
      (row) => row.name,
    );
    const others = present.filter((column) => !Object.hasOwn(columns, column));
    // It is looked at twice: to tell whether it has changed, and to be written.
    const from = `published_${name}`;
    await connection.run(`CREATE OR REPLACE TEMP TABLE ${from} AS FROM marts.${name}`);
    const table = plain(
      `marts.${name}`,
      present.filter((column) => !others.includes(column) || contacts.includes(column)),
    );
    const key = Object.hasOwn(columns, "consented_key") ? { consented_key: `r.contact_id` } : {};
    made.push({
      ...table,
      from,
      leftOut: [...table.leftOut, ...others.filter((column) => !contacts.includes(column))],
      hashed: { ...pick(CONTACT_COLUMNS, table.columns), ...key },
    });
  }
  const ledger = LEDGER.map((name) => plain(`signalhouse.${name}`, Object.keys(LEDGER_TABLES[name].columns)));
  return [...signals, { ...items, time: "occurred_at", isTracked: true }, ...marts, ...made, ...ledger];
}

const pick = (values: Readonly<Record<string, string>>, names: readonly string[]) =>
  Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));

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
export function selectSql({ columns, keys, hashed }: PublishedTable): string {
  const shown = columns.map((name) => {
    const of = hashed[name];
    if (of === undefined) return `r.${id(name)}`;
    return name === "consented_key" ? `${hashedSql(of)} || '/' || r.channel AS consented_key` : `${hashedSql(of)} AS ${id(name)}`;
  });
  return [...shown, ...keys.map(([name, sql]) => `${sql} AS ${id(name)}`)].join(", ");
}
