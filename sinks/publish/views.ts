/** The SQL of what signals.duckdb and live.duckdb have: the warehouse's tables, views and marts, over the files of the copy. */
import { quoteIdentifier as id, quoteText } from "../../schemas/names.ts";
import { contactAbout, TABLES } from "../../schemas/tables.ts";
import type { ContactColumn } from "../../schemas/header.ts";
import { DESCRIBED } from "../described.ts";
import { MARTS } from "../marts/index.ts";
import type { MartContext } from "../marts/mart.ts";
import { literalPath } from "../sql.ts";
import { VIEWS } from "../views/index.ts";
import { CURRENT, STORE, VERSIONS } from "./folder.ts";
import type { Watermark } from "./manifest.ts";
import type { TableParts } from "./parts.ts";
import { LEFT_OUT_OF_SIGNALS, type PublishedTable } from "./tables.ts";

/** What the views of a copy are made of. */
export interface CopyContents {
  tables: readonly TableParts[];
  /** As the warehouse's marts are made. */
  context: MartContext;
  /** All contact columns of the warehouse, with their headers. */
  contactColumns: readonly ContactColumn[];
  /** Whether the warehouse says what its columns are, which takes a second: then the copy does, too. */
  isCommented: boolean;
}

/** The DuckDB variable that says where the folder is, for whoever has moved it. */
export const MOVED = "signalhouse_copy";

/** The file that says which version has which files, in the folder of each. */
export const INDEX = "files.json";

/** Its columns. Times stand in it as texts. */
const INDEX_COLUMNS = {
  version: "BIGINT",
  published_at: "TIMESTAMPTZ",
  change_id: "BIGINT",
  load_id: "BIGINT",
  newest_signal: "TIMESTAMPTZ",
  live_from: "TIMESTAMPTZ",
  table_name: "VARCHAR",
  shape: "VARCHAR",
  file: "VARCHAR",
};

/**
 * SQL behind FROM that reads an index. A version that is switched to brings another one under the same path: read_text() opens it once, where readers of Parquet may open it twice, and take two files for one.
 * @param path SQL of its path
 */
export function indexSql(path: string): string {
  const shape = JSON.stringify([
    Object.fromEntries(Object.entries(INDEX_COLUMNS).map(([name, type]) => [name, type === "BIGINT" ? type : "VARCHAR"])),
  ]);
  const columns = Object.entries(INDEX_COLUMNS).map(([name, type]) => `row.${name}::${type} AS ${name}`);
  return `(SELECT ${columns.join(", ")} FROM (SELECT unnest(from_json(content, ${quoteText(shape)})) AS row FROM read_text(${path})))`;
}

/** What `published.version` says, in order; the index has the same. */
const VERSION_COLUMNS = "version, published_at, change_id, load_id, newest_signal";

/** SQL of the folder: DuckDB would take a relative path from the working folder of whoever reads. @param escape what else is done to the path */
const root = (path: string, escape = (text: string) => text) => `coalesce(getvariable('${MOVED}'), ${quoteText(escape(path))})`;

/** SQL behind FROM that reads files by a pattern below the folder. */
const readFiles = (path: string, pattern: string, more = "") =>
  `read_parquet(${root(path, literalPath)} || ${quoteText(`/${pattern}`)}, hive_partitioning = false${more})`;

/** SQL of a version's own values. */
export const versionSql = (version: number, publishedAt: string, { change_id, load_id, newest_signal }: Watermark): string =>
  `${version}::BIGINT AS version, ${quoteText(publishedAt)}::TIMESTAMPTZ AS published_at, ${change_id}::BIGINT AS change_id, ${load_id}::BIGINT AS load_id,
   ${newest_signal === null ? "NULL" : quoteText(newest_signal)}::TIMESTAMPTZ AS newest_signal`;

