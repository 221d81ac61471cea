/** What of the configuration's privacy holds for all that a warehouse has: signalhouse.meta keeps it, so that no load writes what others have left out. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { SignalhouseError } from "../schemas/errors.ts";
import { privacyFingerprint } from "../schemas/keyed-hash.ts";
import { foldOf, listedAs, listsAny, type PrivacyInEffect, type PrivacySettings } from "../schemas/privacy.ts";
import { TABLES } from "../schemas/tables.ts";
import { keptSettings } from "./mart-settings.ts";
import { onlyRow, rows } from "./sql.ts";
import type { Warehouse } from "./warehouse.ts";

/** What signalhouse.meta has of it. */
export interface KeptPrivacy extends PrivacySettings {
  /** What tells the key from another one. */
  key: string;
  /** The contact keys whose pseudonyms are the same in any case. */
  anyCase: readonly string[];
}

/** Undefined where privacy never listed anything. */
export async function keptPrivacy(connection: DuckDBConnection): Promise<KeptPrivacy | undefined> {
  // A warehouse of an older version that is only read lacks the column.
  const [meta] = await rows<{ privacy: string | null }>(
    connection,
    "SELECT CAST(to_json(m)->'$.privacy' AS VARCHAR) AS privacy FROM signalhouse.meta m",
  );
  return meta?.privacy ? ((JSON.parse(meta.privacy) as KeptPrivacy | null) ?? undefined) : undefined;
}

/** Notes that it holds from here on. */
export async function keepPrivacy(connection: DuckDBConnection, kept: KeptPrivacy): Promise<void> {
  await connection.run("UPDATE signalhouse.meta SET privacy = $1", [JSON.stringify(kept)]);
}

/** What would be kept of settings. */
export const keptOf = ({ columns, fields }: PrivacySettings, secret: Buffer, keys: readonly string[]): KeptPrivacy => ({
  columns,
  fields,
  key: privacyFingerprint(secret),
  anyCase: keys.filter((key) => columns[nameIn(columns, key) ?? ""] === "pseudonym" && foldOf(key, keys) === "lower"),
});

/** How settings call a header, if they list it. */
const nameIn = (columns: PrivacySettings["columns"], header: string): string | undefined =>
  Object.keys(columns).find((name) => listedAs(name) === listedAs(header));

/** What settings list beyond others, or otherwise: `columns.Email`. */
function beyond(wanted: PrivacySettings, known: PrivacySettings): string[] {
  return (["columns", "fields"] as const).flatMap((where) =>
    Object.entries(wanted[where]).flatMap(([name, action]) => (known[where][name] === action ? [] : [`${where}.${name}`])),
  );
}

/** The contact keys that the warehouse tells contacts apart by, the primary one first. */
export const contactKeys = async (connection: DuckDBConnection): Promise<readonly string[]> => (await keptSettings(connection))?.keys ?? [];

/**
 * What holds for the records of loads from here on; undefined where nothing ever was listed. A warehouse without rows takes the configuration's settings over; so does one that has applied them, and more.
 * @param onLess told of what the configuration does not list any more
 * @throws SignalhouseError config_invalid where the configuration lists what the warehouse's rows have as it came, or the privacy key is not there, or another one; key_file_open
 */
export async function privacyInEffect(
  { connection, privacy: wanted, privacyKey }: Pick<Warehouse, "connection" | "privacy" | "privacyKey">,
  onLess: (names: readonly string[]) => void = () => undefined,
): Promise<PrivacyInEffect | undefined> {
  const kept = await keptPrivacy(connection);
  if (!kept && !listsAny(wanted)) return undefined;
  const known = kept ?? NOTHING_KEPT;
  const isEmpty = await assertApplied({ connection, privacy: wanted });
  const secret = await privacySecret(connection, privacyKey, kept);
  const keys = await contactKeys(connection);
  const now = keptOf(wanted, secret, keys);
  const less = beyond(known, wanted);
  if (!isEmpty) assertSameCase(now.anyCase, known.anyCase, wanted);
  // What was remembered of reference sets as it is: the next push sends them as a whole.
  if (isEmpty) await connection.run("DELETE FROM signalhouse.refset_rows");
  if (JSON.stringify(now) !== JSON.stringify(kept)) await keepPrivacy(connection, now);
  if (less.length > 0) onLess(less);
  return { ...wanted, secret, keys, forgotten: await forgottenValues(connection) };
}

