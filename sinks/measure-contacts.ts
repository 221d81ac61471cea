/** What the contact columns hold, counted over all signals: for whoever decides which of them say who a contact is. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { ContactColumn } from "../schemas/header.ts";
import type { MartSettings } from "../schemas/marts.ts";
import { quoteIdentifier as id } from "../schemas/names.ts";
import type { Table } from "../schemas/signal-types.ts";
import { TABLES } from "../schemas/tables.ts";
import { contactColumns } from "./contact-columns.ts";
import { pairsSql } from "./marts/contact-aliases.ts";
import { ownersSql } from "./marts/owners.ts";
import { folded, withContact } from "./marts/contact.ts";
import { keptSettings, martContext } from "./mart-settings.ts";
import { onlyRow } from "./sql.ts";

/** A warehouse with more signals than this is not counted to the last value. */
const MOST_SIGNALS = 1_000_000;
/** Of more values than these, so many are looked at: which, their hash decides. */
const MOST_VALUES = 100_000;
/** So many signals of a value are enough to tell whether it stands beside several others. */
const ENOUGH_SIGNALS = 20;
/** At most one of so many is left out. */
const MOST_LEFT_OUT = 64;
/** So many columns are counted in one statement. */
const AT_ONCE = 50;

/** A column in figures. */
export interface MeasuredColumn extends ContactColumn {
  /** Signals that have a value. */
  filled: number;
  /** Distinct values. */
  values: number;
  /** The share of these, from 0 to 1, that look like numbers or addresses, rather than like words, texts or dates. */
  keyLike: number;
}

export interface Measured {
  /** Without test signals. */
  signals: number;
  /** Whether numbers of values are estimates, one or two in a hundred off: the warehouse is large. */
  isEstimate: boolean;
  /** Whether the warehouse has contacts of several data sets: then a value means somebody only beside its data set. */
  isQualified: boolean;
  columns: readonly MeasuredColumn[];
}

/** What stands beside a column's values. */
export interface Beside {
  /** Of its values, how many stand beside several values of the other column. */
  shared: number;
  /** The same as a share of them, from 0 to 1. */
  share: number;
}

/** A value so that those that mean the same are equal, in SQL; NULL where it is empty. It takes longer than all else: texts are folded when they are few. */
const foldedSql = ({ header }: ContactColumn, value: string): string => folded({ header, isPrimary: true }, value);

/** The signals that count, with these columns. */
const signalsSql = (columns: readonly string[]): string =>
  `(${TABLES.map((table) => `SELECT ${columns.join(", ")} FROM ${table}${REAL[table]}`).join(" UNION ALL ")})`;

const REAL: Readonly<Record<Table, string>> = { marketing_signals: "", behavior_signals: " WHERE is_test IS NOT TRUE" };

/** One of so many values is looked at. */
const sampling = (values: number): number => Math.max(1, Math.ceil(values / MOST_VALUES));
/** A condition that lets through one of so many values, always the same ones. */
const sampled = (value: string, every: number): string => (every > 1 ? `hash(${value}) % ${every} = 0` : "true");

/** Reads each contact column twice. Memory does not depend on how many values there are, in a large warehouse. */
export async function measureColumns(connection: DuckDBConnection): Promise<Measured> {
  const known = await contactColumns(connection);
  const { n } = await onlyRow<{ n: bigint }>(connection, `SELECT count(*) AS n FROM ${signalsSql(["1"])}`);
  const isEstimate = Number(n) > MOST_SIGNALS;
  const columns: MeasuredColumn[] = [];
  for (let first = 0; first < known.length; first += AT_ONCE) {
    const some = known.slice(first, first + AT_ONCE);
    // DuckDB's estimate may be a fifth off: good enough to choose how many values to look at.
    const counts = some.map(({ column }, index) => `count(${id(column)}) AS f${index}, approx_count_distinct(${id(column)}) AS d${index}`);
    const found = await onlyRow<Record<string, bigint>>(
      connection,
      `SELECT ${counts.join(", ")} FROM ${signalsSql(some.map(({ column }) => id(column)))}`,
    );
    for (const [index, column] of some.entries()) {
      const every = isEstimate ? sampling(Number(found[`d${index}`])) : 1;
      columns.push({ ...column, ...(await valuesOf(connection, column, Number(found[`f${index}`]), every)) });
    }
  }
  return { signals: Number(n), isEstimate, isQualified: (await keptSettings(connection))?.isQualified ?? false, columns };
}

