/**
 * SQL that does for plain rows what the row path does for all: DuckDB reads a block of CSV and spreads it over the staging tables. A row is plain
 * where every value in it already is its own canonical text, so that there is nothing to read, and nothing to keep aside. All others are in doubt,
 * and go to the row path. Everything is derived from the data in schemas/.
 */
import { CONTENT_FIELDS, type ContentField, MIRRORED_FIELDS } from "../../schemas/content-fields.ts";
import { EXPORT_COLUMNS, type ExportHeader } from "../../schemas/export-columns.ts";
import type { FieldMeaning, Header } from "../../schemas/header.ts";
import { CANONICAL, type Kind } from "../../schemas/kinds.ts";
import { quoteIdentifier as id, quoteText, snakeCase } from "../../schemas/names.ts";
import { type Placement, SIGNAL_TYPES, type Table } from "../../schemas/signal-types.ts";
import type { Column } from "../../schemas/tables.ts";

/** The statements for the blocks of a file with a certain header. */
export interface Projection {
  /** Reads a block into the temporary table `block`: n from 1, f0, f1, …. @param file its place */
  read(file: string): string;
  /** The temporary tables `side` (n and table of the plain rows, as far as their fixed columns tell) and `payload` (their content). */
  judge: readonly string[];
  /** The records in doubt: their n. */
  doubted: string;
  /** Inserts the plain rows into a staging table. @param before how many records of the file come before the block */
  stage(table: Table, columns: readonly Column[], before: number): string;
}

const field = (position: number) => `f${position}`;
const isPlain = (kind: Exclude<Kind, "text" | "json">, value: string) => `regexp_full_match(${value}, ${quoteText(CANONICAL[kind])})`;
const list = (texts: readonly string[]) => texts.map(quoteText).join(", ");

const typesOf = (table: Table) =>
  Object.entries(SIGNAL_TYPES)
    .filter(([, placement]) => placement.table === table)
    .map(([type]) => type);

/** The projection for a header; undefined where no row could be plain. */
export function projectionOf(header: Header): Projection | undefined {
  const at = (name: ExportHeader) => {
    const position = header.positions.get(name);
    return position === undefined ? undefined : field(position);
  };
  const type = at("SIGNAL_TYPE");
  const key = at("SIGNAL_ID");
  const times = (["SIGNAL_TIMESTAMP", "TIMESTAMP", "RECEIVED_TIMESTAMP", "OBSERVED_TIMESTAMP"] as const).flatMap((name) => at(name) ?? []);
  if (type === undefined || key === undefined || times.length === 0) return undefined;
  const content = at("SIGNAL_CONTENT") ?? "NULL::VARCHAR";

  return {
    read: (file) => readSql(file, header.names.length),
    judge: [
      `CREATE OR REPLACE TEMP TABLE side AS SELECT n, CASE
         WHEN ${key} IS NULL OR NOT (${fixedFit(header.fields)}) THEN NULL
         WHEN ${type} IN (${list(typesOf("marketing_signals"))}) AND ${content} IS NULL AND coalesce(${times.join(", ")}) IS NOT NULL
           AND ${noneOf(header.fields, "marketing_signals")} THEN 'marketing_signals'
         WHEN ${type} IN (${list(typesOf("behavior_signals"))}) AND ${noneOf(header.fields, "behavior_signals")}
           AND (${content} IS NULL OR (${isPlainJson(content)})) THEN 'behavior_signals' END AS side
       FROM block`,
      at("SIGNAL_CONTENT") === undefined ? NO_PAYLOAD : payloadSql(content),
      `DELETE FROM side WHERE side IS NULL OR (side = 'behavior_signals' AND n IN (
         SELECT n FROM block LEFT JOIN payload USING (n) WHERE ${content} IS NOT NULL AND payload.n IS NULL))`,
      `DELETE FROM side WHERE n IN (
         SELECT n FROM block LEFT JOIN payload USING (n) WHERE coalesce(${[...times, id("signalTimestamp")].join(", ")}) IS NULL)`,
    ],
    doubted: "SELECT n FROM block ANTI JOIN side USING (n) ORDER BY n",
    stage: (table, columns, before) => stageSql(table, columns, before, header, at),
  };
}

function readSql(file: string, fields: number): string {
  const columns = Array.from({ length: fields }, (_, position) => `'${field(position)}': 'VARCHAR'`);
  const options = [
    "auto_detect = false, header = false, all_varchar = true, strict_mode = true, null_padding = false, parallel = false",
    `delim = ',', quote = '"', escape = '"', new_line = '\\n', nullstr = ['', '\\N']`,
    `columns = {${columns.join(", ")}}`,
  ];
  return `CREATE OR REPLACE TEMP TABLE block AS SELECT row_number() OVER () AS n, * FROM read_csv(${quoteText(file)}, ${options.join(", ")})`;
}

