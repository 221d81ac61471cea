/** A lane: a connection that projects runs of a file, one after the other, while the load's own connection writes what others have projected. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { messageOf } from "../../schemas/errors.ts";
import { quoteText } from "../../schemas/names.ts";
import type { Table } from "../../schemas/signal-types.ts";
import { onlyRow, rows } from "../sql.ts";
import { itemsSql } from "./content.ts";
import type { Projection } from "./projection.ts";

/** Records of one table on their way: CSV with record_no first. */
export interface PartFile {
  projection: Projection;
  file: string;
  /** The record_no of all its records. */
  recordNos: readonly number[];
}

/** What a lane makes of a part. Its files are the caller's to remove. */
export interface ProjectedPart {
  table: Table;
  columns: readonly string[];
  /** Parquet with these columns. */
  file: string;
  /** How many of its rows can go straight into the table, and how many are held back. */
  direct: number;
  held: number;
  /** Parquet with the record_no of rows that are held back, or in doubt after all (an order, for its items). Absent where there are none. */
  apart?: string;
  /** The record_no of the records in doubt. */
  doubted: number[];
  /** Parquet with the items of plain orders, as canonical text. Absent where there are none. */
  items?: string;
}

/** Projects parts, one at a time. */
export class Lane {
  readonly #connection: DuckDBConnection;
  #last: Promise<unknown> = Promise.resolve();

  /** @param connection its own; close() disconnects it */
  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  /**
   * Reads a part with DuckDB and writes its plain rows, typed, to a Parquet file beside it, in its turn. A record that is not among them, for whatever reason, is in doubt.
   * @returns undefined where DuckDB cannot read the part: then all of it is in doubt
   * @throws all other errors of DuckDB
   */
  project(part: PartFile): Promise<ProjectedPart | undefined> {
    const done = this.#last
      .then(() => this.#project(part))
      .catch((error: unknown) => {
        if (isOfTheData(error)) return undefined;
        throw error;
      });
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Settles when it has nothing to do. */
  get isFree(): Promise<unknown> {
    return this.#last;
  }

  async #project({ projection, file, recordNos }: PartFile): Promise<ProjectedPart | undefined> {
    const connection = this.#connection;
    const { table, columns } = projection;
    const of = (what: string) => `${file}.${what}.parquet`;
    const found = async (what: string, where = "") => {
      const all = await rows<{ record_no: bigint }>(connection, `SELECT record_no FROM read_parquet(${quoteText(of(what))}) ${where}`);
      return all.map(({ record_no }) => Number(record_no));
    };
    const plain = await copy(connection, projection.rows(file), of("rows"));
    const hasItems = table === "behavior_signals" && (await copy(connection, itemsSql(of("rows")), of("items"))) > 0;
    const apart = await copy(connection, await apartSql(connection, table, of("rows"), hasItems ? of("items") : undefined), of("apart"));

    const doubted = plain === recordNos.length ? [] : without(recordNos, await found("rows"));
    const held = apart > 0 ? (await found("apart", "WHERE held")).length : 0;
    if (apart > held) doubted.push(...(await found("apart", "WHERE NOT held")));
    return {
      table,
      columns,
      file: of("rows"),
      direct: plain - apart,
      held,
      doubted,
      ...(apart > 0 ? { apart: of("apart") } : {}),
      ...(hasItems ? { items: of("items") } : {}),
    };
  }

  /** Ends it when it has nothing more to do. */
  async close(): Promise<void> {
    await this.#last;
    this.#connection.disconnectSync();
  }
}

function without(all: readonly number[], some: readonly number[]): number[] {
  const gone = new Set(some);
  return all.filter((recordNo) => !gone.has(recordNo));
}

/**
 * Gives the rows that do not go straight into their table: those that are known to meet another one, of the warehouse or of their own part (held), and the orders that
 * are in doubt. What meets a row all the same is found at the end, and taken back: that is exact, but dear where it is the rule. So the times that are looked at
 * here are only those of the part.
 */
async function apartSql(connection: DuckDBConnection, table: Table, file: string, items: string | undefined): Promise<string> {
  const plainRows = `read_parquet(${quoteText(file)})`;
  const { first, last } = await onlyRow<{ first: string | null; last: string | null }>(
    connection,
    `SELECT min(occurred_at)::VARCHAR AS first, max(occurred_at)::VARCHAR AS last FROM ${plainRows}`,
  );
  const unfit = items === undefined ? undefined : `SELECT DISTINCT record_no FROM read_parquet(${quoteText(items)}) WHERE NOT fits`;
  const within =
    first === null || last === null ? "false" : `occurred_at BETWEEN ${quoteText(first)}::TIMESTAMPTZ AND ${quoteText(last)}::TIMESTAMPTZ`;
  return `WITH plain AS (SELECT record_no, signal_key FROM ${plainRows} ${unfit === undefined ? "" : `WHERE record_no NOT IN (${unfit})`})
    SELECT record_no, true AS held FROM plain WHERE signal_key IN (SELECT signal_key FROM ${table} WHERE ${within})
      OR signal_key IN (SELECT signal_key FROM plain GROUP BY signal_key HAVING count(*) > 1)
    ${unfit === undefined ? "" : `UNION ALL SELECT record_no, false FROM (${unfit})`}`;
}

/** @returns how many rows were written */
async function copy(connection: DuckDBConnection, query: string, file: string): Promise<number> {
  const { rowsChanged } = await connection.run(`COPY (${query}) TO ${quoteText(file)} (FORMAT parquet, COMPRESSION uncompressed)`);
  return rowsChanged;
}

/** What the bytes or the values of a part bring up. A full disk says nothing about them, and a statement that is wrong is a bug. */
const isOfTheData = (error: unknown) => /^(Invalid Input|Conversion|Out of Range) Error/.test(messageOf(error));
