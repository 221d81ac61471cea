/** Finding what is to be erased of somebody: in which rows, and by what else it would be found. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { messageOf, SignalhouseError } from "../../schemas/errors.ts";
import { keyKind } from "../../schemas/marts.ts";
import { foldOf, pseudonym } from "../../schemas/privacy.ts";
import { quoteIdentifier as id, quoteText } from "../../schemas/names.ts";
import type { Table } from "../../schemas/signal-types.ts";
import { TABLES } from "../../schemas/tables.ts";
import { contactColumns } from "../contact-columns.ts";
import { keptSettings, martContext } from "../mart-settings.ts";
import { keptPrivacy, privacySecret } from "../privacy.ts";
import { behaviorSql } from "../marts/behavior.ts";
import { folded, keyTexts, ownAliases, ownContact, remembered } from "../marts/contact.ts";
import type { ContactKey, MartContext } from "../marts/mart.ts";
import { marketingSql } from "../marts/marketing.ts";
import { isBehavior } from "../merge-sql.ts";
import { made, onlyRow, rows } from "../sql.ts";
import { queryFailed } from "../query/failures.ts";
import { prepareReading } from "../query/run.ts";
import { ERASED, makeErased } from "./erased.ts";
import { type Needles, needlesOf } from "./needles.ts";

/** Who, or what, is to be erased. */
export type Asked = { email: string } | { contactKey: string } | { where: string };

/** What was found of it. The rows are in the temporary table ERASED, the contacts in CONTACTS, and what is to be remembered of them in VALUES. */
export interface Found {
  /** How many contacts go as a whole: one, or none. */
  contacts: number;
  /** Contacts that have the address together: of them only the signals go that name it. */
  sharing: number;
  needles: Needles;
  /** Signals of others that name somebody who is erased, in some text: they stay. */
  left: Partial<Record<Table, number>>;
}

/** The temporary table of the contacts that are erased. */
export const CONTACTS = "erased_contacts";
/** The temporary table of what says who they are, and nobody else: name, text as it came, and value as it is remembered. */
export const VALUES = "erased_values";

const ASKED = "asked_value";

/**
 * Finds it. Makes temporary tables, and changes nothing. Reads both tables some times; memory is DuckDB's.
 * @param secret the privacy key: where the warehouse has pseudonyms, the value that is asked for is looked for by its own, too
 * @throws SignalhouseError usage, not_found, query_failed; config_invalid where the warehouse has pseudonyms by another key
 */
export async function findErased(connection: DuckDBConnection, asked: Asked, secret: Buffer | undefined): Promise<Found> {
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${CONTACTS} (contact_id VARCHAR)`);
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${VALUES} (name VARCHAR, text VARCHAR, value VARCHAR)`);
  if ("where" in asked) {
    await findWhere(connection, asked.where);
    return { contacts: 0, sharing: 0, needles: needlesOf([]), left: {} };
  }
  const settings = await keptSettings(connection);
  if (!settings) throw new Error("the warehouse has no marts");
  const context = await martContext(connection, settings);
  const keys = await allKeys(connection, context);
  const meant = await askFor(connection, asked, context, keys);
  await addPseudonyms(connection, asked, meant, secret);
  const sharing = await findContacts(connection, meant);
  await makeErased(connection, TABLES.map((table) => rowsOf(meant, table)).join(" UNION ALL "));
  await findValues(connection, keys, meant);
  const found = await rows<{ text: string }>(connection, `SELECT text FROM ${VALUES} UNION SELECT value FROM ${VALUES}`);
  const needles = needlesOf(found.map(({ text }) => text));
  const left = await findMentions(connection, context, needles);
  const { isWhole } = await onlyRow<{ isWhole: boolean }>(connection, `SELECT EXISTS (FROM ${ERASED} WHERE is_own) AS "isWhole"`);
  return { contacts: isWhole ? 1 : 0, sharing, needles, left };
}

/** Makes sure that what is asked for can be looked for, without looking. @throws SignalhouseError usage, query_failed */
export async function assertAsked(connection: DuckDBConnection, asked: Asked): Promise<void> {
  if ("where" in asked) await conditions(connection, asked.where);
}