/** Every fixed column that is not text holds canonical text, or nothing. */
function fixedFit(fields: readonly FieldMeaning[]): string {
  const checks = fields.flatMap((meaning, position) => {
    if (meaning.contact || meaning.header === "SIGNAL_CONTENT") return [];
    const { kind } = meaning.fixed;
    return kind === "text" || kind === "json" ? [] : [`(${field(position)} IS NULL OR ${isPlain(kind, field(position))})`];
  });
  return checks.length === 0 ? "true" : checks.join(" AND ");
}

/** No column has a value that the table has no place for. */
function noneOf(fields: readonly FieldMeaning[], table: Table): string {
  const others = fields.flatMap((meaning, position) => (meaning.contact || meaning.fixed.tables.includes(table) ? [] : [field(position)]));
  return others.length === 0 ? "true" : `coalesce(${others.join(", ")}) IS NULL`;
}

/**
 * JSON that DuckDB and JSON.parse take for the same: DuckDB also takes commas before an end, and NaN. Without escaped characters, without numbers that either
 * of them would write otherwise, and not so deep that a reader that goes down by recursion might fall.
 */
function isPlainJson(content: string): string {
  const number = String.raw`[:,\[]\s*(?:-?(?:[\d.]{16,}|[\d.]+[eE]|0\.0000|\d+\.\d*0[\s,\]}])|-0[\s,\]}])`;
  const lenient = String.raw`,\s*[}\]]|[:,\[]\s*-?(?:[iI]|[nN][aA])`;
  return [
    `starts_with(${content}, '{')`,
    `length(${content}) <= 4000`,
    `NOT contains(${content}, '\\u')`,
    `NOT regexp_matches(${content}, ${quoteText(number)})`,
    `NOT regexp_matches(${content}, ${quoteText(lenient)})`,
    `NOT regexp_matches(${content}, '[\\[{]\\s*[\\[{]\\s*[\\[{]\\s*[\\[{]')`,
    `json_valid(${content})`,
  ].join(" AND ");
}

/** What the content of the rows says that are plain so far, where all of it is plain. What is no JSON is not touched: side says so before. */
function payloadSql(content: string): string {
  // Held in between: pushed down, each check would read the JSON again.
  return `CREATE OR REPLACE TEMP TABLE payload AS
    WITH read AS MATERIALIZED (
      SELECT n, json_keys(${content}) AS keys, ${brackets(content)} AS brackets, json_transform(${content}, ${quoteText(JSON.stringify(CONTENT_SHAPE))}) AS fields
      FROM block JOIN side USING (n) WHERE side = 'behavior_signals' AND ${content} IS NOT NULL
    ), spread AS MATERIALIZED (SELECT n, keys, brackets, unnest(fields) FROM read)
    SELECT * EXCLUDE (keys, brackets) FROM spread WHERE ${contentFits()}`;
}

/** Content fields that only say again what a fixed column says, and may fill it. */
const MIRRORS = Object.entries(MIRRORED_FIELDS).filter(([, header]) => header !== "SIGNAL_TYPE");

/** Fields that hold JSON stay JSON; of all others the text is taken. */
const CONTENT_SHAPE: Readonly<Record<string, "JSON" | "VARCHAR">> = Object.fromEntries([
  ...Object.entries<ContentField>(CONTENT_FIELDS).map(
    ([name, { kind }]) => [name, kind === "json" ? ("JSON" as const) : ("VARCHAR" as const)] as const,
  ),
  ...MIRRORS.map(([name]) => [name, "VARCHAR"] as const),
]);

const NO_PAYLOAD = `CREATE OR REPLACE TEMP TABLE payload AS SELECT 0::BIGINT AS n, ${Object.entries(CONTENT_SHAPE)
  .map(([name, type]) => `NULL::${type} AS ${id(name)}`)
  .join(", ")} LIMIT 0`;

/** How many objects and lists begin in a JSON text, and what looks so in its strings. */
const brackets = (value: string) => `(strlen(${value}) - strlen(translate(${value}, '{[', '')))`;

/** All keys are known, each is there once, and each value is its own canonical text. */
function contentFits(): string {
  const known = [...Object.keys(CONTENT_FIELDS), ...Object.keys(MIRRORED_FIELDS)];
  const fields: [string, Kind, ContentField["letterCase"]][] = [
    ...Object.entries<ContentField>(CONTENT_FIELDS).map(
      ([name, { kind, letterCase }]) => [id(name), kind, letterCase] as [string, Kind, typeof letterCase],
    ),
    ...MIRRORS.map(([name, header]) => [id(name), EXPORT_COLUMNS[header].kind, undefined] as [string, Kind, undefined]),
  ];
  const checks = fields.flatMap(([name, kind, letterCase]) => {
    const check = valueFits(name, kind, letterCase);
    return check === undefined ? [] : [`(${name} IS NULL OR ${check})`];
  });
  // No object and no list stands where a text should: all of them are in fields that may have some. It is one check for forty fields.
  const within = fields.flatMap(([name, kind]) => (kind === "json" || kind === "texts" ? [`coalesce(${brackets(name)}, 0)`] : []));
  return [`list_has_all([${list(known)}], keys)`, "len(list_distinct(keys)) = len(keys)", `brackets = 1 + ${within.join(" + ")}`, ...checks].join(
    " AND ",
  );
}

