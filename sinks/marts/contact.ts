/** Whose a signal is, in SQL: its keys, and what they resolve to. */
import { identifierNames, keyKind, type MartSettings } from "../../schemas/marts.ts";
import { quoteIdentifier as id, quoteText, snakeCase } from "../../schemas/names.ts";
import { type Fold, PSEUDONYM } from "../../schemas/privacy.ts";
import type { Table } from "../../schemas/signal-types.ts";
import type { ContactColumn } from "../../schemas/header.ts";
import type { ContactKey, MartContext } from "./mart.ts";
import { trimmed } from "./words.ts";

/** The keys of these settings as the warehouse has them. */
export const contactKeysOf = ({ keys }: Pick<MartSettings, "keys">, columns: readonly ContactColumn[]): ContactKey[] =>
  keys.map((header, index) => {
    const column = columns.find((known) => known.header === header && known.occurrence === 1)?.column;
    return { header, isPrimary: index === 0, column, name: column?.replace(/^contact_/, "") ?? snakeCase(header) };
  });

const IDENTIFYING = "signal_type IN ('identification', 'loggedIn', 'accountRegistered')";

/** A name as identification signals write it, folded: letters and digits alone. */
const FOLDED_NAME = "regexp_replace(lower(identifier_name), '[^a-z0-9]', '', 'g')";

/** SQL of a phone number's digits and plus signs, or its pseudonym; NULL where there are none. */
const dialled = (value: string): string =>
  `CASE WHEN regexp_full_match(${value}, '[0-9+]+|${PSEUDONYM}') THEN ${value} ELSE nullif(regexp_replace(${value}, '[^0-9+]', '', 'g'), '') END`;

/** A key's values so that those that mean the same are equal. @param value SQL of one: it is looked at several times */
export function folded({ header, isPrimary }: Pick<ContactKey, "header" | "isPrimary">, value: string): string {
  const kind = keyKind(header);
  return foldSql(kind === "other" ? (isPrimary ? "exact" : "lower") : kind, value);
}

/** The same by how they are made equal: foldedText() of schemas/privacy.ts, in SQL. */
export function foldSql(fold: Exclude<Fold, "look">, value: string): string {
  if (fold === "phone") return dialled(value);
  return fold === "exact" ? trimmed(value) : `lower(${trimmed(value)})`;
}

/** A key's values as they are remembered of whoever was forgotten: of names, numbers and the like each spelling is one of its own. @param value SQL of one */
export function remembered(header: string, value: string): string {
  return keyKind(header) === "other" ? `nullif(trim(${value}), '')` : folded({ header, isPrimary: false }, value);
}

/** Whether an identification signal says a key, in SQL of a row. */
const says = ({ header, isPrimary }: Pick<ContactKey, "header" | "isPrimary">, row: string): string =>
  `${row}.${IDENTIFYING} AND ${FOLDED_NAME} IN (${identifierNames(header, isPrimary).map(quoteText).join(", ")})`;

/** SQL of all that a row says of a key, as it came: in its column, and as an identification signal. `row` is the alias of the table. */
export function keyTexts(key: Pick<ContactKey, "header" | "isPrimary" | "column">, table: Table, row: string): string[] {
  const column = key.column === undefined ? [] : [`${row}.${id(key.column)}`];
  return [...column, ...(table === "behavior_signals" ? [`CASE WHEN ${says(key, row)} THEN ${row}.identifier_value END`] : [])];
}

/** SQL of a row's own value of a key: of its column, or, where that is empty, of what an identification signal says. `row` is the alias of the table. */
function keyValue(key: ContactKey, table: Table, row: string): string {
  const column = key.column === undefined ? [] : [folded(key, `${row}.${id(key.column)}`)];
  const said = table === "behavior_signals" ? [`CASE WHEN ${says(key, row)} THEN ${folded(key, `${row}.identifier_value`)} END`] : [];
  const values = [...column, ...said];
  if (values.length === 0) return "NULL::VARCHAR";
  return values.length === 1 ? (values[0] as string) : `coalesce(${values.join(", ")})`;
}

/**
 * Whether a row's primary column may say nothing, in SQL. The look at the column as it is comes first: to fold the texts of a whole table takes a second for ten million, and nearly all begin with a printable character.
 * DuckDB also takes a condition more for fewer rows, and so makes its hash tables of these rather than of all aliases.
 */
function mayLackSql({ contactKeys, isPublished }: MartContext, row: string): string {
  const { column, header = "" } = contactKeys[0] ?? {};
  // Of a phone number nothing may be left, whatever it begins with: `n/a`.
  if (column === undefined || isPublished || keyKind(header) === "phone") return "true";
  return `(${row}.${id(column)} IS NULL OR ${row}.${id(column)} < '!' OR ${row}.${id(column)} > '~')`;
}

/** Whether a row has no primary key of its own, in SQL. */
export const lacksOwnSql = (context: MartContext, table: Table, row: string): string =>
  `(${mayLackSql(context, row)} AND ${ownContact(context, table, row)} IS NULL)`;

const qualifier = ({ isQualified }: MartContext, row: string) => (isQualified ? `coalesce(${row}.dataset_id || '/', '') || ` : "");

/** The column of the published copy that has a key of a signal, from 0: the contact of the primary one, or the alias of a secondary one. */
export const keyColumn = (index: number): string => `key_${index + 1}`;

/** The table that marts read: in the published copy one that has the keys, too. */
const signalsOf = ({ isPublished }: Pick<MartContext, "isPublished">, table: Table): string => (isPublished ? `published.${table}` : `main.${table}`);

