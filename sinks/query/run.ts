/** A user's own SQL: it reads the warehouse and nothing else, whoever wrote it, and is read without loss. */
import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBResult, Json } from "@duckdb/node-api";
import { SignalhouseError } from "../../schemas/errors.ts";
import { quoteText } from "../../schemas/names.ts";
import { StatementType } from "../duckdb.ts";
import { assertFunctions, explained, explainsReadingOnly, purposeOf } from "./allowed.ts";
import { explainedFailure } from "./failures.ts";
import { lockDown } from "./lock-down.ts";
import { bindParams, type Params } from "./params.ts";
import { firstWords, type Statement, statementsOf } from "./sql-text.ts";
import { exactJson, NUMBERS } from "./values.ts";
import { noZone, utc, zoneOf } from "./zone.ts";

interface QueryColumn {
  name: string;
  isNumber: boolean;
}

/** A result that is read as it is asked for. Memory: a few thousand rows. */
export interface QueryResult {
  columns: QueryColumn[];
  /** Batches of rows, as exactJson has values. */
  rows: AsyncIterable<Json[][]>;
  /** Whether it is a plan: its last column is a text of many lines, drawn to be looked at. */
  isPlan: boolean;
}

export interface QueryOptions {
  /** Texts by the names that the SQL has as $name. */
  params?: Params;
  /** The zone of times, as the IANA names it; UTC by default. */
  zone?: string | undefined;
  /** Statements that set up, and run before. */
  setUp?: readonly string[];
}

/**
 * Runs statements, of which the last one reads and those before it set up: temporary tables, views and macros, variables. Before it, the connection's DuckDB is
 * locked down for good: open the warehouse for this only.
 * @returns the last statement's result; undefined where that only sets up
 * @throws SignalhouseError usage where a statement is not allowed, query_failed with DuckDB's message, also from `rows`
 */
export async function runQuery(connection: DuckDBConnection, sql: string, options: QueryOptions = {}): Promise<QueryResult | undefined> {
  const { params = new Map(), zone, setUp: before = [] } = options;
  const clocks = zone === undefined ? utc : zoneOf(zone);
  const found = await telling(connection, sql, async () => {
    await begin(connection, zone);
    for (const statement of before.flatMap(statementsOf)) await runStatement(connection, statement, params);
    const { last } = await setUp(connection, sql, params);
    return runStatement(connection, last, params);
  });
  if (!found) return undefined;
  const { result, type } = found;
  const columns = result.columnNames().map((name, index) => ({ name, isNumber: NUMBERS.includes(result.columnTypeId(index)) }));
  const rows = tellingRows(connection, sql, result.yieldConvertedRows(exactJson(clocks)));
  return { columns, rows, isPlan: type === StatementType.EXPLAIN };
}

/** The result of SQL that has to have one. @throws SignalhouseError usage */
export function readResult(result: QueryResult | undefined): QueryResult {
  if (result) return result;
  throw new SignalhouseError("usage", "the last statement gives no result", "End with one that reads, such as SELECT or FROM.");
}

/**
 * Writes the result of such statements into a new Parquet file; DuckDB does it, however many rows there are. Locks DuckDB down as runQuery does; that one file may
 * still be written.
 * @param file an absolute path
 * @returns the rows written
 * @throws SignalhouseError as runQuery; usage where the last statement has no rows to write
 */
export async function writeParquet(connection: DuckDBConnection, sql: string, file: string, options: QueryOptions = {}): Promise<number> {
  const { params = new Map(), zone } = options;
  return telling(connection, sql, async () => {
    await begin(connection, zone, [file]);
    const { last } = await setUp(connection, sql, params);
    const copied = asSelect(last);
    let rows = 0;
    // DuckDB's own temporary name beside the file could be guessed.
    const copy = `COPY (${copied}\n) TO ${quoteText(file)} (FORMAT parquet, USE_TMP_FILE false)`;
    for await (const { prepared, type } of parts(connection, copy, params)) {
      const { rowsChanged } = await prepared.run();
      if (type === StatementType.COPY) rows = rowsChanged;
    }
    return rows;
  });
}

/** Prepares one statement that reads, on a connection that is locked down. SHOW, DESCRIBE, SUMMARIZE and PRAGMAs that tell something are SELECTs to DuckDB. @throws SignalhouseError usage */
export async function prepareReading(connection: DuckDBConnection, sql: string): Promise<DuckDBPreparedStatement> {
  const statements = statementsOf(sql);
  const [statement] = statements;
  if (statements.length !== 1 || !statement) throw new SignalhouseError("usage", `query takes one statement, not ${statements.length}`, EXAMPLE);
  assertFunctions(statement);
  const extracted = await connection.extractStatements(statement.sql);
  const prepared = extracted.count === 1 ? await extracted.prepare(0) : undefined;
  if (prepared) purposeOf(statement, prepared.statementType, false);
  if (prepared?.statementType !== StatementType.SELECT) throw new SignalhouseError("usage", "query takes one SELECT here, which reads", EXAMPLE);
  return prepared;
}

