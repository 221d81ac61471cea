/** Parquet that the router writes, as DuckDB reads it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll } from "vitest";
import type { Row } from "./warehouse.ts";

export interface ParquetReader {
  /** The rows, without what is null: BIGINT and DECIMAL as text, times as Connect writes them. */
  rows: (file: readonly Uint8Array[]) => Promise<Row[]>;
  /** The rows of a query, which names the file FILE. */
  query: (file: readonly Uint8Array[], sql: string) => Promise<Row[]>;
}

/** A reader for all tests of a file. */
export function parquetReader(): ParquetReader {
  let instance: DuckDBInstance;
  let folder: string;
  // A path for each file: DuckDB keeps what it knows of one.
  let files = 0;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "signalhouse-test-"));
    instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  });
  afterAll(() => {
    instance.closeSync();
    rmSync(folder, { recursive: true, force: true });
  });

  const query = async (file: readonly Uint8Array[], sql: string): Promise<Row[]> => {
    const path = join(folder, `${(files += 1)}.parquet`);
    writeFileSync(path, Buffer.concat(file));
    const connection = await instance.connect();
    try {
      return (await connection.runAndReadAll(sql.replaceAll("FILE", `read_parquet('${path}')`))).getRowObjectsJson();
    } finally {
      connection.disconnectSync();
      rmSync(path);
    }
  };
  const rows = async (file: readonly Uint8Array[]): Promise<Row[]> => {
    const types = await query(file, "SELECT column_name, column_type FROM (DESCRIBE FROM FILE)");
    const times = new Set(types.flatMap(({ column_name, column_type }) => (column_type === "TIMESTAMP WITH TIME ZONE" ? [column_name] : [])));
    const read = await query(file, "FROM FILE ORDER BY record_no");
    return read.map((row) =>
      Object.fromEntries(
        Object.entries(row).flatMap(([name, value]) =>
          value === null ? [] : [[name, times.has(name) ? new Date(value as string).toISOString() : value]],
        ),
      ),
    );
  };
  return { rows, query };
}