/** Statements that make the views of one version, over its own files. @param version SQL of versionSql() */
export function signalsStatements(contents: CopyContents, path: string, version: number, values: string): string[] {
  const source = ({ table }: TableParts) => `SELECT ${allOf(table)} FROM ${readFiles(path, `${VERSIONS}/${version}/${table.name}/*/*.parquet`)}`;
  return [...SCHEMAS, `CREATE VIEW published.version AS SELECT ${values}`, ...viewStatements(contents, source)];
}

/**
 * Statements that make views over whatever version is the one to read. A query may look for it several times, and a publish may come in between: so it is the last one whose time had come when the
 * query began, which DuckDB's now() says the same each time.
 */
export function liveStatements(contents: CopyContents, path: string): string[] {
  const source = ({ table, shape }: TableParts) => {
    const columns = [...table.columns, ...table.keys.map(([name]) => name)].map((name) => `d.${id(name)}`).join(", ");
    // The few files of the version are found first; of those that match the pattern DuckDB then opens no others.
    return `SELECT ${columns} FROM published.files f JOIN ${readFiles(path, `${STORE}/${table.name}/*/${shape}-*.parquet`, ", filename = true")} d
      ON d.filename = ${root(path)} || ${quoteText(`/${STORE}/`)} || f.file
      WHERE CASE WHEN f.table_name <> ${quoteText(table.name)} THEN false WHEN f.shape = ${quoteText(shape)} THEN true ELSE error(${quoteText(CHANGED)}) END`;
  };
  const index = indexSql(`${root(path, literalPath)} || ${quoteText(`/${CURRENT}/${INDEX}`)}`);
  return [
    ...SCHEMAS,
    `CREATE VIEW published.files AS FROM ${index}
     WHERE version = coalesce(CASE WHEN version() LIKE 'v1.4.%' THEN error(${quoteText(MIXES)}) END, (SELECT max(version) FROM ${index} WHERE live_from <= now()), error(${quoteText(TOO_OLD)}))`,
    `CREATE VIEW published.version AS SELECT DISTINCT ${VERSION_COLUMNS} FROM published.files`,
    ...viewStatements(contents, source),
  ];
}

const CHANGED = "the columns of this table have changed since live.duckdb was opened: open it anew";

/** DuckDB 1.4 opens a file more than once, and takes what has come in its place in between for the same. */
const MIXES = "live.duckdb wants DuckDB 1.5 or later; current/signals.duckdb, opened anew for each look, is read by 1.4 too";

const TOO_OLD =
  "no version of the published copy is kept from the time when this transaction began: begin another one, or see whether the clocks are right";

const SCHEMAS = ["published", "marts", "signalhouse"].map((name) => `CREATE SCHEMA ${name}`);

const allOf = ({ columns, keys }: PublishedTable) => [...columns, ...keys.map(([name]) => name)].map(id).join(", ");

/** @param source SQL that gives all that a table's files have */
function viewStatements({ tables, context }: CopyContents, source: (table: TableParts) => string): string[] {
  const view = (name: string, sql: string) => `CREATE VIEW ${name.split(".").map(id).join(".")} AS ${sql}`;
  const shown = tables.find(({ table }) => table.name === "behavior_signals")?.table.columns ?? [];
  const contacts = context.contactColumns.filter((name) => shown.includes(name));
  return [
    ...tables.flatMap((parts) => {
      const { name, columns } = parts.table;
      const isSignals = (TABLES as readonly string[]).includes(name);
      return isSignals
        ? [view(`published.${name}`, source(parts)), view(name, `SELECT ${columns.map(id).join(", ")} FROM published.${id(name)}`)]
        : [view(name, source(parts))];
    }),
    ...VIEWS.map(({ name, sql }) => view(name, sql(contacts, LEFT_OUT_OF_SIGNALS))),
    ...MARTS.map(({ name, sql }) => view(`marts.${name}`, sql({ ...context, contactColumns: contacts, isPublished: true }))),
  ];
}

/** Statements that say what views and columns are, as in the warehouse. @param present the columns of each view, by schema and name */
export function commentStatements({ contactColumns }: CopyContents, present: ReadonlyMap<string, readonly string[]>): string[] {
  const contacts = new Map(contactColumns.map((contact) => [contact.column, contactAbout(contact)]));
  return DESCRIBED.flatMap(({ schema, name, about, columns }) => {
    const found = present.get(`${schema}.${name}`);
    if (!found) return [];
    const place = `${id(schema)}.${id(name)}`;
    const texts = found.flatMap((column) => {
      const text = columns[column] ?? contacts.get(column);
      return text === undefined ? [] : [`COMMENT ON COLUMN ${place}.${id(column)} IS ${quoteText(text)}`];
    });
    return [[`COMMENT ON VIEW ${place} IS ${quoteText(about)}`, ...texts].join(";\n")];
  });
}
