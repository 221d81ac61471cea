/** The SQL of what signals.duckdb and live.duckdb have: the warehouse's tables, views and marts, over the files of the copy. */
import { quoteIdentifier as id, quoteText } from "../../schemas/names.ts";
import { contactAbout, TABLES } from "../../schemas/tables.ts";
import type { ContactColumn } from "../../schemas/header.ts";
import { DESCRIBED } from "../described.ts";
import { MARTS } from "../marts/index.ts";
import type { MartContext } from "../marts/mart.ts";
import { literalPath } from "../sql.ts";
import { VIEWS } from "../views/index.ts";
import { INDEX, indexSql } from "./files-index.ts";
import { CURRENT, STORE, VERSIONS } from "./folder.ts";
import type { Manifest } from "./manifest.ts";
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

/** SQL of the folder: DuckDB would take a relative path from the working folder of whoever reads. @param escape what else is done to the path */
const root = (path: string, escape = (text: string) => text) => `coalesce(getvariable('${MOVED}'), ${quoteText(escape(path))})`;

/** SQL behind FROM that reads files by a pattern. @param folder SQL of the folder that it is below */
const readFiles = (folder: string, pattern: string, more = "") =>
  `read_parquet(${folder} || ${quoteText(`/${pattern}`)}, hive_partitioning = false${more})`;

/** The statements that make a DuckDB file of a copy. */
export interface DatabaseSql {
  /** What no other one has. */
  own: readonly string[];
  /** What comes after that, unless the file is made of another one with the same views. */
  views: readonly string[];
}

/** Where the files of the version are, in a signals.duckdb. Nothing else in it but published.version tells versions apart. */
const FOLDER = "published.folder()";

/** What a version says of itself. */
export type VersionFacts = Pick<Manifest, "version" | "published_at" | "watermark">;

/** Views over the files of one version. */
export function signalsSql(contents: CopyContents, path: string, { version, published_at, watermark }: VersionFacts): DatabaseSql {
  const { change_id, load_id, newest_signal } = watermark;
  const source = ({ table }: TableParts) => `SELECT ${allOf(table).map(id).join(", ")} FROM ${readFiles(FOLDER, `${table.name}/*/*.parquet`)}`;
  return {
    own: [
      ...SCHEMAS,
      `CREATE OR REPLACE MACRO ${FOLDER} AS ${root(path, literalPath)} || ${quoteText(`/${VERSIONS}/${version}`)}`,
      view(
        "published.version",
        `SELECT ${version}::BIGINT AS version, ${quoteText(published_at)}::TIMESTAMPTZ AS published_at, ${change_id}::BIGINT AS change_id, ${load_id}::BIGINT AS load_id,
          ${newest_signal === null ? "NULL" : quoteText(newest_signal)}::TIMESTAMPTZ AS newest_signal`,
      ),
    ],
    views: [...sourceStatements(contents, source), ...viewStatements(contents)],
  };
}

/**
 * Views over whatever version is the one to read. A query may look for it several times, and a publish may come in between: so it is the last one whose time had come when the
 * query began, which DuckDB's now() says the same each time.
 */
export function liveSql(contents: CopyContents, path: string): DatabaseSql {
  const source = ({ table, shape }: TableParts) => {
    const columns = allOf(table).map((name) => `d.${id(name)}`);
    // The few files of the version are found first; of those that match the pattern DuckDB then opens no others.
    return `SELECT ${columns.join(", ")} FROM published.files f JOIN ${readFiles(root(path, literalPath), `${STORE}/${table.name}/*/${shape}-*.parquet`, ", filename = true")} d
      ON d.filename = ${root(path)} || ${quoteText(`/${STORE}/`)} || f.file
      WHERE CASE WHEN f.table_name <> ${quoteText(table.name)} THEN false WHEN f.shape = ${quoteText(shape)} THEN true ELSE error(${quoteText(CHANGED)}) END`;
  };
  const index = indexSql(`${root(path, literalPath)} || ${quoteText(`/${CURRENT}/${INDEX}`)}`);
  return {
    own: [
      ...SCHEMAS,
      view(
        "published.files",
        `FROM ${index} WHERE version = coalesce(CASE WHEN version() LIKE 'v1.4.%' THEN error(${quoteText(MIXES)}) END, (SELECT max(version) FROM ${index} WHERE live_from <= now()), error(${quoteText(TOO_OLD)}))`,
      ),
      view("published.version", "SELECT DISTINCT version, published_at, change_id, load_id, newest_signal FROM published.files"),
      ...sourceStatements(contents, source),
      `DROP MACRO IF EXISTS ${FOLDER.replace("()", "")}`,
    ],
    views: viewStatements(contents),
  };
}

const CHANGED = "the columns of this table have changed since live.duckdb was opened: open it anew";

/** DuckDB 1.4 opens a file more than once, and takes what has come in its place in between for the same. */
const MIXES = "live.duckdb wants DuckDB 1.5 or later; current/signals.duckdb, opened anew for each look, is read by 1.4 too";

const TOO_OLD =
  "no version of the published copy is kept from the time when this transaction began: begin another one, or see whether the clocks are right";

const SCHEMAS = ["published", "marts", "signalhouse"].map((name) => `CREATE SCHEMA IF NOT EXISTS ${name}`);

const allOf = ({ columns, keys }: PublishedTable): readonly string[] => [...columns, ...keys.map(([name]) => name)];

const view = (name: string, sql: string) => `CREATE OR REPLACE VIEW ${name.split(".").map(id).join(".")} AS ${sql}`;

/** Signals have keys that marts are made of besides what they have in the warehouse. */
const hasKeys = ({ name }: PublishedTable) => (TABLES as readonly string[]).includes(name);

/** The views that read files. @param source SQL that gives all that a table's files have */
const sourceStatements = ({ tables }: CopyContents, source: (table: TableParts) => string): string[] =>
  tables.map((parts) => view(hasKeys(parts.table) ? `published.${parts.table.name}` : parts.table.name, source(parts)));

/** All other views. */
function viewStatements({ tables, context }: CopyContents): string[] {
  const shown = tables.find(({ table }) => table.name === "behavior_signals")?.table.columns ?? [];
  const contacts = context.contactColumns.filter((name) => shown.includes(name));
  return [
    ...tables.flatMap(({ table }) =>
      hasKeys(table) ? [view(table.name, `SELECT ${table.columns.map(id).join(", ")} FROM published.${id(table.name)}`)] : [],
    ),
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
