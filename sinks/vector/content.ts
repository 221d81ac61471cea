/**
 * SQL that reads SIGNAL_CONTENT of plain rows: the payload's keys as columns c0, c1, …, and from them the columns of behavior_signals.
 * Everything is derived from the data in schemas/.
 */
import {
  CONTENT_FIELDS,
  CONTENT_PATHS,
  type ContentField,
  ENVELOPE_FIELDS,
  ITEM_FIELDS,
  ITEMS_FIELD,
  MIRRORED_FIELDS,
} from "../../schemas/content-fields.ts";
import { EXPORT_COLUMNS } from "../../schemas/export-columns.ts";
import type { Kind } from "../../schemas/kinds.ts";
import { quoteText, snakeCase } from "../../schemas/names.ts";
import { listPattern, objectPattern, orNull, valuePattern } from "./json-patterns.ts";
import { isJsonText, typedValue } from "./values.ts";

/** A field, with the names that senders have for it: columns of keys, and for which signal types a name stands for the field. */
interface Field {
  kind: Kind;
  letterCase?: ContentField["letterCase"];
  names: { column: string; types?: readonly string[] }[];
}

/** A key that objects may have. */
interface Key {
  /** The column that holds its value: DuckDB does not tell names apart by case. */
  column: string;
  /** What json_transform is to make of it. */
  as: "VARCHAR" | "JSON" | ["JSON"];
  /** How its value may look. */
  pattern: string;
}

class Keys {
  readonly keys = new Map<string, Key>();

  /** The column of a key, which may come up several times. */
  column(name: string, as: Key["as"], pattern: string): string {
    const key = this.keys.get(name) ?? { column: `c${this.keys.size}`, as, pattern };
    this.keys.set(name, key);
    return key.column;
  }

  field(name: string, { kind, letterCase, aliases = [], aliasesByType = {} }: Omit<ContentField, "types">): Field {
    const types = new Map<string, string[]>();
    for (const [type, names] of Object.entries(aliasesByType)) for (const alias of names) types.set(alias, [...(types.get(alias) ?? []), type]);
    const as = kind === "json" ? "JSON" : "VARCHAR";
    const pattern = valuePattern(kind, letterCase);
    return {
      kind,
      letterCase,
      names: [
        ...[name, ...aliases].map((alias) => ({ column: this.column(alias, as, orNull(pattern)) })),
        // A null under a name that means nothing in another type is kept there.
        ...[...types].map(([alias, of]) => ({ column: this.column(alias, as, pattern), types: of })),
      ],
    };
  }

  get pattern(): string {
    return objectPattern([...this.keys].map(([name, { pattern }]) => [name, pattern]));
  }

  /** What json_transform is to read. */
  get shape(): string {
    return quoteText(JSON.stringify(Object.fromEntries([...this.keys].map(([name, { as }]) => [name, as]))));
  }

  /** The values of `fields`, which json_transform gave. */
  get spread(): string {
    return [...this.keys.values()].map(({ column }, index) => `struct_extract_at(fields, ${index + 1}) AS ${column}`).join(", ");
  }

  /** How many of them an object has. */
  get present(): string {
    return count([...this.keys.values()].map(({ column }) => column));
  }
}

/** How many of some columns hold something. */
const count = (columns: readonly string[]) => `(${columns.map((column) => `(${column} IS NOT NULL)::INTEGER`).join(" + ")})`;
const list = (texts: readonly string[]) => `(${texts.map(quoteText).join(", ")})`;

const KEYS = new Keys();
const ITEM_KEYS = new Keys();