/** The rows for which a condition of the user's own holds. */
async function findWhere(connection: DuckDBConnection, where: string): Promise<void> {
  await makeErased(connection, (await conditions(connection, where)).join(" UNION ALL ")).catch((error: unknown) => {
    // DuckDB's words may have a value in them, and this is noted with the run.
    const [kind = ""] = /^\w+ Error/.exec(messageOf(error)) ?? [];
    throw new SignalhouseError("query_failed", `the condition of --where fails on some signal: ${kind}`, WHERE_HINT, error);
  });
}

/** SQL of the rows for which it holds, of each table that has its columns. */
async function conditions(connection: DuckDBConnection, where: string): Promise<string[]> {
  const found: string[] = [];
  let failure: unknown;
  for (const table of TABLES) {
    const sql = `SELECT ${isBehavior(table)} AS behavior, ${ROW_COLUMNS}, false AS is_own, 'where' AS why FROM (SELECT *, rowid AS row_id FROM ${table}) WHERE (${where}\n)`;
    try {
      await prepareReading(connection, sql);
      found.push(sql);
    } catch (error) {
      // A column that only the other table has: of this one no row is meant.
      if (!messageOf(error).startsWith("Binder Error")) throw queryFailed(error, WHERE_HINT);
      failure = error;
    }
  }
  if (found.length === 0) throw queryFailed(failure, WHERE_HINT);
  return found;
}

const WHERE_HINT = "Nothing was changed. Give a condition on columns of marketing_signals or behavior_signals: --where \"tltsid = 's-17'\"";

/** What ERASED has of a row. */
const ROW_COLUMNS = "row_id, signal_type, signal_key, occurred_at, load_id, record_no";
/** What of that the SQL of marts does not give by itself. */
const rowColumns = (table: Table) => ["row_id", "load_id", "record_no"].map((name) => `${ROW[table]}.${name}`).join(", ");

/** The rows of a table as the SQL of marts takes them. Test signals are somebody's, too. */
const FROM: Readonly<Record<Table, string>> = {
  marketing_signals: "(SELECT *, rowid AS row_id, false AS was_test FROM marketing_signals)",
  behavior_signals: "(SELECT * REPLACE (false AS is_test), rowid AS row_id, is_test IS TRUE AS was_test FROM behavior_signals)",
};

/** The aliases that rows have in the SQL of marts. */
const ROW: Readonly<Record<Table, string>> = { marketing_signals: "m", behavior_signals: "b" };

/** SQL of signals with their contact. @param more SQL of further columns, of a row whose alias is that of ROW */
const whose = (context: MartContext, table: Table, from: string, more: string): string =>
  (table === "marketing_signals" ? marketingSql : behaviorSql)(context, from, `, ${more}`);

type Key = Pick<ContactKey, "header" | "isPrimary" | "column">;

/** What may say who somebody is: the keys of contacts, and all addresses beside them. */
async function allKeys(connection: DuckDBConnection, { contactKeys }: MartContext): Promise<Key[]> {
  const others = (await contactColumns(connection)).filter(
    ({ header, column }) => keyKind(header) !== "other" && !contactKeys.some((key) => key.column === column),
  );
  return [...contactKeys, ...others.map(({ header, column }) => ({ header, column, isPrimary: false }))];
}

/** Who is asked for, in SQL. */
interface Meant {
  context: MartContext;
  /** The keys whose value is asked for. */
  keys: readonly Key[];
  /** Whether a row names what is asked for, in SQL of a row of a table. */
  isNamed: (table: Table, row: string) => string;
  /** Whether a key of its own says so for sure, as the primary one does: an address may be that of several. */
  isSure: boolean;
}

