/** What the contact columns hold, counted over all signals: for whoever decides which of them say who a contact is. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { ContactColumn } from "../schemas/header.ts";
import type { MartSettings } from "../schemas/marts.ts";
import { quoteIdentifier as id } from "../schemas/names.ts";
import type { Table } from "../schemas/signal-types.ts";
import { TABLES } from "../schemas/tables.ts";
import { contactColumns } from "./contact-columns.ts";
import { aliasesSql, pairsSql } from "./marts/contact-aliases.ts";
import { folded, resolved } from "./marts/contact.ts";
import { keptSettings, martContext } from "./mart-settings.ts";
import { onlyRow } from "./sql.ts";

/** A warehouse with more signals than this is not counted to the last value. */
const MOST_SIGNALS = 1_000_000;
/** Of more values than these, so many are looked at: which, their hash decides. */
const MOST_VALUES = 100_000;
/** So many columns are counted in one statement. */
const AT_ONCE = 50;

/** A column in figures. */
export interface MeasuredColumn extends ContactColumn {
  /** Signals that have a value. */
  filled: number;
  /** Distinct values. */
  values: number;
}

export interface Measured {
  /** Without test signals. */
  signals: number;
  /** Whether numbers of values are estimates, a few in a hundred off: the warehouse is large. */
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
  /** The share of its values that look like numbers or addresses, rather than like words, texts or dates. */
  keyLike: number;
}

/** A value of a column so that those that mean the same are equal, in SQL; NULL where it is empty. */
const valueSql = ({ header, column }: ContactColumn): string => folded({ header, isPrimary: true }, id(column));

/** The signals that count, with these values. */
const signalsSql = (values: readonly string[]): string =>
  TABLES.map((table) => `SELECT ${values.join(", ")} FROM ${table}${REAL[table]}`).join(" UNION ALL ");

const REAL: Readonly<Record<Table, string>> = { marketing_signals: "", behavior_signals: " WHERE is_test IS NOT TRUE" };

/** Reads each contact column once. Memory does not depend on how many values there are. */
export async function measureColumns(connection: DuckDBConnection): Promise<Measured> {
  const known = await contactColumns(connection);
  const { n } = await onlyRow<{ n: bigint }>(connection, `SELECT count(*) AS n FROM (${signalsSql(["1"])})`);
  const signals = Number(n);
  const isEstimate = signals > MOST_SIGNALS;
  const distinct = (value: string) => (isEstimate ? `approx_count_distinct(${value})` : `count(DISTINCT ${value})`);
  const columns: MeasuredColumn[] = [];
  for (let first = 0; first < known.length; first += AT_ONCE) {
    const some = known.slice(first, first + AT_ONCE);
    const counts = some.map((_, index) => `count(v${index}) AS f${index}, ${distinct(`v${index}`)} AS d${index}`);
    const found = await onlyRow<Record<string, bigint>>(
      connection,
      `SELECT ${counts.join(", ")} FROM (${signalsSql(some.map((column, index) => `${valueSql(column)} AS v${index}`))})`,
    );
    columns.push(...some.map((column, index) => ({ ...column, filled: Number(found[`f${index}`]), values: Number(found[`d${index}`]) })));
  }
  return { signals, isEstimate, isQualified: (await keptSettings(connection))?.isQualified ?? false, columns };
}

/** A condition that lets through one of so many values, always the same ones. */
const sampled = (value: string, values: number) => (values > MOST_VALUES ? `hash(${value}) % ${sampling(values)} = 0` : "true");
const sampling = (values: number) => (values > MOST_VALUES ? Math.ceil(values / MOST_VALUES) : 1);

/** Looks at what stands beside a column's values in the same signals. @param measured whether these are of several data sets */
export async function besideOf(
  connection: DuckDBConnection,
  { isQualified }: Pick<Measured, "isQualified">,
  column: MeasuredColumn,
  other: ContactColumn,
): Promise<Beside> {
  const signals = signalsSql([`${valueSql(column)} AS v`, `${valueSql(other)} AS o`, `${isQualified ? "dataset_id" : "NULL"} AS dataset`]);
  const found = await onlyRow<{ n: bigint; shared: bigint; key_like: bigint }>(
    connection,
    `SELECT count(*) AS n, count(*) FILTER (least <> most) AS shared,
       count(*) FILTER (regexp_full_match(v, '\\S*[0-9@]\\S*') AND try_cast(v AS TIMESTAMP) IS NULL) AS key_like
     FROM (SELECT v, min(o) AS least, max(o) AS most FROM (${signals})
       WHERE v IS NOT NULL AND ${sampled("v", column.values)} GROUP BY v, dataset)`,
  );
  const [n, shared, keyLike] = [Number(found.n), Number(found.shared), Number(found.key_like)];
  const share = n === 0 ? 0 : shared / n;
  return { shared: sampling(column.values) === 1 ? shared : Math.round(share * column.values), share, keyLike: n === 0 ? 0 : keyLike / n };
}

/** What keys make of the signals, by what each says itself: without sessions and clicks. */
export interface Resolved {
  contacts: number;
  /** Signals that say whose they are. */
  signals: number;
}

/** Counts the contacts that the warehouse would have by these settings. Memory: DuckDB's limit, what is more spills. */
export async function countContacts(connection: DuckDBConnection, settings: MartSettings, { columns }: Measured): Promise<Resolved> {
  const context = await martContext(connection, settings);
  const most = Math.max(0, ...columns.filter(({ header }) => settings.keys.includes(header)).map(({ values }) => values));
  const contacts = TABLES.map((table) => {
    const { contact, joins } = resolved(context, table, "r", "aliases");
    return `SELECT ${contact} AS contact_id FROM ${table} r ${joins}${REAL[table]}`;
  });
  const found = await onlyRow<{ contacts: bigint; signals: bigint }>(
    connection,
    `WITH aliases AS MATERIALIZED (${aliasesSql(TABLES.map((table) => pairsSql(context, table, table)).join(" UNION ALL "))})
     SELECT count(DISTINCT CASE WHEN ${sampled("contact_id", most)} THEN contact_id END) AS contacts, count(contact_id) AS signals
     FROM (${contacts.join(" UNION ALL ")})`,
  );
  return { contacts: Number(found.contacts) * sampling(most), signals: Number(found.signals) };
}
