/** The rows of a reference set as they came: one table in the scratch file, each row with its number, `row_no`, and what is known of its columns. */
import type { DuckDBConnection, DuckDBType } from "@duckdb/node-api";
import { SignalhouseError } from "../../schemas/errors.ts";
import { quoteText } from "../../schemas/names.ts";
import type { AttributeType } from "../../schemas/reference-set.ts";
import { DuckDBTypeId } from "../duckdb.ts";
import { queryFailed } from "../query/failures.ts";
import { lockDown } from "../query/lock-down.ts";
import { prepareReading } from "../query/run.ts";
import { NUMBERS } from "../query/values.ts";
import type { Warehouse } from "../warehouse.ts";
import { literalPath } from "../sql.ts";
import { SCRATCH } from "./scratch.ts";

/** What a column's values are in DuckDB, as far as it matters for writing them. */
export type SourceKind = "text" | "number" | "float" | "boolean" | "date" | "timestamp";

export interface SourceColumn {
  /** As the source calls it. */
  name: string;
  /** As the scratch table calls it. */
  column: string;
  kind: SourceKind;
  /** What it is proposed to become; `look`: what all its values look like, `look for dates`: the same, but digits stay text. */
  proposal: AttributeType | "look" | "look for dates";
}

const TEXT = [DuckDBTypeId.VARCHAR, DuckDBTypeId.ENUM, DuckDBTypeId.UUID, DuckDBTypeId.TIME, DuckDBTypeId.TIME_TZ, DuckDBTypeId.INTERVAL];
const DATES = [DuckDBTypeId.TIMESTAMP, DuckDBTypeId.TIMESTAMP_S, DuckDBTypeId.TIMESTAMP_MS, DuckDBTypeId.TIMESTAMP_NS, DuckDBTypeId.TIMESTAMP_TZ];
function kindOf({ typeId }: DuckDBType): SourceKind | undefined {
  if (typeId === DuckDBTypeId.BOOLEAN) return "boolean";
  if (typeId === DuckDBTypeId.DATE) return "date";
  if (typeId === DuckDBTypeId.FLOAT || typeId === DuckDBTypeId.DOUBLE) return "float";
  if (DATES.includes(typeId)) return "timestamp";
  if (NUMBERS.includes(typeId)) return "number";
  return TEXT.includes(typeId) ? "text" : undefined;
}

const PROPOSALS: Record<SourceKind, AttributeType> = {
  text: "TEXT",
  number: "NUMBER",
  float: "NUMBER",
  boolean: "BOOLEAN",
  date: "DATE",
  timestamp: "DATE",
};

/** The scratch table's names for columns: what the source calls them may be there twice. */
export const columnNames = (count: number): string[] => Array.from({ length: count }, (_, index) => `c${index + 1}`);

/** Rows are counted from 1. */
const NUMBERED = "row_number() OVER () AS row_no, *";

/** Columns of DuckDB types. @throws SignalhouseError usage where one has values that a file cannot hold */
function typedColumns(names: readonly string[], types: readonly DuckDBType[]): SourceColumn[] {
  return names.map((name, index) => {
    const type = types[index] as DuckDBType;
    const kind = kindOf(type);
    if (kind) return { name, column: `c${index + 1}`, kind, proposal: PROPOSALS[kind] };
    throw new SignalhouseError(
      "usage",
      `the column "${name}" is ${type.toString()}, which a reference set cannot hold`,
      "A reference set has plain values: take them out of it, or cast it to VARCHAR, in --query.",
    );
  });
}

/**
 * Stages the result of one SELECT over the warehouse, which it reads at one moment. The warehouse's DuckDB is locked down for good by this, as with
 * runQuery.
 * @param warehouse opened for this only, read-only; the caller closes it
 * @param pushed the set whose last pushed rows are staged too, as table `pushed`
 * @throws SignalhouseError usage where it is not one SELECT, query_failed
 */
export async function stageQuery({ connection }: Warehouse, scratch: string, sql: string, pushed: string | undefined): Promise<SourceColumn[]> {
  await connection.run(`ATTACH ${quoteText(scratch)} AS ${SCRATCH} (READ_WRITE)`);
  if (pushed !== undefined) await stagePushed(connection, pushed);
  await lockDown(connection);
  try {
    const prepared = await prepareReading(connection, sql);
    const count = prepared.columnCount;
    const names = Array.from({ length: count }, (_, index) => prepared.columnName(index));
    const columns = typedColumns(
      names,
      names.map((_, index) => prepared.columnType(index)),
    );
    await connection.run(
      `CREATE TABLE ${SCRATCH}.main.source AS SELECT ${NUMBERED} FROM query(${quoteText(sql)}) AS q(${columns.map(({ column }) => column).join(", ")})`,
    );
    return columns;
  } catch (error) {
    throw queryFailed(error);
  } finally {
    await connection.run(`DETACH ${SCRATCH}`).catch(() => undefined);
  }
}

/** Stages only the rows that were pushed last. */
export async function stagePushedRows({ connection }: Warehouse, scratch: string, set: string): Promise<void> {
  await connection.run(`ATTACH ${quoteText(scratch)} AS ${SCRATCH} (READ_WRITE)`);
  await stagePushed(connection, set);
  await connection.run(`DETACH ${SCRATCH}`);
}

async function stagePushed(connection: DuckDBConnection, set: string): Promise<void> {
  await connection.run(
    `CREATE TABLE ${SCRATCH}.main.pushed AS SELECT key, row_hash FROM signalhouse.refset_rows WHERE set_name = $1 AND pushed_at IS NOT NULL`,
    [set],
  );
}

/** Stages a Parquet file. @throws SignalhouseError usage, not_found where it cannot be read */
export async function stageParquet(connection: DuckDBConnection, file: string): Promise<SourceColumn[]> {
  // A folder that is called year=2024 is no column of the file.
  const from = `read_parquet(${quoteText(literalPath(file))}, hive_partitioning = false)`;
  const described = await connection.run(`SELECT * FROM ${from} LIMIT 0`);
  const columns = typedColumns(described.columnNames(), described.columnTypes());
  await connection.run(`CREATE TABLE source AS SELECT ${NUMBERED} FROM ${from} AS q(${columns.map(({ column }) => column).join(", ")})`);
  return columns;
}
