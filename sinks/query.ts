/** A user's own SQL: run on a warehouse that is open for reading only, and read without loss. */
import {
  type DuckDBConnection,
  DuckDBTimestampTZValue,
  DuckDBTypeId,
  type DuckDBValueConverter,
  type Json,
  JsonDuckDBValueConverter,
} from "@duckdb/node-api";
import { messageOf, SignalhouseError } from "../schemas/errors.ts";
import { quoteText } from "../schemas/names.ts";

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

const NUMBERS: readonly DuckDBTypeId[] = [
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

/** Runs one statement. @throws SignalhouseError usage where it is not exactly one, query_failed with DuckDB's message, also from `rows` */
export async function runQuery(connection: DuckDBConnection, sql: string): Promise<QueryResult> {
  const result = await explained(async () => {
    const count = sql.trim() === "" ? 0 : (await connection.extractStatements(sql)).count;
    if (count !== 1)
      throw new SignalhouseError("usage", `query takes one statement, not ${count}`, 'For example: signalhouse query "SELECT count(*) FROM orders"');
    return connection.stream(sql);
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
 * Writes the result of one SELECT into a file; DuckDB does it, however many rows there are. A file that is there is replaced.
 * @returns the rows written
 * @throws SignalhouseError query_failed with DuckDB's message
 */
export async function writeQuery(connection: DuckDBConnection, sql: string, file: string, format: FileFormat): Promise<number> {
  // query() takes the statement as text, so that a comment or a semicolon at its end does no harm.
  const copy = `COPY (SELECT * FROM query(${quoteText(sql)})) TO ${quoteText(file)} (${COPY_OPTIONS[format]})`;
  return explained(async () => (await connection.run(copy)).rowsChanged);
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

function queryFailed(error: unknown): SignalhouseError {
  if (error instanceof SignalhouseError) return error;
  const message = messageOf(error).replace("Failed to extract statements: ", "").trimEnd();
  return new SignalhouseError(
    "query_failed",
    message,
    'The tables and their columns: signalhouse query "SHOW ALL TABLES", signalhouse query "DESCRIBE orders"',
    error,
  );
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