/** SQL of the contact that a row's own primary key says. */
export function ownContact(context: MartContext, table: Table, row: string): string {
  if (context.isPublished && context.contactKeys.length > 0) return `${row}.${keyColumn(0)}`;
  const [primary] = context.contactKeys;
  return primary ? `${qualifier(context, row)}${keyValue(primary, table, row)}` : "NULL::VARCHAR";
}

/** SQL of the contact that a row's primary column says; undefined where there is no such column. */
function columnContact(context: MartContext, table: Table, row: string): string | undefined {
  const [primary] = context.contactKeys;
  if (primary === undefined) return undefined;
  if (context.isPublished) return ownContact(context, table, row);
  return primary.column === undefined ? undefined : `${qualifier(context, row)}${folded(primary, `${row}.${id(primary.column)}`)}`;
}

/** SQL of a row's aliases, one each secondary key, in order. */
export const ownAliases = (context: MartContext, table: Table, row: string): string[] =>
  context.contactKeys
    .slice(1)
    .map((key, index) =>
      context.isPublished
        ? `${row}.${keyColumn(index + 1)}`
        : `${qualifier(context, row)}${quoteText(`${key.name}:`)} || ${keyValue(key, table, row)}`,
    );

/**
 * SQL of rows with the contact that their own keys say, and how: all that they have, and known_contact, known_via.
 * Keys are made once, in subqueries: as conditions of joins DuckDB makes them anew for each, and takes twice as long.
 * @param known the table of aliases
 * @param from the rows, as SQL that gives them; they need have no more than contact columns, and what identifications say
 */
export function withContact(context: MartContext, table: Table, from: string, known = "marts.contact_aliases"): string {
  const owned = `SELECT r.*, ${ownContact(context, table, "r")} AS own_contact FROM ${from} r`;
  // A key is only looked for where it decides. The condition stands inside of it: beside it DuckDB 1.5 makes a nested loop of the join.
  const aliases = ownAliases(context, table, "r").map((alias, index) => ({ alias, key: `alias_${index + 1}`, a: `a${index + 1}` }));
  const keyed = `SELECT r.*${aliases.map(({ alias, key }) => `, CASE WHEN own_contact IS NULL THEN ${alias} END AS ${key}`).join("")} FROM (${owned}) r`;
  const secondary = [...aliases.map(({ a }) => `${a}.contact_id`), ...aliases.map(({ key, a }) => `CASE WHEN ${a}.alias IS NULL THEN r.${key} END`)];
  const { first, all, named } = gathered(context, "keyed", keyed);
  return `(${first} SELECT r.*, coalesce(${["r.own_contact", ...secondary].join(", ")}) AS known_contact,
      CASE WHEN r.own_contact IS NOT NULL THEN 'primary' WHEN coalesce(${[...secondary, "NULL"].join(", ")}) IS NOT NULL THEN 'secondary' END AS known_via
    FROM ${all} r ${aliases.map(({ key, a }) => `LEFT JOIN ${named(known, "alias", key)} ${a} ON ${a}.alias = r.${key}`).join(" ")})`;
}

/** SQL of the values of a column of few rows, for IN. By a list, which DuckDB takes for one row and has in memory: else it takes a load's rows for many, and makes a hash table of all that they are looked for in. */
const fewSql = (column: string, from: string): string => `SELECT unnest(list(DISTINCT ${column})) FROM ${from} WHERE ${column} IS NOT NULL`;

/**
 * SQL of rows that are joined to tables. Where they are few, they are made first, and of the tables is only looked at what they name: DuckDB would make hash tables of all that is there.
 * @param name what the rows are called meanwhile
 * @returns what stands before SELECT, what gives all of the rows, and what gives those of a table whose column has what theirs names
 */
export function gathered({ areFew }: Pick<MartContext, "areFew">, name: string, rows: string) {
  if (!areFew) return { first: "", all: `(${rows})`, named: (table: string) => table };
  const named = (table: string, column: string, own: string) => `(FROM ${table} WHERE ${column} IN (${fewSql(own, name)}))`;
  return { first: `WITH ${name} AS MATERIALIZED (${rows})`, all: name, named };
}

/**
 * SQL of all rows of a table with their contact, those whose primary column says it by themselves: so that whoever asks for one contact has DuckDB look for it in that column, and only the others are looked up.
 * @param known SQL of rows that have known_contact and known_via, as withContact() gives them
 * @param owned the same, of rows that need nothing else to be somebody's
 */
export function eachWay(context: MartContext, table: Table, known: (rows: string) => string, owned: (rows: string) => string): string {
  const all = signalsOf(context, table);
  const contact = columnContact(context, table, "r");
  if (contact === undefined) return known(withContact(context, table, all));
  return `${owned(`(SELECT r.*, ${contact} AS known_contact, 'primary' AS known_via FROM ${all} r WHERE ${contact} IS NOT NULL)`)}
    UNION ALL ${known(withContact(context, table, `(SELECT * FROM ${all} r WHERE ${mayLackSql(context, "r")} AND ${contact} IS NULL)`))}`;
}

/** SQL of the domain of the e-mail address that a marketing signal has; NULL where it is no e-mail, or no key is an address. */
export function recipientDomain(context: MartContext, row: string): string {
  if (context.isPublished) return `${row}.recipient_domain`;
  const key = context.contactKeys.find(({ header }) => keyKind(header) === "email");
  const address = key ? keyValue(key, "marketing_signals", row) : "NULL::VARCHAR";
  return `CASE WHEN ${row}.channel = 'email' THEN nullif(split_part(${address}, '@', 2), '') END`;
}