/** The columns of behavior_signals that content fills. */
const FIELDS: ReadonlyMap<string, Field> = new Map(
  Object.entries<ContentField>(CONTENT_FIELDS).map(([name, field]) => [snakeCase(name), KEYS.field(name, field)]),
);
const ITEM_FIELD_COLUMNS: ReadonlyMap<string, Field> = new Map(
  Object.entries<Pick<ContentField, "kind" | "aliases">>(ITEM_FIELDS).map(([name, field]) => [snakeCase(name), ITEM_KEYS.field(name, field)]),
);
/** Fixed columns that content fills where they are empty. Which type it is must be in the row: what the content says of it is not asked. */
const MIRRORS: ReadonlyMap<string, string> = new Map(
  Object.entries(MIRRORED_FIELDS).flatMap(([name, header]) => {
    const column = KEYS.column(name, "VARCHAR", orNull(valuePattern(EXPORT_COLUMNS[header].kind)));
    return header === "SIGNAL_TYPE" ? [] : [[header.toLowerCase(), column]];
  }),
);
const ENVELOPE = ENVELOPE_FIELDS.map((name) => ({ name, column: KEYS.column(name, "JSON", valuePattern("json")) }));
/** The column that has an order's items, each as JSON. */
export const ITEMS = KEYS.column(ITEMS_FIELD, ["JSON"], listPattern(ITEM_KEYS.pattern));

/** How many envelope fields a payload has. */
const ENVELOPES = count(ENVELOPE.map(({ column }) => column));

/** Payloads that sit inside envelopes, the innermost first, with the envelopes' other keys beside theirs. */
const NESTINGS = CONTENT_PATHS.filter((path) => path.length > 0)
  .map((path) => {
    const at = (depth: number) => (depth === 0 ? "content::JSON" : `json_extract(content, ${quoteText(`$.${path.slice(0, depth).join(".")}`)})`);
    const levels = path.map((key, depth) => `json_merge_patch(${at(depth)}, ${quoteText(JSON.stringify({ [key]: null }))})`);
    return {
      is: `json_type(content, ${quoteText(`$.${path.join(".")}`)}) = 'OBJECT'`,
      payload: `CAST(${[...levels, at(path.length)].reduce((outer, inner) => `json_merge_patch(${outer}, ${inner})`)} AS VARCHAR)`,
      /** How many keys there are where none is there twice, and none null. */
      keys: [...path.map((_, depth) => `len(json_keys(${at(depth)})) - 1`), `len(json_keys(${at(path.length)}))`].join(" + "),
      /** Several envelope fields are kept in the order of the row path only where one object has all of them. */
      envelopes: ENVELOPE.map(({ name }) => `(json_extract(${at(path.length - 1)}, ${quoteText(`$.${name}`)}) IS NOT NULL)::INTEGER`).join(" + "),
      depth: path.length,
    };
  })
  .sort((a, b) => b.depth - a.depth);

/**
 * How content that is not flat is made so: by its nesting, counted from 1 (what is flat has none, since no path begins with a key that the pattern has); or, as 0, by leaving out the
 * fields that nobody knows. json_merge_patch takes nulls away, however deep: content that may have one is not told.
 */
const NESTING = `CASE WHEN is_flat THEN NULL WHEN contains(content, 'null') THEN NULL WHEN ${isJsonText("content")} THEN CASE ${NESTINGS.map(({ is }, index) => `WHEN ${is} THEN ${index + 1}`).join(" ")} ELSE 0 END END`;

const byNesting = (value: "payload" | "keys" | "envelopes", unknown: string) =>
  `CASE nesting WHEN 0 THEN ${unknown} ${NESTINGS.map((nesting, index) => `WHEN ${index + 1} THEN ${nesting[value]}`).join(" ")} END`;

/** Of content with more fields than this DuckDB would fill the memory: it merges 2,048 at once, with a hundred KB for one of fifty fields. */
const MOST_FIELDS = 24;
const nulls = (names: readonly string[]) => JSON.stringify(Object.fromEntries(names.map((name) => [name, null])));
/** Content without the fields that are known: an object of those that are not. */
const UNKNOWN_FIELDS = `CASE WHEN length(content) <= 8192 AND len(json_keys(content)) <= ${MOST_FIELDS} THEN CAST(json_merge_patch(content::JSON, ${quoteText(nulls([...KEYS.keys.keys()]))}) AS VARCHAR) END`;
/** Their names mean nothing to JSON or JavaScript, and their values are written alike by all. */
const UNKNOWN_PATTERN = objectPattern([["[A-Za-z][A-Za-z0-9_ .-]*", valuePattern("json")]]);
/** Content without them. */
const KNOWN_FIELDS = `CAST(json_merge_patch(content::JSON, '{"' || array_to_string(json_keys(unknown_fields), '":null,"') || '":null}') AS VARCHAR)`;

