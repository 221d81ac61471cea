/** A user's own SQL: it reads the warehouse and nothing else, whoever wrote it, and is read without loss. */
import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBValueConverter, Json } from "@duckdb/node-api";
import { messageOf, SignalhouseError } from "../schemas/errors.ts";
import { quoteText } from "../schemas/names.ts";
import { isDamage } from "./damage.ts";
import { isDiskFull } from "./duckdb-errors.ts";
import { DuckDBTimestampTZValue, DuckDBTypeId, JsonDuckDBValueConverter, StatementType } from "./duckdb.ts";
import { replaceBy, writeRefused } from "./whole-file.ts";

interface QueryColumn {
  name: string;
  /** DuckDB's name of the type. */
  type: string;
  isNumber: boolean;
}

/** A result that is read as it is asked for. Memory: a few thousand rows. */
export interface QueryResult {
  columns: QueryColumn[];
  /** Batches of rows. DECIMAL, and integers beyond what a double holds, are text, so that no digit is lost; TIMESTAMPTZ is ISO 8601 in UTC. */
  rows: AsyncIterable<Json[][]>;
}

/** DuckDB's types of numbers. */
export const NUMBERS: readonly DuckDBTypeId[] = [
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DECIMAL,
];

/**
 * Runs one statement that reads. Before it, the connection's DuckDB is locked down for good: open the warehouse for this only.
 * @throws SignalhouseError usage where it is not one statement that reads, query_failed with DuckDB's message, also from `rows`
 */
export async function runQuery(connection: DuckDBConnection, sql: string): Promise<QueryResult> {
  const result = await explained(async () => {
    await lockDown(connection, []);
    return (await prepareReading(connection, sql)).stream();
  });
  const columns = result.columnNames().map((name, index) => {
    const type = result.columnType(index);
    return { name, type: type.toString(), isNumber: NUMBERS.includes(type.typeId) };
  });
  return { columns, rows: explainedRows(result.yieldConvertedRows(exactJson)) };
}

export const FILE_FORMATS = ["csv", "json", "parquet"] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

const COPY_OPTIONS: Record<FileFormat, string> = {
  csv: "FORMAT csv, HEADER, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S.%fZ'",
  json: "FORMAT json, ARRAY true, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S.%fZ'",
  parquet: "FORMAT parquet",
};

/**
 * Writes the result of one SELECT into a file; DuckDB does it, however many rows there are. A file that is there is replaced; a named pipe is none, as
 * DuckDB could not be stopped from waiting for its reader.
 * Locks DuckDB down as runQuery does; that one file may still be written.
 * @param file an absolute path
 * @returns the rows written
 * @throws SignalhouseError usage where it is not one statement that reads, query_failed with DuckDB's message
 */
export async function writeQuery(connection: DuckDBConnection, sql: string, file: string, format: FileFormat): Promise<number> {
  const copyTo = (path: string) =>
    explained(async () => {
      await lockDown(connection, [path]);
      await prepareReading(connection, sql);
      // query() takes the statement as text, so that a comment or a semicolon at its end does no harm. DuckDB's own temporary name beside the file could be guessed.
      const options = `${COPY_OPTIONS[format]}, USE_TMP_FILE false`;
      return (await connection.run(`COPY (SELECT * FROM query(${quoteText(sql)})) TO ${quoteText(path)} (${options})`)).rowsChanged;
    });
  // The rows may be personal data.
  return replaceBy(file, 0o600, (_, at) => copyTo(at)).catch((error: unknown) => {
    throw isDamage(error) ? error : writeRefused(file, error, "Name another file with -o; a pipe takes what --format csv prints.", "query_failed");
  });
}

/** From now on this DuckDB reaches no file but its own and `files`, loads no extension, and cannot be told otherwise. */
export async function lockDown(connection: DuckDBConnection, files: readonly string[]): Promise<void> {
  if (files.length > 0) await connection.run(`SET allowed_paths = [${files.map(quoteText).join(", ")}]`);
  await connection.run("SET autoinstall_known_extensions = false");
  await connection.run("SET autoload_known_extensions = false");
  await connection.run("SET enable_external_access = false");
  await connection.run("SET lock_configuration = true");
}

const EXAMPLE = 'For example: signalhouse query "SELECT count(*) FROM orders"';

/** White space, comments and semicolons: text without a statement, which DuckDB has no message for. */
const BLANK = /--.*|\/\*[^]*?\*\/|[\s;]/g;