async function askFor(
  connection: DuckDBConnection,
  asked: { email: string } | { contactKey: string },
  context: MartContext,
  keys: readonly Key[],
): Promise<Meant> {
  const isSure = "contactKey" in asked;
  const meant = isSure ? keys.filter(({ isPrimary }) => isPrimary) : keys.filter(({ header }) => keyKind(header) === "email");
  const value = isSure ? asked.contactKey : asked.email;
  if (meant.length === 0) {
    const what = isSure ? "no contact attribute that says who somebody is" : "no contact attribute that is an e-mail address";
    throw new SignalhouseError(
      "usage",
      `the warehouse has ${what}`,
      'See what it has: signalhouse contacts detect. Or say which signals: --where "…"',
    );
  }
  if (value.trim() === "") throw new SignalhouseError("usage", "the value to look for is empty", "Give an e-mail address, or a contact's key.");
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${ASKED} AS SELECT $1 AS text`, [value]);
  const [first] = meant as [Key];
  const asFolded = `(SELECT ${folded(first, "text")} FROM ${ASKED})`;
  const isNamed = (table: Table, row: string) => {
    const texts = meant.flatMap((key) => keyTexts(key, table, row).map((text) => `coalesce(${folded(key, text)} IN ${asFolded}, false)`));
    // In a warehouse of several data sets a contact's id begins with its own.
    return `(${[...texts, ...(isSure ? [`coalesce(${ownContact(context, table, row)} IN ${asFolded}, false)`] : [])].join(" OR ")})`;
  };
  return { context, keys: meant, isNamed, isSure };
}

/** Adds the pseudonyms that the value may have. In a warehouse of several data sets its own stands before it. */
async function addPseudonyms(
  connection: DuckDBConnection,
  asked: { email: string } | { contactKey: string },
  { context, keys }: Meant,
  secret: Buffer | undefined,
): Promise<void> {
  const kept = await keptPrivacy(connection);
  if (!kept) return;
  const own = await privacySecret(connection, async () => secret, kept);
  const value = "email" in asked ? asked.email : asked.contactKey;
  const [dataset = "", key = ""] = /^(.*\/)(.*)$/.exec(value)?.slice(1) ?? [];
  const folds = new Set(keys.map(({ header }) => foldOf(header, context.keys)));
  const texts = [...folds].flatMap((fold) => {
    const [whole, behind] = [pseudonym(own, value, fold), pseudonym(own, key, fold)];
    return [...(whole === undefined ? [] : [whole]), ...(dataset === "" || behind === undefined ? [] : [dataset + behind])];
  });
  for (const text of texts) await connection.run(`INSERT INTO ${ASKED} SELECT $1 WHERE $1 NOT IN (SELECT text FROM ${ASKED})`, [text]);
}

/** Notes the contacts that go as a whole. @returns how many have the address together; 0 where it is one's alone */
async function findContacts(connection: DuckDBConnection, { context, isNamed, isSure }: Meant): Promise<number> {
  const owners = TABLES.map(
    (table) =>
      `SELECT ${ownContact(context, table, "r")} AS contact_id FROM ${FROM[table]} r WHERE ${isSure ? "true" : "NOT was_test"} AND ${isNamed(table, "r")}`,
  );
  const found = await rows<{ contact_id: string }>(
    connection,
    `SELECT DISTINCT contact_id FROM (${owners.join(" UNION ALL ")}) WHERE contact_id IS NOT NULL ORDER BY contact_id LIMIT 1000`,
  );
  if (isSure && found.length > 1) {
    throw new SignalhouseError(
      "usage",
      `${found.length} data sets have a contact with this key`,
      "Nothing was changed. Say whose is meant, with its data set before it, as marts have contact ids: --contact-key DATASET/KEY",
    );
  }
  const [only] = found;
  if (found.length === 1 && only) await connection.run(`INSERT INTO ${CONTACTS} VALUES ($1)`, [only.contact_id]);
  // Who is known by an address alone has that for an id.
  const aliases = isSure
    ? []
    : TABLES.flatMap((table) =>
        ownAliases(context, table, "r").map(
          (alias, index) =>
            `SELECT ${alias} AS alias FROM ${FROM[table]} r WHERE ${isNamed(table, "r")} AND (SELECT bool_or(ends_with(${alias}, ${quoteText(`${context.contactKeys[index + 1]?.name ?? ""}:`)} || lower(trim(a.text)))) FROM ${ASKED} a)`,
        ),
      );
  if (aliases.length > 0)
    await connection.run(`INSERT INTO ${CONTACTS} SELECT DISTINCT alias FROM (${aliases.join(" UNION ALL ")}) WHERE alias IS NOT NULL`);
  return found.length > 1 ? found.length : 0;
}

/** SQL of the rows that are to go: those that name who is asked for, and all that are somebody's who goes as a whole. */
function rowsOf({ context, isNamed }: Meant, table: Table): string {
  const signals = whose(context, table, FROM[table], `${rowColumns(table)}, ${isNamed(table, ROW[table])} AS is_named`);
  return `SELECT ${isBehavior(table)} AS behavior, ${ROW_COLUMNS}, coalesce(contact_id IN (FROM ${CONTACTS}), false) AS is_own,
      CASE WHEN is_named THEN 'named' ELSE contact_via END AS why
    FROM (${signals}) WHERE is_named OR contact_id IN (FROM ${CONTACTS})`;
}

/** Notes what says who they are, and is nobody else's. */
async function findValues(connection: DuckDBConnection, keys: readonly Key[], { keys: asked }: Meant): Promise<void> {
  const texts = (where: (table: Table) => string) =>
    TABLES.flatMap((table) =>
      keys.flatMap((key) =>
        keyTexts(key, table, "r").map(
          (text) =>
            `SELECT ${quoteText(key.header)} AS name, ${text} AS text, ${remembered(key.header, text)} AS value FROM ${table} r WHERE ${where(table)}`,
        ),
      ),
    ).join(" UNION ALL ");
  const among = (table: Table, more = "") => `(SELECT row_id FROM ${ERASED} WHERE behavior = ${isBehavior(table)} ${more})`;
  const asGiven = asked.map((key) => `SELECT ${quoteText(key.header)}, text, ${remembered(key.header, "text")} FROM ${ASKED}`).join(" UNION ");
  await connection.run(
    `INSERT INTO ${VALUES} SELECT DISTINCT * FROM (${texts((table) => `rowid IN ${among(table, "AND is_own")}`)}) WHERE value IS NOT NULL UNION ${asGiven}`,
  );
  await connection.run(
    `DELETE FROM ${VALUES} WHERE value IN (SELECT value FROM (${texts((table) => `rowid NOT IN ${among(table)}`)}) WHERE value IN (SELECT value FROM ${VALUES}))`,
  );
}

/** Adds the signals that are nobody's and name them in some text. @returns how many of somebody else's do */
async function findMentions(connection: DuckDBConnection, context: MartContext, { distinct }: Needles): Promise<Found["left"]> {
  const left: Found["left"] = {};
  if (distinct === undefined) return left;
  await connection.run("SET VARIABLE erased_distinct = $1", [distinct]);
  for (const table of TABLES) {
    const columns = await rows<{ name: string }>(
      connection,
      `SELECT name FROM pragma_table_info(${quoteText(`main.${table}`)}) WHERE type IN ('VARCHAR', 'JSON', 'VARCHAR[]')`,
    );
    const isMentioned = columns.map(({ name }) => `regexp_matches(CAST(${id(name)} AS VARCHAR), getvariable('erased_distinct'))`).join(" OR ");
    const from = `(FROM ${FROM[table]} t WHERE row_id NOT IN (SELECT row_id FROM ${ERASED} WHERE behavior = ${isBehavior(table)}) AND (${isMentioned}))`;
    const some = `SELECT ${isBehavior(table)} AS behavior, ${ROW_COLUMNS}, contact_id FROM (${whose(context, table, from, rowColumns(table))})`;
    if ((await made(connection, "mentions", some)) === 0) continue;
    await connection.run(
      `INSERT INTO ${ERASED} SELECT * EXCLUDE (contact_id), false AS is_own, 'mention' AS why FROM mentions WHERE contact_id IS NULL`,
    );
    const [others] = await rows<{ n: bigint }>(connection, "SELECT count(*) AS n FROM mentions WHERE contact_id IS NOT NULL");
    if (others && others.n > 0n) left[table] = Number(others.n);
  }
  return left;
}
