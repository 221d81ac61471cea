/** Leaving out what comes again of somebody who was forgotten. signalhouse.suppressions knows of it as keyed hashes only. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Header } from "../schemas/header.ts";
import { CONTENT_KEY } from "../schemas/identity.ts";
import { HASH_DIGITS, remembering } from "../schemas/keyed-hash.ts";
import { quoteText } from "../schemas/names.ts";
import type { Table } from "../schemas/signal-types.ts";
import { TABLES } from "../schemas/tables.ts";
import { useKeyedHash } from "./keyed-hash.ts";
import { keptSettings } from "./mart-settings.ts";
import { keptPrivacy, privacySecret } from "./privacy.ts";
import { contactKeysOf, keyTexts, remembered } from "./marts/contact.ts";
import { isBehavior } from "./merge-sql.ts";
import { made, rows } from "./sql.ts";
import type { Staging } from "./staging.ts";
import type { FindKey } from "./warehouse.ts";

/** The temporary table of the records that were left out: behavior and record_no. */
export const SUPPRESSED = "suppressed_records";

/** What may be remembered of somebody: see signalhouse.suppressions. */
export type Remembered = "key" | "session" | "click" | "signal";

/** SQL of the text that is hashed. @param name the header of a key; empty of all else @param value SQL of a text */
export const hashedText = (what: Remembered, name: string, value: string): string => `${quoteText(remembering(what, name))} || ${value}`;

/** SQL of what a single signal is remembered by. @param row alias of a table with signal_type and signal_key */
export const signalText = (row: string): string => `${row}.signal_type || '\u001f' || ${row}.signal_key`;

/** The macro that hashes. */
export const HASH = "suppressed_hash";

/**
 * Makes the macro that hashes, on a connection. Where content may be left out, the key of a signal without an id is such a hash already (transforms/private-records.ts): it is told by that, since what it was made of is not there.
 */
export async function useSuppressedHash(connection: DuckDBConnection, secret: Buffer): Promise<void> {
  await useKeyedHash(connection, KEYED, secret);
  const key = `${CONTENT_KEY.prefix}[0-9a-f]{${HASH_DIGITS}}`;
  const isKey = `(starts_with(text, ${quoteText(remembering("signal", ""))}) AND regexp_matches(text, ${quoteText(`\u001f${key}$`)}))`;
  const hash = `${KEYED}(text)`;
  const isPrivate = (await keptPrivacy(connection)) !== undefined;
  await connection.run(
    `CREATE OR REPLACE TEMP MACRO ${HASH}(text) AS ${isPrivate ? `CASE WHEN ${isKey} THEN right(text, ${HASH_DIGITS}) ELSE ${hash} END` : hash}`,
  );
}

/** A macro that makes keyed hashes. */
const KEYED = "privacy_hash";

/** What a record says by which it may be somebody's who was forgotten. */
interface Said {
  what: Remembered;
  name: string;
  /** SQL of a row whose alias is r; NULL where it does not say it. */
  value: string;
}

/** Whom a file's records may be of, as far as they say so. */
export interface Suppression {
  /** The headers whose values are remembered. */
  names: readonly string[];
  said: (table: Table) => readonly Said[];
}

/**
 * How records of files with this header tell that they are of somebody who was forgotten; undefined where nobody was. From here on the connection can hash.
 * @throws SignalhouseError config_invalid where the key of the hashes is not there, or another one
 */
export async function suppressionOf(
  connection: DuckDBConnection,
  header: Pick<Header, "fields">,
  privacyKey: FindKey,
): Promise<Suppression | undefined> {
  const known = await rows<{ what: Remembered; name: string | null }>(connection, "SELECT DISTINCT what, name FROM signalhouse.suppressions");
  if (known.length === 0) return undefined;
  await useSuppressedHash(connection, await privacySecret(connection, privacyKey, await keptPrivacy(connection)));
  const names = [...new Set(known.flatMap(({ name }) => name ?? []))];
  const kinds = new Set(known.map(({ what }) => what));
  const columns = header.fields.flatMap((field) => (field.contact ? [field] : []));
  const keys = contactKeysOf((await keptSettings(connection)) ?? { keys: [] }, columns);
  const said = (table: Table): Said[] => {
    const all = names.flatMap((name) => {
      const of = columns.filter((column) => column.header === name).map(({ column }) => column);
      const texts = [...new Set([undefined, ...of].flatMap((column) => keyTexts({ header: name, isPrimary: true, column }, table, "r")))];
      return texts.map((text): Said => ({ what: "key", name, value: remembered(name, text) }));
    });
    // By session or click only a signal is somebody's that says nothing itself.
    const own = [...keys.flatMap((key) => keyTexts(key, table, "r")), "NULL"].join(", ");
    const led = (what: Remembered, value: string): Said[] =>
      kinds.has(what) && table === "behavior_signals" ? [{ what, name: "", value: `CASE WHEN coalesce(${own}) IS NULL THEN r.${value} END` }] : [];
    const single: Said[] = kinds.has("signal") ? [{ what: "signal", name: "", value: signalText("r") }] : [];
    return [...all, ...led("session", "tltsid"), ...led("click", "message_signal_id"), ...single];
  };
  return { names, said };
}

