/** What Connect demands of a reference set and of its file. Source: vendor page "Create a reference set". */
import { z } from "zod";
import { shown } from "./characters.ts";
import { SignalhouseError } from "./errors.ts";

/** How Connect reads a column. */
export const ATTRIBUTE_TYPES = ["TEXT", "NUMBER", "BOOLEAN", "DATE"] as const;
export type AttributeType = (typeof ATTRIBUTE_TYPES)[number];

/** CREATE makes a set; ADD_UPDATE adds rows and replaces those of the same key; REPLACE removes all rows before. */
const IMPORT_MODES = ["CREATE", "ADD_UPDATE", "REPLACE"] as const;
export type ImportMode = (typeof IMPORT_MODES)[number];

export const DELIMITERS = { comma: ",", tab: "\t", pipe: "|" } as const;
export type DelimiterName = keyof typeof DELIMITERS;
export const DELIMITER_NAMES = Object.keys(DELIMITERS) as DelimiterName[];
/** How a file's name ends, by its delimiter. */
export const FILE_ENDINGS: Record<DelimiterName, string> = { comma: "csv", tab: "tsv", pipe: "psv" };

/** The six ways to write a date: how Connect calls each, how a value looks, and how DuckDB reads and writes it. Only the first has a time. */
export const DATE_FORMATS = {
  "YYYY-MM-DDTHH:mm:ssZ": {
    connect: "YEAR_MONTH_DAY_DASH_SEPARATED_WITH_TIME",
    looks: String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`,
    duckdb: "%Y-%m-%dT%H:%M:%SZ",
  },
  "YYYY-MM-DD": { connect: "YEAR_MONTH_DAY_DASH_SEPARATED", looks: String.raw`\d{4}-\d\d-\d\d`, duckdb: "%Y-%m-%d" },
  "MM/DD/YYYY": { connect: "MONTH_DAY_YEAR_SLASH_SEPARATED", looks: String.raw`\d\d/\d\d/\d{4}`, duckdb: "%m/%d/%Y" },
  "DD/MM/YYYY": { connect: "DAY_MONTH_YEAR_SLASH_SEPARATED", looks: String.raw`\d\d/\d\d/\d{4}`, duckdb: "%d/%m/%Y" },
  "YYYY/MM/DD": { connect: "YEAR_MONTH_DAY_SLASH_SEPARATED", looks: String.raw`\d{4}/\d\d/\d\d`, duckdb: "%Y/%m/%d" },
  "DD.MM.YYYY": { connect: "DAY_MONTH_YEAR_DOT_SEPARATED", looks: String.raw`\d\d\.\d\d\.\d{4}`, duckdb: "%d.%m.%Y" },
} as const;
export type DateFormat = keyof typeof DATE_FORMATS;
export const DATE_FORMAT_NAMES = Object.keys(DATE_FORMATS) as [DateFormat, ...DateFormat[]];
export const WITH_TIME = "YYYY-MM-DDTHH:mm:ssZ" satisfies DateFormat;

/** A number has a dot, no thousands separators, no exponent, and no zeros in front, which would be lost. RE2 and JavaScript alike. */
export const NUMBER_LOOKS = String.raw`-?(0|[1-9]\d*)(\.\d+)?`;
/** ITU-T E.164: a plus, the country code, at most 15 digits in all. */
export const PHONE_LOOKS = String.raw`\+[1-9]\d{1,14}`;

/** Connect names no greatest number of decimals; DuckDB's decimals have no more. */
export const MOST_DECIMALS = 38;

/** Five GB, counted so that either meaning of GB holds. */
export const FILE_BYTES = 5_000_000_000;

/** One column of the file, and the attribute that it becomes. */
export interface Attribute {
  name: string;
  type: AttributeType;
  isKey: boolean;
  /** How many decimals a new NUMBER attribute is to have; undefined where that is left to Connect. */
  decimals?: number | undefined;
}

/** A broken rule: where, and what holds. */
export interface Violation {
  rule: Rule;
  /** The source's data row, from 1. */
  row?: number;
  column?: string;
  value?: string;
  /** What is wrong, and what would be right. */
  message: string;
}

export const RULES = {
  set_name: "a set's name has 1 to 25 Latin letters, digits, hyphens and underscores",
  set_name_reserved: "a set's name must not be that of another data set, nor one of Connect's own words",
  set_limit: "a subscription has room for a certain number of sets",
  attribute_name: "an attribute's name is not empty, has no spaces at its ends, no control characters and no half of one",
  attribute_duplicate: "an attribute's name is there once",
  attribute_type: "an attribute's type is what the source can give, and what the set has already",
  key: "exactly one column is the key, and it stays the key",
  key_empty: "the key is never empty",
  key_duplicate: "the key is unique",
  number: "a number has a dot, no thousands separators, no exponent and no zeros in front",
  boolean: "a boolean is TRUE or FALSE",
  date: "a date is a day that exists, written in one of the six formats",
  date_format: "all dates of a file are written in one format",
  phone: "a phone number is E.164: + and 2 to 15 digits, nothing else",
  decimals: "a number has no more decimals than its attribute, and none is rounded",
  characters: "a value has no NUL and no half of a character (a lone surrogate), which no file can hold as they are",
  encoding: "a file is UTF-8",
  delimiter: "a file has one delimiter, and each row as many fields as the header",
  header_repeated: "a header row stands at the top only",
  file_size: "a file has at most 5 GB",
  rows: "a file has rows",
  mapping: "REPLACE gives every attribute of the set, and no other",
} as const satisfies Record<string, string>;
export type Rule = keyof typeof RULES;

/** Why a text cannot be normalized to a phone number. */
export const PHONE_FAULTS = {
  signs: "it has other signs than digits, blanks and ( ) - . / around them, such as an extension, letters or a second number",
  country: "it has no country code that begins with +; name the country of such numbers with --country",
  country_code: "no country has this code",
  length: "no number of its country is as long or as short",
  zero: "whether its (0) is dialled is not known: no number of its country is like it with the zero; write it without",
  several: "there is a second number or an extension behind its stroke",
  plan: "no number of the country that --country names is like it; write it with its own country code and +",
  ambiguous: "it may begin with its country code or with a code within the country; write the country code with +",
} as const satisfies Record<string, string>;
export type PhoneFault = keyof typeof PHONE_FAULTS;

/** Names that Connect gives to data sets of its own. */
const RESERVED = ["AUDIENCE", "REFERENCE_SET", "PRODUCT_CATALOG", "BEHAVIORAL_ATTRIBUTES", "BEHAVIORAL_SCORES"];

/** What is wrong with a set's name by itself. */
export function setNameViolations(name: string): Violation[] {
  if (!/^[A-Za-z0-9_-]{1,25}$/.test(name)) {
    const long = name.length > 25 ? `; it has ${name.length}` : "";
    return [{ rule: "set_name", value: name, message: `"${name}" cannot be a reference set's name: ${RULES.set_name}${long}` }];
  }
  if (!RESERVED.includes(name.toUpperCase())) return [];
  return [{ rule: "set_name_reserved", value: name, message: `"${name}" is one of Connect's own words; choose another name` }];
}