/** A list of {"name": …, "value": …}, as custom attributes are written. */
const NAMED_VALUES = (() => {
  const scalar = String.raw`(?:"[^"]*"|-?[\d.]+|true|false|null)`;
  const pair = `\\{"name":${scalar},"value":${scalar}\\}`;
  return `\\[${pair}(?:,${pair})*\\]`;
})();

/**
 * JSON that DuckDB and JSON.stringify write alike: a scalar, one level, or named values. JavaScript keeps one of two equal keys, and puts keys that are
 * whole numbers first. DuckDB has written the value without white space.
 */
function isPlainJsonValue(value: string): string {
  const wholeNumber = String.raw`"\d+":`;
  const keys = `regexp_extract_all(${value}, '"([^"]*)":', 1)`;
  const isFlat = `strpos(substr(${value}, 2), '{') = 0 AND strpos(substr(${value}, 2), '[') = 0`;
  const hasOneKey = `strpos(substr(${value}, strpos(${value}, '":') + 2), '":') = 0`;
  return `NOT contains(${value}, '\\') AND (regexp_full_match(${value}, ${quoteText(NAMED_VALUES)}) OR (${isFlat} AND CASE
    WHEN NOT starts_with(${value}, '{') THEN true WHEN regexp_matches(${value}, ${quoteText(wholeNumber)}) THEN false
    WHEN ${hasOneKey} THEN true ELSE len(list_distinct(${keys})) = len(${keys}) END))`;
}

/** What a value is to be beside a scalar or, where that may be, JSON; undefined where any will do. */
function valueFits(value: string, kind: Kind, letterCase: ContentField["letterCase"]): string | undefined {
  switch (kind) {
    case "text":
      // JavaScript and DuckDB have their own upper and lower case beyond ASCII.
      return letterCase === undefined ? undefined : `regexp_full_match(${value}, '[ -~]*')`;
    case "json":
      return isPlainJsonValue(value);
    default:
      return isPlain(kind, value);
  }
}

function stageSql(table: Table, columns: readonly Column[], before: number, header: Header, at: (name: ExportHeader) => string | undefined): string {
  const fromHeader = new Map(header.fields.map((meaning, position) => [meaning.column, field(position)]));
  const mirrored = new Map<string, string>(MIRRORS.map(([name, of]) => [of.toLowerCase(), id(name)]));
  const contentColumns = new Map<string, string>(
    Object.entries<ContentField>(CONTENT_FIELDS).map(([name, { letterCase }]) => [snakeCase(name), casedSql(id(name), letterCase)]),
  );
  const isBehavior = table === "behavior_signals";
  const fixed = (column: string) => {
    const said = [fromHeader.get(column), isBehavior ? mirrored.get(column) : undefined].filter((value) => value !== undefined);
    return said.length === 0 ? undefined : `coalesce(${said.join(", ")})`;
  };
  const occurredAt = ["signal_timestamp", "timestamp", "received_timestamp", "observed_timestamp"].flatMap((column) => fixed(column) ?? []);
  const type = at("SIGNAL_TYPE") ?? "NULL";
  const value = ({ name, kind }: Column): string => {
    if (name === "signal_key") return at("SIGNAL_ID") ?? "NULL";
    if (name === "record_no") return `${before} + n`;
    if (name === "occurred_at") return `coalesce(${occurredAt.join(", ")})`;
    if (name === "channel" || name === "action") return placed(type, name);
    return fixed(name) ?? (isBehavior ? contentColumns.get(name) : undefined) ?? `NULL::${kind === "integer" ? "BIGINT" : "VARCHAR"}`;
  };
  const from = isBehavior ? "block JOIN side USING (n) LEFT JOIN payload USING (n)" : "block JOIN side USING (n)";
  return `INSERT INTO staged_${table} (${columns.map(({ name }) => id(name)).join(", ")})
    SELECT ${columns.map(value).join(", ")} FROM ${from} WHERE side = ${quoteText(table)} ORDER BY n`;
}

function placed(type: string, what: "channel" | "action"): string {
  const cases = Object.entries<Placement>(SIGNAL_TYPES).flatMap(([name, placement]) =>
    placement[what] === undefined ? [] : [`WHEN ${quoteText(name)} THEN ${quoteText(placement[what] ?? "")}`],
  );
  return `CASE ${type} ${cases.join(" ")} END`;
}

function casedSql(value: string, letterCase: ContentField["letterCase"]): string {
  return letterCase === undefined ? value : `${letterCase}(${value})`;
}