/** Rows of a table. */
interface Source {
  table: Table;
  /** SQL behind FROM that gives them, as r, and ends in a condition. */
  from: string;
}

/** SQL of those texts that are remembered. Each is hashed once. @param texts SQL that gives them as text */
const rememberedSql = (texts: readonly string[]): string =>
  `SELECT text FROM (SELECT DISTINCT text FROM (${texts.join(" UNION ALL ")}) WHERE text IS NOT NULL) WHERE ${HASH}(text) IN (SELECT hash FROM signalhouse.suppressions)`;

const textsOf = (suppression: Suppression, { table, from }: Source): string[] =>
  suppression.said(table).map(({ what, name, value }) => `SELECT ${hashedText(what, name, value)} AS text FROM ${from}`);

/** SQL of behavior and record_no of rows that say one of some texts. @param texts SQL behind FROM that gives them */
function sayingSql(suppression: Suppression, { table, from }: Source, texts: string): string {
  const isOne = suppression.said(table).map(({ what, name, value }) => `${hashedText(what, name, value)} IN (FROM ${texts})`);
  return `SELECT ${isBehavior(table)} AS behavior, r.record_no FROM ${from} AND (${isOne.join(" OR ")})`;
}

/** SQL of record_no of rows that are of somebody who was forgotten. */
export const suppressedSql = (suppression: Suppression, source: Source): string =>
  `WITH texts AS MATERIALIZED (${rememberedSql(textsOf(suppression, source))}) SELECT record_no FROM (${sayingSql(suppression, source, "texts")})`;

/**
 * Takes out of what is staged the records of whoever was forgotten, before any of it is merged. Within the load's transaction. Where nobody was, it is one look at an empty table; else each text that may say who somebody is is hashed
 * once, at 3 microseconds.
 * @returns how many records it took
 * @throws SignalhouseError as suppressionOf
 */
export async function suppress(staging: Staging, privacyKey: FindKey): Promise<number> {
  const { connection, counts, header } = staging;
  const suppression = header && (await suppressionOf(connection, header, privacyKey));
  if (!suppression) return 0;
  const { names } = suppression;
  const sources = TABLES.flatMap((table) => (counts.rows[table] > 0 ? [{ table, from: `staged_${table} r WHERE true` }] : []));
  const words = counts.rejected > 0 ? names.map((name) => `SELECT ${hashedText("key", name, remembered(name, "word"))} AS text FROM (${WORDS})`) : [];
  const texts = [...sources.flatMap((source) => textsOf(suppression, source)), ...words];
  if (texts.length === 0 || (await made(connection, TEXTS, rememberedSql(texts))) === 0) return 0;
  const none = "SELECT false AS behavior, 0::BIGINT AS record_no LIMIT 0";
  await made(connection, SUPPRESSED, sources.map((source) => sayingSql(suppression, source, TEXTS)).join(" UNION ALL ") || none);
  return takeOut(staging, words.length > 0 ? names : []);
}

const TEXTS = "suppressed_texts";

/** A shorter value without an @ may stand in a text by chance, as numbers of few digits do in times and amounts. */
export const LEAST_CHARACTERS = 8;

/** Rejects by their words, as a text that is no record has no columns: what stands between blanks, quotes and the like, and, however short, what fills a field. */
const WORDS = `SELECT record_no, word FROM (
    SELECT record_no, unnest(regexp_extract_all(replace(replace(raw, '%40', '@'), '%2B', '+'), '[^\\s"'',;:=&?<>()\\[\\]{}|\\\\]+')) AS word FROM staged_rejects
  ) WHERE length(word) >= ${LEAST_CHARACTERS} OR contains(word, '@')
  UNION ALL SELECT record_no, trim(unnest(string_split(raw, ',')), ' "\r\n') AS word FROM staged_rejects`;

/** Takes the records out. @param names the headers whose values rejects are looked through for */
async function takeOut({ connection, counts }: Staging, names: readonly string[]): Promise<number> {
  const remove = async (from: string) => (await connection.run(`DELETE FROM ${from}`)).rowsChanged;
  let taken = 0;
  for (const table of TABLES) {
    const which = `record_no IN (SELECT record_no FROM ${SUPPRESSED} WHERE behavior = ${isBehavior(table)})`;
    const some = counts.rows[table] > 0 ? (await remove(`read_${table} WHERE ${which}`)) + (await remove(`held_${table} WHERE ${which}`)) : 0;
    counts.rows[table] -= some;
    taken += some;
  }
  await remove(`read_order_items WHERE record_no IN (SELECT record_no FROM ${SUPPRESSED})`);
  if (names.length > 0) {
    const isIn = names.map((name) => `${hashedText("key", name, remembered(name, "word"))} IN (FROM ${TEXTS})`).join(" OR ");
    const rejected = await remove(`staged_rejects WHERE record_no IN (SELECT record_no FROM (${WORDS}) WHERE ${isIn})`);
    counts.rejected -= rejected;
    taken += rejected;
  }
  counts.suppressed += taken;
  return taken;
}