/** Looks at one of so many values. @param filled signals that have any text */
async function valuesOf(
  connection: DuckDBConnection,
  column: ContactColumn,
  filled: number,
  every: number,
): Promise<Pick<MeasuredColumn, "filled" | "values" | "keyLike">> {
  const found = await onlyRow<{ n: bigint; filled: bigint | null; key_like: bigint }>(
    connection,
    `SELECT count(v) AS n, sum(signals)::BIGINT AS filled,
       count(*) FILTER (regexp_full_match(v, '\\S*[0-9@]\\S*') AND try_cast(v AS TIMESTAMP) IS NULL) AS key_like
     FROM (SELECT ${foldedSql(column, "v")} AS v, sum(signals) AS signals
       FROM (SELECT v, count(*) AS signals FROM ${signalsSql([`${id(column.column)} AS v`])} WHERE v IS NOT NULL AND ${sampled("v", every)} GROUP BY v)
       GROUP BY 1)
     WHERE v IS NOT NULL`,
  );
  const n = Number(found.n);
  return { filled: every === 1 ? Number(found.filled ?? 0) : filled, values: n * every, keyLike: n === 0 ? 0 : Number(found.key_like) / n };
}

/** Looks at what stands beside a column's values in the same signals. */
export async function besideOf(
  connection: DuckDBConnection,
  { isEstimate, isQualified }: Pick<Measured, "isEstimate" | "isQualified">,
  column: MeasuredColumn,
  other: ContactColumn,
): Promise<Beside> {
  const every = isEstimate ? sampling(column.values) : 1;
  const others = isEstimate ? Math.min(MOST_LEFT_OUT, Math.max(1, Math.floor(column.filled / column.values / ENOUGH_SIGNALS))) : 1;
  const columns = [`${id(column.column)} AS v`, `${id(other.column)} AS o`, `${isQualified ? "dataset_id" : "NULL"} AS dataset`];
  const found = await onlyRow<{ n: bigint; shared: bigint }>(
    connection,
    `SELECT count(*) AS n, count(*) FILTER (least <> most) AS shared
     FROM (SELECT ${foldedSql(column, "v")} AS v, min(${foldedSql(other, "o")}) AS least, max(${foldedSql(other, "o")}) AS most
       FROM (SELECT DISTINCT v, o, dataset FROM ${signalsSql(columns)} WHERE v IS NOT NULL AND ${sampled("v", every)} AND ${sampled("o", others)})
       GROUP BY 1, dataset)
     WHERE v IS NOT NULL`,
  );
  const [n, shared] = [Number(found.n), Number(found.shared)];
  const share = n === 0 ? 0 : shared / n;
  return { shared: every * others === 1 ? shared : Math.round(share * column.values), share };
}

/** What keys make of the signals, by what each says itself: without sessions and clicks. */
export interface Resolved {
  contacts: number;
  /** Signals that say whose they are. */
  signals: number;
}

/** Counts the contacts that the warehouse would have by these settings. Memory: DuckDB's limit, what is more spills. */
export async function countContacts(connection: DuckDBConnection, settings: MartSettings, { columns, isEstimate }: Measured): Promise<Resolved> {
  const context = await martContext(connection, settings);
  const most = Math.max(0, ...columns.filter(({ header }) => settings.keys.includes(header)).map(({ values }) => values));
  const every = isEstimate ? sampling(most) : 1;
  const contacts = TABLES.map((table) => {
    return `SELECT r.known_contact AS contact_id FROM ${withContact(context, table, table, "aliases")} r${REAL[table]}`;
  });
  const found = await onlyRow<{ contacts: bigint; signals: bigint }>(
    connection,
    `WITH aliases AS MATERIALIZED (${ownersSql("alias", TABLES.map((table) => pairsSql(context, table, table)).join(" UNION ALL "))})
     SELECT count(DISTINCT CASE WHEN ${sampled("contact_id", every)} THEN contact_id END) AS contacts, count(contact_id) AS signals
     FROM (${contacts.join(" UNION ALL ")})`,
  );
  return { contacts: Number(found.contacts) * every, signals: Number(found.signals) };
}
