/** What the configuration's privacy leaves out of records, or has pseudonyms in place of, before anything is written: which names it may list, and how pseudonyms look. */
import {
  CONTENT_FIELDS,
  CONTENT_PATHS_NAMES,
  type ContentField,
  ENVELOPE_FIELDS,
  ITEM_FIELDS,
  ITEMS_FIELD,
  MIRRORED_FIELDS,
} from "./content-fields.ts";
import { exportColumn } from "./export-columns.ts";
import { HASH_DIGITS, keyedHash } from "./keyed-hash.ts";
import { keyKind } from "./marts.ts";
import { spellingOf } from "./names.ts";
import { similar } from "./suggest.ts";

/** What becomes of a value: it is left out, or a keyed hash takes its place. */
export const PRIVACY_ACTIONS = ["drop", "pseudonym"] as const;
export type PrivacyAction = (typeof PRIVACY_ACTIONS)[number];

/** What is done with contact attributes, by header, and with fields of SIGNAL_CONTENT, by name. */
export interface PrivacySettings {
  columns: Readonly<Record<string, PrivacyAction>>;
  fields: Readonly<Record<string, PrivacyAction>>;
}

export const NO_PRIVACY: PrivacySettings = { columns: {}, fields: {} };

/** Whether they list anything. */
export const listsAny = ({ columns, fields }: PrivacySettings): boolean => Object.keys(columns).length + Object.keys(fields).length > 0;

/** What a pseudonym begins with: so that one is known again, by people and programs, and is made of no pseudonym. */
export const PSEUDONYM_PREFIX = "psn_";
/** What stands before the text that is hashed. */
export const PSEUDONYM_OF = "pseudonym\u001f";
/** How pseudonyms look, in JavaScript and RE2 alike. */
export const PSEUDONYM = `${PSEUDONYM_PREFIX}[0-9a-f]{${HASH_DIGITS}}`;
const WHOLE = new RegExp(`^${PSEUDONYM}$`);
export const isPseudonym = (text: string): boolean => WHOLE.test(text);

/**
 * How values are made equal before they are hashed: as the marts compare them, so that a contact is the same one by pseudonyms, and nobody becomes somebody else.
 * Addresses without regard to case; phone numbers by their digits; keys without blanks around them, and those besides the primary one in any case. `look`: an address where it looks like one.
 */
export type Fold = "email" | "phone" | "exact" | "lower" | "look";

/** How the values of a contact attribute are made equal. @param keys the contact keys in effect, the primary one first */
export function foldOf(header: string, keys: readonly string[]): Exclude<Fold, "look"> {
  const kind = keyKind(header);
  if (kind !== "other") return kind;
  return keys.some((key, index) => index > 0 && key === header) ? "lower" : "exact";
}

/** The same of a field of SIGNAL_CONTENT. */
export function foldOfField(name: string): Fold {
  const kind = keyKind(name);
  return kind === "other" ? "look" : kind;
}

/** Blanks as DuckDB's trim() takes them. */
const AROUND = /^\p{Zs}+|\p{Zs}+$/gu;
const NOT_ASCII = /[^\0-\x7f]/;

/** As DuckDB's lower() does it: character by character. */
function lower(text: string): string {
  if (!NOT_ASCII.test(text)) return text.toLowerCase();
  return Array.from(text, (character) => Array.from(character.toLowerCase())[0]).join("");
}

/** A value as it is hashed; empty where nothing is left that could be compared. */
export function foldedText(value: string, fold: Fold): string {
  if (fold === "phone") return value.replace(/[^0-9+]/g, "");
  const bare = value.replace(AROUND, "");
  const isFolded = fold === "email" || fold === "lower" || (fold === "look" && /^[^\s@]+@[^\s@]+$/.test(bare));
  return isFolded ? lower(bare) : bare;
}

/** The pseudonym of a value; undefined where nothing is left of it that could be compared. One that is a pseudonym already is its own. @param secret the privacy key */
export function pseudonym(secret: Buffer, value: string, fold: Fold): string | undefined {
  if (isPseudonym(value)) return value;
  const text = foldedText(value, fold);
  return text === "" ? undefined : PSEUDONYM_PREFIX + keyedHash(secret, PSEUDONYM_OF + text);
}