const matches = (value: string) => `regexp_full_match(${value}, ${quoteText(KEYS.pattern)})`;

/**
 * Gives the rows of `from` with what their content says: c0, c1, …, and what fits() asks for. Content that has not the pattern is not read.
 * A step for each thing that is to be computed once; nothing here filters, since DuckDB would push a filter down and read the JSON again for it.
 * @param type, @param content where they are in `from`, @param timed whether a fixed column has a time
 */
export function payloadSql(from: string, type: string, content: string, timed: string): string {
  const named = `SELECT *, ${type} AS type, ${timed} AS timed, ${content} AS content FROM ${from}`;
  const matched = `SELECT *, coalesce(${matches("content")}, false) AS is_flat FROM (${named})`;
  const told = `SELECT *, ${NESTING} AS nesting FROM (${matched})`;
  const parted = `SELECT *, CASE nesting WHEN 0 THEN nullif(${UNKNOWN_FIELDS}, '{}') END AS unknown_fields FROM (${told})`;
  const fitting = `SELECT *, regexp_full_match(unknown_fields, ${quoteText(UNKNOWN_PATTERN)}) AND ${hasEachKeyOnce("unknown_fields")} AS unknown_fit FROM (${parted})`;
  const flat = `SELECT * EXCLUDE (content, nesting), content IS NULL AS is_empty,
    CASE WHEN is_flat THEN content ELSE ${byNesting("payload", `CASE WHEN unknown_fit THEN ${KNOWN_FIELDS} END`)} END AS payload,
    ${byNesting("keys", "len(json_keys(content)) - len(json_keys(unknown_fields))")} AS expected, ${byNesting("envelopes", "NULL")} AS envelopes FROM (${fitting})`;
  const plain = `SELECT * EXCLUDE (payload), CASE WHEN is_flat OR ${matches("payload")} THEN payload END AS payload FROM (${flat})`;
  const read = `SELECT * EXCLUDE (payload), json_keys(payload) AS keys, contains(payload, 'null') AS has_null, json_transform(payload, ${KEYS.shape}) AS fields FROM (${plain})`;
  return `SELECT * EXCLUDE (fields), len(keys) AS key_count, ${KEYS.spread} FROM (${read})`;
}

/** Whether all that a row's content says has a place, as it is. */
export function fits(): string {
  const conditions = [
    `(timed OR ${MIRRORS.get("signal_timestamp")} IS NOT NULL)`,
    // A key that is there twice is counted, and has no value more.
    `CASE WHEN has_null THEN expected IS NULL AND len(list_distinct(keys)) = key_count ELSE key_count = ${KEYS.present} AND coalesce(expected = key_count, true) END`,
    // Which comes first of an unknown field and an envelope's is not told.
    `(unknown_fields IS NULL OR ${ENVELOPES} = 0)`,
    `(${ENVELOPES} < 2 OR coalesce(envelopes = ${ENVELOPES}, true))`,
    `(${ITEMS} IS NULL OR type = 'order')`,
    `coalesce(len(list_filter(${ITEMS}, lambda item: ${ITEM_UNFIT})) = 0, true)`,
    ...oneName(FIELDS.values()),
    ...[...KEYS.keys.values()].flatMap(({ column, as }) => (as === "JSON" ? [hasEachKeyOnce(column)] : [])),
  ];
  return `CASE WHEN is_empty THEN timed WHEN key_count IS NULL THEN false ELSE ${conditions.join(" AND ")} END`;
}