/** What is wrong with the attributes, without a look at any value. */
export function attributeViolations(attributes: readonly Attribute[]): Violation[] {
  const found: Violation[] = [];
  const seen = new Map<string, string>();
  for (const { name } of attributes) {
    if (name === "" || name.trim() !== name || /[\p{Cc}\p{Cs}\u{feff}]/u.test(name)) {
      found.push({ rule: "attribute_name", column: name, message: `the column ${shown(name)}: ${RULES.attribute_name}` });
    }
    const same = seen.get(name.toLowerCase());
    if (same !== undefined) {
      const how = same === name ? "is there twice" : `and "${same}" differ in case only`;
      found.push({ rule: "attribute_duplicate", column: name, message: `the column "${name}" ${how}; give one another name with --columns` });
    }
    seen.set(name.toLowerCase(), name);
  }
  const keys = attributes.filter(({ isKey }) => isKey).map(({ name }) => name);
  if (keys.length !== 1) {
    const names = attributes.map(({ name }) => `"${name}"`).join(", ");
    found.push({
      rule: "key",
      message: `${keys.length === 0 ? "no column is" : `${keys.length} columns are`} the key; name one of ${names} with --key`,
    });
  }
  return found;
}

/** A reference set as Connect has it. */
export interface KnownSet {
  id: string;
  name: string;
  /** Rows. */
  size: number | null;
  attributes: { name: string; type: string; isKey: boolean }[];
}