const EXAMPLE = 'For example: signalhouse query "SELECT count(*) FROM orders"';

async function begin(connection: DuckDBConnection, zone: string | undefined, files: readonly string[] = []): Promise<void> {
  if (zone !== undefined) {
    await connection.run(`SET TimeZone = ${quoteText(zone)}`).catch((error: unknown) => {
      throw noZone(zone, error);
    });
  }
  await lockDown(connection, files);
}

/** Runs all statements but the last, which only set up. @throws SignalhouseError usage */
async function setUp(connection: DuckDBConnection, sql: string, params: Params): Promise<{ last: Statement }> {
  const statements = statementsOf(sql);
  const last = statements.at(-1);
  if (!last) throw new SignalhouseError("usage", "there is no statement to run", EXAMPLE);
  for (const statement of statements) assertFunctions(statement);
  for (const statement of statements.slice(0, -1)) {
    const read = await runStatement(connection, statement, params);
    if (!read) continue;
    throw new SignalhouseError(
      "usage",
      `query prints one result: of ${statements.length} statements only the last one may read`,
      "Those before it set up: CREATE TEMP TABLE, TEMP VIEW or TEMP MACRO, SET VARIABLE. Run others by themselves.",
    );
  }
  return { last };
}

/** Runs a statement if it is allowed. @returns its result, which is not read yet, if it reads */
async function runStatement(
  connection: DuckDBConnection,
  statement: Statement,
  params: Params,
): Promise<{ result: DuckDBResult; type: StatementType } | undefined> {
  const inner = firstWords(statement, 1)[0] === "EXPLAIN" ? explained(statement) : undefined;
  if (inner && !(await isSelect(connection, inner, params))) throw explainsReadingOnly();
  let found: { result: DuckDBResult; type: StatementType } | undefined;
  for await (const { prepared, type, isOneOfSeveral } of parts(connection, statement.sql, params)) {
    if (type === StatementType.EXPLAIN && !inner) throw explainsReadingOnly();
    const purpose = purposeOf(statement, type, isOneOfSeveral);
    if (purpose === "set up") await prepared.run();
    else found = { result: await prepared.stream(), type };
  }
  return found;
}

interface Part {
  prepared: DuckDBPreparedStatement;
  type: StatementType;
  isOneOfSeveral: boolean;
}

/** What DuckDB makes of a statement, each part prepared when the ones before it have run: PIVOT looks for its columns first. */
async function* parts(connection: DuckDBConnection, sql: string, params: Params): AsyncGenerator<Part> {
  const extracted = await connection.extractStatements(sql);
  for (let index = 0; index < extracted.count; index += 1) {
    const prepared = await extracted.prepare(index);
    bindParams(prepared, params);
    yield { prepared, type: prepared.statementType, isOneOfSeveral: extracted.count > 1 };
  }
}

async function isSelect(connection: DuckDBConnection, { sql }: Statement, params: Params): Promise<boolean> {
  const extracted = await connection.extractStatements(sql);
  if (extracted.count !== 1) return false;
  const prepared = await extracted.prepare(0);
  bindParams(prepared, params);
  return prepared.statementType === StatementType.SELECT;
}

/** Statements that COPY takes as they are, and those that it takes within FROM. */
const SELECTS = ["SELECT", "FROM", "WITH", "VALUES", "TABLE", "PIVOT", "UNPIVOT", "("];
const TABLES = ["DESCRIBE", "DESC", "SHOW", "SUMMARIZE"];

/** A statement as COPY takes it. No bracket of its own closes the one around it. @throws SignalhouseError usage */
function asSelect(statement: Statement): string {
  const [first = ""] = firstWords(statement, 1);
  let depth = 0;
  const isClosed = statement.tokens.every(({ text, isOpen }) => {
    depth += text === "(" ? 1 : text === ")" ? -1 : 0;
    return depth >= 0 && !isOpen;
  });
  if (isClosed && depth === 0) {
    if (SELECTS.includes(first)) return statement.sql;
    if (TABLES.includes(first)) return `FROM (${statement.sql}\n)`;
  }
  throw new SignalhouseError("usage", "Parquet takes what SELECT gives", 'For example: signalhouse query "FROM orders" -o orders.parquet');
}

async function telling<T>(connection: DuckDBConnection, sql: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw await explainedFailure(error, connection, sql);
  }
}

async function* tellingRows(connection: DuckDBConnection, sql: string, batches: AsyncIterable<Json[][]>): AsyncGenerator<Json[][]> {
  try {
    yield* batches;
  } catch (error) {
    throw await explainedFailure(error, connection, sql);
  }
}