const NOTHING_KEPT: KeptPrivacy = { columns: {}, fields: {}, anyCase: [], key: "" };

/**
 * Makes sure that the warehouse's rows have nothing that is listed.
 * @returns whether it has none yet, and takes over what is listed @throws SignalhouseError config_invalid
 */
export async function assertApplied({ connection, privacy }: Pick<Warehouse, "connection" | "privacy">): Promise<boolean> {
  const more = beyond(privacy, (await keptPrivacy(connection)) ?? NOTHING_KEPT);
  if (more.length === 0) return false;
  if (await hasRows(connection)) throw notApplied(more);
  return true;
}

/** @throws SignalhouseError config_invalid */
function assertSameCase(now: readonly string[], known: readonly string[], { columns }: PrivacySettings): void {
  const changed = [...now.filter((key) => !known.includes(key)), ...known.filter((key) => !now.includes(key) && nameIn(columns, key) !== undefined)];
  if (changed.length === 0) return;
  throw new SignalhouseError(
    "config_invalid",
    `contacts.keys has ${changed.map((key) => JSON.stringify(key)).join(", ")} at another place than before: pseudonyms of the primary key tell upper and lower case apart, those of other keys do not, and the warehouse's are made the other way`,
    "Nothing was loaded. Put contacts.keys back in the order that the warehouse's pseudonyms were made with.",
  );
}

const notApplied = (names: readonly string[]): SignalhouseError =>
  new SignalhouseError(
    "config_invalid",
    `the configuration's privacy lists ${names.join(", ")}, and the warehouse has rows that were loaded without that`,
    "Nothing was loaded. See what it would change in the warehouse: signalhouse privacy apply --dry-run; and apply it: signalhouse privacy apply. Or take it out of the configuration.",
  );

/** Whether anything is there that privacy could hold for. */
async function hasRows(connection: DuckDBConnection): Promise<boolean> {
  const any = [...TABLES, "signalhouse.rejects"].map((table) => `EXISTS (FROM ${table})`);
  return (await onlyRow<{ found: boolean }>(connection, `SELECT ${any.join(" OR ")} AS found`)).found;
}

/** The privacy key; where nothing was ever hashed by one, it is made. @throws SignalhouseError config_invalid, key_file_open */
export async function privacySecret(
  connection: DuckDBConnection,
  find: Warehouse["privacyKey"],
  kept: Pick<KeptPrivacy, "key"> | undefined,
): Promise<Buffer> {
  const used = await rows<{ key: string }>(connection, "SELECT DISTINCT key FROM signalhouse.suppressions");
  const known = [...(kept ? [kept.key] : []), ...used.map(({ key }) => key)];
  const secret = await find({ make: known.length === 0 });
  if (secret && known.every((key) => key === privacyFingerprint(secret))) return secret;
  throw new SignalhouseError(
    "config_invalid",
    secret
      ? `the privacy key is another one than that by which the warehouse ${kept ? "has pseudonyms" : "knows who was forgotten"}`
      : `the warehouse ${kept ? "has pseudonyms" : "knows who was forgotten"} by keyed hashes, and their key is not there`,
    "Nothing was loaded or changed: it could bring back what was erased, or give somebody a second pseudonym. Take the key from a backup: the file beside the warehouse whose name ends in .privacy-key, or SIGNALHOUSE_PRIVACY_KEY.",
  );
}

/** The hashes of values by which somebody was forgotten, by the header of their attribute. */
async function forgottenValues(connection: DuckDBConnection): Promise<Map<string, Set<string>>> {
  const found = await rows<{ name: string; hash: string }>(connection, "SELECT name, hash FROM signalhouse.suppressions WHERE what = 'key'");
  const values = new Map<string, Set<string>>();
  for (const { name, hash } of found) values.set(name, (values.get(name) ?? new Set()).add(hash));
  return values;
}