/** What a set that is there does not allow. */
export function mappingViolations(mode: ImportMode, attributes: readonly Attribute[], set: KnownSet): Violation[] {
  const found: Violation[] = [];
  const known = new Map(set.attributes.map((attribute) => [attribute.name, attribute]));
  for (const { name, type, isKey } of attributes) {
    const there = known.get(name);
    if (!there) {
      if (mode !== "REPLACE") continue;
      found.push({ rule: "mapping", column: name, message: `the set ${set.name} has no attribute "${name}", and REPLACE cannot add one` });
    } else if (there.type !== type) {
      found.push({ rule: "attribute_type", column: name, message: `"${name}" is ${there.type} in the set ${set.name} and cannot become ${type}` });
    }
    if (isKey && there?.isKey !== true && set.attributes.some((other) => other.isKey)) {
      const key = set.attributes.find((other) => other.isKey)?.name;
      found.push({ rule: "key", column: name, message: `the key of the set ${set.name} is "${key}" and cannot become "${name}"` });
    }
  }
  if (mode !== "REPLACE") return found;
  const sent = new Set(attributes.map(({ name }) => name));
  for (const { name } of set.attributes.filter(({ name }) => !sent.has(name))) {
    found.push({ rule: "mapping", column: name, message: `REPLACE gives every attribute of the set ${set.name}, and "${name}" is missing` });
  }
  return found;
}

/** What a new set's name and the sets that are there do not allow. */
export function newSetViolations(name: string, sets: readonly { name: string; type: string }[], limit: number): Violation[] {
  const same = sets.find((set) => set.name.toLowerCase() === name.toLowerCase());
  const count = sets.filter(({ type }) => type === "REFERENCE_SET").length;
  return [
    ...(same
      ? [{ rule: "set_name_reserved", value: name, message: `Connect has a data set "${same.name}" (${same.type}); choose another name` } as const]
      : []),
    ...(count >= limit
      ? [
          {
            rule: "set_limit",
            value: name,
            message: `Connect has ${count} reference sets, and ${limit} are allowed; delete one, or set refsets.limit to 25 where Acoustic granted that`,
          } as const,
        ]
      : []),
  ];
}

const columns = z.array(z.strictObject({ from: z.string(), name: z.string().optional(), type: z.enum(ATTRIBUTE_TYPES).optional() })).min(1);

/** Where a set's rows come from. */
const source = z.union([
  z.strictObject({ query: z.string().min(1) }),
  z.strictObject({ table: z.string().min(1) }),
  z.strictObject({ file: z.string().min(1) }),
]);

/** What refsets/NAME.json has: how a set is made, so that a push needs only its name. */
export const refsetDefinition = z.strictObject({
  source: source.optional(),
  /** The attribute, or the source's column, that identifies a row. */
  key: z.string().optional(),
  /** The columns to send, in order; all by default. `from` is the source's name. */
  columns: columns.optional(),
  /** Types by attribute, where they are not as proposed. */
  types: z.record(z.string(), z.enum(ATTRIBUTE_TYPES)).optional(),
  /** Attributes that hold phone numbers. */
  phone: z.array(z.string()).optional(),
  /** How many decimals a NUMBER attribute has, by attribute. */
  decimals: z.record(z.string(), z.int().min(0).max(MOST_DECIMALS)).optional(),
  /** Rewrite phone numbers and dates that can be understood. */
  normalize: z.boolean().optional(),
  /** Whose phone numbers come without a country code: an ISO 3166 code such as DE. */
  country: z.string().optional(),
  delimiter: z.enum(["auto", ...DELIMITER_NAMES]).optional(),
  dateFormat: z.enum(DATE_FORMAT_NAMES).optional(),
  header: z.boolean().optional(),
  /** Folder on the server, relative to the subscription's. */
  folder: z.string().optional(),
  /** E-mail addresses that Connect tells when it is done. */
  notify: z.array(z.string()).optional(),
});
export type RefsetDefinition = z.infer<typeof refsetDefinition>;
export type RefsetSource = z.infer<typeof source>;

/** Checks where a set's file is to go, and whom Connect tells. @throws SignalhouseError usage */
export function checkSending({ folder, notify }: Pick<RefsetDefinition, "folder" | "notify">): void {
  const wrong = notify?.find((address) => !z.email().safeParse(address).success);
  if (wrong !== undefined)
    throw new SignalhouseError("usage", `--notify is "${wrong}", which is no e-mail address`, "Write it as data-team@example.com.");
  if (folder === undefined) return;
  if (folder.split("/").some((name) => name === "." || name === ".."))
    throw new SignalhouseError("usage", `--folder is "${folder}"`, "Give a folder below the subscription's, such as refsets/orders.");
  if (/^\/?Export(\/|$)/i.test(folder))
    throw new SignalhouseError("usage", `--folder is "${folder}", which Connect keeps for exports`, "Give another folder, such as refsets/orders.");
}