/** Fields that say what a signal is, or hold its payload: without them a record would be another one, or none. */
const NEEDED: readonly string[] = [...Object.keys(MIRRORED_FIELDS), ...CONTENT_PATHS_NAMES, "isTest", "test"];

type ContentShape = Pick<ContentField, "kind" | "aliases" | "aliasesByType" | "letterCase">;

/** Names of fields whose values a pseudonym would not fit: numbers, yes or no, lists of items, and those whose case is changed. */
const DROP_ONLY: ReadonlyMap<string, string> = new Map(
  [...Object.entries<ContentShape>(CONTENT_FIELDS), ...Object.entries<ContentShape>(ITEM_FIELDS)].flatMap(([name, { kind, letterCase }]) => {
    const why = letterCase !== undefined ? "a word of few" : kind === "decimal" ? "a number" : kind === "boolean" ? "yes or no" : undefined;
    return why === undefined ? [] : spellingsOfField(name).map((each) => [each, why] as const);
  }),
);

/** Why a contact attribute of this name cannot be listed; undefined where it can. */
export function whyNotColumn(header: string): string | undefined {
  if (header === "") return "expected the header of a contact attribute";
  if (!exportColumn(header)) return undefined;
  return `${header} is a column of Connect's exports, without which signals could not be told apart or counted; only contact attributes can be listed`;
}

/** Why a field of this name cannot be listed so; undefined where it can. */
export function whyNotField(name: string, action: PrivacyAction): string | undefined {
  if (name === "") return "expected the name of a field of SIGNAL_CONTENT";
  if (NEEDED.includes(name)) return `${name} says what a signal is, or holds what it says: without it the signal could not be read`;
  if (action === "drop") return undefined;
  if (name === ITEMS_FIELD) return `${name} lists an order's items, which are numbers for the most part: list fields of the items, or drop it`;
  const why = DROP_ONLY.get(name);
  return why === undefined ? undefined : `${name} is ${why}, which no pseudonym fits: it can be dropped only`;
}

/** The names under which a listed field is looked for: with those that senders of older generations write, in whatever signal type. */
export function spellingsOfField(name: string): string[] {
  const known = [CONTENT_FIELDS, ITEM_FIELDS].flatMap((fields) =>
    Object.hasOwn(fields, name) ? [(fields as Readonly<Record<string, ContentShape>>)[name]] : [],
  );
  return [...new Set([name, ...known.flatMap((field) => [...(field?.aliases ?? []), ...Object.values(field?.aliasesByType ?? {}).flat()])])];
}

/** What tells headers apart that privacy lists: it holds for all that differ in case, blanks and punctuation alone. */
export const listedAs = (header: string): string => spellingOf(header) || header;

/** Names of the settings that may be mistyped, with those that may be meant: nothing of these names is known. @param headers those of the contact columns that there are */
export function doubtful(settings: PrivacySettings, headers: readonly string[]): { name: string; where: "columns" | "fields"; meant: string[] }[] {
  const fields = [...Object.keys(CONTENT_FIELDS), ...Object.keys(ITEM_FIELDS), ITEMS_FIELD, ...ENVELOPE_FIELDS];
  const known = new Set(headers.map(listedAs));
  return [
    ...Object.keys(settings.columns).flatMap((name) =>
      headers.length === 0 || known.has(listedAs(name)) ? [] : [{ name, where: "columns" as const, meant: similar(name, headers) }],
    ),
    ...Object.keys(settings.fields).flatMap((name) => {
      const meant = fields.some((field) => spellingsOfField(field).includes(name)) ? [] : similar(name, fields);
      return meant.length === 0 ? [] : [{ name, where: "fields" as const, meant }];
    }),
  ];
}

/** What holds for the records of a load. Whoever reads them has the key in memory only. */
export interface PrivacyInEffect extends PrivacySettings {
  secret: Buffer;
  /** The contact keys in effect, the primary one first; none where the first exports are to decide. */
  keys: readonly string[];
  /** Values of contact attributes that later loads leave out, as hashes, by the header of the attribute. */
  forgotten: ReadonlyMap<string, ReadonlySet<string>>;
}
