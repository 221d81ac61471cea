/** The parts of a table: one for each month, named by what is in it. */
import { createHash } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteIdentifier as id, quoteText } from "../../schemas/names.ts";
import { rows } from "../sql.ts";
import { type PublishedTable, selectSql } from "./tables.ts";

/** What a table has of a month, or is to have. */
export interface Part {
  /** `2025-09`; null of a table that has all its rows in one. */
  month: string | null;
  rows: number;
  /** Its place in the store, to which files add their endings. Two parts of the same place have the same rows. */
  place: string;
  /** SQL of its columns, of rows whose alias is r. */
  select: string;
  /** SQL behind FROM that gives these rows, in no order. */
  from: string;
  /** SQL of the time by which they are to be in order; then `from` ends in a condition. Undefined where there is no order. */
  time: string | undefined;
}

/** A table's parts. */
export interface TableParts {
  table: PublishedTable;
  /** Names and types of all that its files have, as text: files of the same shape can be read as one table. */
  shape: string;
  parts: readonly Part[];
}

/** What else decides what a file says, besides rows and columns: the key of hashes, the version of the warehouse's tables. */
export type Basis = readonly (string | number)[];

const hashOf = (value: unknown, digits: number) => createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, digits);

/** Which parts a table is to have. Reads its times, or, where nothing tells which months have changed, all of its rows. */
export async function partsOf(connection: DuckDBConnection, table: PublishedTable, basis: Basis): Promise<TableParts> {
  const select = selectSql(table);
  const columns = await rows<{ column_name: string; column_type: string }>(connection, `DESCRIBE SELECT ${select} FROM ${table.from} r`);
  const shape = hashOf(
    columns.map((column) => [column.column_name, column.column_type]),
    8,
  );
  const found = await rows<{ month: string | null; rows: bigint; version: string }>(
    connection,
    table.isTracked ? trackedSql(table) : comparedSql(table),
  );
  // One without rows has a file all the same: it says which columns there are.
  const months = found.length > 0 ? found : [{ month: null, rows: 0n, version: "" }];
  return {
    table,
    shape,
    parts: months.map(({ month, rows: count, version }) => {
      const isWhole = table.time === undefined || month === null;
      const fingerprint = hashOf([...basis, table.name, select, String(count), version], 24);
      return {
        month,
        rows: Number(count),
        place: `${table.name}/${isWhole ? "all" : `month=${month}`}/${shape}-${fingerprint}`,
        select,
        from: isWhole || !table.time ? `${table.from} r` : `${table.from} r WHERE ${within(table.time, month)}`,
        time: isWhole || !table.time ? undefined : `r.${id(table.time)}`,
      };
    }),
  };
}

/** SQL of a time's UTC month. AT TIME ZONE 'UTC' takes twenty times as long. */
const monthOf = (time: string) => `strftime(make_timestamp(epoch_us(r.${id(time)})), '%Y-%m')`;

function within(time: string, month: string): string {
  const [year = "", number = ""] = month.split("-");
  const next = number === "12" ? `${Number(year) + 1}-01` : `${year}-${String(Number(number) + 1).padStart(2, "0")}`;
  const start = (of: string) => `TIMESTAMPTZ ${quoteText(`${of}-01 00:00:00+00`)}`;
  return `r.${id(time)} >= ${start(month)} AND r.${id(time)} < ${start(next)}`;
}

/** The last change of each month says what is in it: each load, replay and mending is one. */
const trackedSql = ({ name, from, time = "" }: PublishedTable) =>
  `SELECT month, counted.rows, coalesce(version, '') AS version FROM (
     SELECT ${monthOf(time)} AS month, count(*) AS rows FROM ${from} r GROUP BY ALL
   ) counted LEFT JOIN (
     SELECT strftime(month, '%Y-%m') AS month, concat_ws('/', max(change_id), epoch_us(max(changed_at)), count(*), sum(rows)) AS version
     FROM signalhouse.changes WHERE table_name = ${quoteText(name)} GROUP BY ALL
   ) told USING (month) ORDER BY month`;

/** Rows are in no order: their hashes are added up. */
const comparedSql = ({ from, time, columns }: PublishedTable) =>
  `SELECT ${time === undefined ? "NULL::VARCHAR" : monthOf(time)} AS month, count(*) AS rows,
     coalesce(sum(hash(${columns.map((name) => `r.${id(name)}`).join(", ")})), 0)::VARCHAR AS version
   FROM ${from} r GROUP BY ALL HAVING count(*) > 0 ORDER BY month`;