/** SHOW, DESCRIBE, SUMMARIZE and PRAGMAs that tell something are SELECTs to DuckDB. */
export async function prepareReading(connection: DuckDBConnection, sql: string): Promise<DuckDBPreparedStatement> {
  const { count, prepared } = await prepareFirst(connection, sql);
  if (count !== 1 || !prepared) throw new SignalhouseError("usage", `query takes one statement, not ${count}`, EXAMPLE);
  if (prepared.statementType === StatementType.SELECT) return prepared;
  if (prepared.statementType !== StatementType.EXPLAIN)
    throw new SignalhouseError("usage", `query only reads: it does not run ${StatementType[prepared.statementType]} statements`, EXAMPLE);
  // EXPLAIN ANALYZE runs what it explains, so that has to be a SELECT as well: it is what stands after the first words.
  const explains = sql.replace(EXPLAIN, "");
  const inner = await prepareFirst(connection, explains).catch(() => undefined);
  if (inner?.count === 1 && inner.prepared?.statementType === StatementType.SELECT) return prepared;
  throw new SignalhouseError(
    "usage",
    "query only reads: it explains SELECT statements only",
    'For example: signalhouse query "EXPLAIN ANALYZE FROM orders"',
  );
}

/** Words only: with comments or quotes among them it would not be sure what DuckDB takes for the rest. */
const EXPLAIN = /^\s*explain(\s+analy[sz]e)?(\s*\(\s*(analyze|format)\b[\w\s,]*\))?(?=\W)/i;

async function prepareFirst(connection: DuckDBConnection, sql: string): Promise<{ count: number; prepared?: DuckDBPreparedStatement }> {
  if (sql.replaceAll(BLANK, "") === "") return { count: 0 };
  const statements = await connection.extractStatements(sql);
  const { count } = statements;
  return count === 1 ? { count, prepared: await statements.prepare(0) } : { count };
}

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw queryFailed(error);
  }
}

async function* explainedRows(batches: AsyncIterable<Json[][]>): AsyncGenerator<Json[][]> {
  try {
    yield* batches;
  } catch (error) {
    throw queryFailed(error);
  }
}

/** What the lock-down refuses. A file's name in FROM looks like a table's to DuckDB then. */
const OUTSIDE = /disabled (by|through) configuration|Table with name \S*(\/|\\|\.(csv|json|jsonl|ndjson|parquet|txt|tsv|gz|zst|db|duckdb|xlsx)\b)/i;

/** A failed statement as query_failed. A damaged warehouse is none: whoever opened it tells of that. */
export function queryFailed(error: unknown): unknown {
  if (error instanceof SignalhouseError || isDamage(error)) return error;
  const message = messageOf(error).replace("Failed to extract statements: ", "").trimEnd();
  if (isDiskFull(error)) {
    return new SignalhouseError(
      "disk_full",
      `there is no room left on the disk: ${message.split("\n")[0]}`,
      "Free some room, then run it again.",
      error,
    );
  }
  if (OUTSIDE.test(message)) {
    return new SignalhouseError(
      "query_failed",
      `query reads the warehouse only, no other files and no network: ${inOneLine(message)}`,
      "For other files beside it, open the warehouse with the duckdb command line or in a notebook. A result is written with -o FILE.",
      error,
    );
  }
  return new SignalhouseError(
    "query_failed",
    inOneLine(message),
    'The tables and their columns: signalhouse query "SHOW ALL TABLES", signalhouse query "DESCRIBE orders"',
    error,
  );
}

/** DuckDB's message as one line: it has lines for what it proposes, and draws the place in the statement with a caret below it. */
function inOneLine(message: string): string {
  const drawing = message.lastIndexOf("\nLINE ");
  const [line = "", caret = ""] = drawing < 0 ? [] : message.slice(drawing + 1).split("\n");
  const lines = (drawing < 0 ? message : message.slice(0, drawing)).split("\n").map((text) => text.trim());
  const told = lines.filter((text) => text !== "").join(" ");
  const at = line.slice(Math.max(caret.indexOf("^"), line.indexOf(": ") + 2));
  return at === "" ? told : `${told} (${line.slice(0, line.indexOf(":")).toLowerCase()}, at ${JSON.stringify(at)})`;
}

const exactJson: DuckDBValueConverter<Json> = (value, type, converter) => {
  if (value instanceof DuckDBTimestampTZValue) return isoTime(value);
  if (typeof value === "bigint" && Number.isSafeInteger(Number(value))) return Number(value);
  return JsonDuckDBValueConverter(value, type, converter);
};

/** ISO 8601 in UTC with three fraction digits, six where they are needed. */
function isoTime(time: DuckDBTimestampTZValue): string {
  if (!time.isFinite) return time.toString();
  const thousandths = ((time.micros % 1000n) + 1000n) % 1000n;
  const iso = new Date(Number((time.micros - thousandths) / 1000n)).toISOString();
  return thousandths === 0n ? iso : iso.replace("Z", `${String(thousandths).padStart(3, "0")}Z`);
}