/** No field comes under two names, or under one that means something else in this type. */
function oneName(fields: Iterable<Field>): string[] {
  return [...fields].flatMap(({ names }) => [
    ...names.flatMap(({ column, types }) => (types ? [`(${column} IS NULL OR type IN ${list(typesOf(column))})`] : [])),
    ...(names.length > 1 ? [`${count(names.map(({ column }) => column))} < 2`] : []),
  ]);
}

/** The types in which a name means any field. */
const typesOf = (column: string) =>
  [...FIELDS.values()].flatMap(({ names }) => names.flatMap((name) => (name.column === column ? (name.types ?? []) : [])));

/** JavaScript keeps one of two equal keys of an object. */
function hasEachKeyOnce(value: string): string {
  const keys = `regexp_extract_all(${value}, '"([^"]*)":', 1)`;
  return `CASE WHEN starts_with(${value}, '{') AND contains(${value}, ',"') THEN len(list_distinct(${keys})) = len(${keys}) ELSE true END`;
}

/** Whether an item has a key twice, or a field under two names. */
const ITEM_UNFIT = [
  "len(list_distinct(json_keys(item))) <> len(json_keys(item))",
  ...Object.entries<Pick<ContentField, "kind" | "aliases">>(ITEM_FIELDS).flatMap(([name, { aliases }]) =>
    aliases ? [`len(list_intersect(json_keys(item), [${[name, ...aliases].map(quoteText).join(", ")}])) > 1`] : [],
  ),
].join(" OR ");

/**
 * Gives the items of plain orders, as canonical text, with the record_no of their order.
 * @param orders SQL that gives their rows
 */
export function itemsSql(orders: string): string {
  const order = "record_no, signal_key, order_id, occurred_at";
  const listed = `SELECT ${order}, unnest(items) AS item, generate_subscripts(items, 1) AS item_no FROM (${orders}) WHERE items IS NOT NULL`;
  const read = `SELECT *, json_transform(item, ${ITEM_KEYS.shape}) AS fields FROM (${listed})`;
  const spread = `SELECT ${order}, item_no, ${ITEM_KEYS.spread} FROM (${read})`;
  const texts = [...ITEM_FIELD_COLUMNS].map(([column, field]) => `CAST(${valueOf(field)} AS VARCHAR) AS ${column}`);
  return `SELECT record_no, item_no, signal_key, order_id, CAST(occurred_at AS VARCHAR) AS occurred_at, ${texts.join(", ")} FROM (${spread})`;
}

function valueOf({ kind, letterCase, names }: Field): string {
  const values = names.map(({ column, types }) => (types ? `CASE WHEN type IN ${list(types)} THEN ${column} END` : column));
  const value = values.length > 1 ? `coalesce(${values.join(", ")})` : (values[0] as string);
  return typedValue(kind, value, letterCase);
}

/** The typed value that a fitting payload has for a column; undefined where content does not fill it. */
export function contentValue(column: string): string | undefined {
  const field = FIELDS.get(column);
  return field && valueOf(field);
}

/** The text that a fitting payload has for a fixed column; undefined where content does not fill it. */
export const mirroredValue = (column: string): string | undefined => MIRRORS.get(column);

/** What a fitting payload has that has no column, as JSON; null where there is nothing. */
export const EXTRA = (() => {
  const entry = ({ name, column }: (typeof ENVELOPE)[number]) =>
    `CASE WHEN ${column} IS NOT NULL THEN {'at': list_position(keys, ${quoteText(name)}), 'text': ${quoteText(`"${name}":`)} || ${column}} END`;
  const entries = `list_sort(list_filter([${ENVELOPE.map(entry).join(", ")}], lambda entry: entry IS NOT NULL))`;
  return `CASE WHEN ${ENVELOPES} > 0 THEN '{' || array_to_string(list_transform(${entries}, lambda entry: entry.text), ',') || '}' ELSE unknown_fields END`;
})();
