/** The storage version of a warehouse's file: of new ones, of those made before, and of copies. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, test } from "vitest";
import { exportText } from "../../samples/generator/exports.ts";
import { placeOf } from "../../sinks/places.ts";
import { probeWarehouse } from "../../sinks/probe.ts";
import { MISREAD_STORAGE } from "../../sinks/storage.ts";
import { copyInto, storageVersion, sumStatements } from "../helpers/storage.ts";
import { csv, memoryFile, pageView, type Scratch, scratchFolder, scratchWarehouse } from "../helpers/warehouse.ts";

/** An empty file of a storage version. */
async function emptyFile(storage: string): Promise<string> {
  const path = join(scratchFolder(), "signals.duckdb");
  (await DuckDBInstance.create(path, { storage_compatibility_version: storage })).closeSync();
  return path;
}

/** Takes a file by each path. */
async function takesBoth(scratch: Scratch): Promise<void> {
  for (const way of ["row", "vector"] as const) {
    const results = await scratch.load([memoryFile(`${way}.csv`, 0, csv([pageView(way)]))], { reader: way });
    expect(results).toMatchObject([{ status: "loaded", inserted: 1 }]);
  }
}

describe("a warehouse that is opened for writing", () => {
  test("has a storage version that DuckDB 1.4 reads, where it is new", async () => {
    const scratch = await scratchWarehouse();
    await takesBoth(scratch);
    scratch.warehouse.close();
    expect(await storageVersion(scratch.path)).toBe("v1.4.0+");
  });

  test.each([
    ["v1.0.0", "v1.0.0+"],
    ["v1.2.0", "v1.2.0+"],
    ["v1.3.0", "v1.4.0+"],
    ["v1.5.0", "v1.5.0+"],
  ])("of %s is of %s afterwards, and takes both loads", async (made, expected) => {
    const path = await emptyFile(made);
    const scratch = await scratchWarehouse({ path });
    await takesBoth(scratch);
    scratch.warehouse.close();
    expect(await storageVersion(path)).toBe(expected);
    await scratch.reopen();
    expect(await scratch.value("SELECT count(*)::INTEGER FROM page_views")).toBe(2);
  });

  test("is raised with all that is in it, and nothing else", async () => {
    const { scratch, path } = await misreadCopy();
    const before = await contents(scratch);
    scratch.warehouse.close();
    const raised = await scratchWarehouse({ path });
    expect(await contents(raised)).toEqual(before);
    await raised.prove();
    await takesBoth(raised);
  });

  test("is raised where somebody has a table of a usual name in it", async () => {
    const path = await emptyFile(MISREAD_STORAGE);
    const instance = await DuckDBInstance.create(path);
    const connection = await instance.connect();
    await connection.run("CREATE TABLE storage AS SELECT 1 AS shelf");
    connection.disconnectSync();
    instance.closeSync();

    const raised = await scratchWarehouse({ path });
    expect(await raised.value("SELECT shelf FROM storage")).toBe(1);
    raised.warehouse.close();
    expect(await storageVersion(path)).toBe("v1.4.0+");
  });

  test("is raised after a process died that had not yet written everything into the file", async () => {
    const { path } = await misreadCopy();
    const instance = await DuckDBInstance.create(path, { checkpoint_threshold: "1TB" });
    const connection = await instance.connect();
    await connection.run("UPDATE behavior_signals SET name = 'from the log'");
    const left = join(scratchFolder(), "signals.duckdb");
    for (const end of ["", ".wal"]) copyFileSync(`${path}${end}`, `${left}${end}`);
    connection.disconnectSync();
    instance.closeSync();

    const raised = await scratchWarehouse({ path: left });
    expect(await raised.values("SELECT DISTINCT name FROM behavior_signals")).toEqual(["from the log"]);
    raised.warehouse.close();
    expect(await storageVersion(left)).toBe("v1.4.0+");
  });
});

test("a warehouse that is only read, or looked at, keeps its storage version", async () => {
  const { path } = await misreadCopy();
  expect(await probeWarehouse(placeOf(path))).toMatchObject({ storage: MISREAD_STORAGE });
  const reading = await scratchWarehouse({ path, access: "read" });
  reading.warehouse.close();
  expect(await storageVersion(path)).toBe("v1.3.0+");
});

test("docs/operations.md: a copy of another storage version has everything, and is a warehouse", async () => {
  const scratch = await loadedWarehouse();
  const before = await contents(scratch);
  scratch.warehouse.close();
  const path = join(scratchFolder(), "copy.duckdb");
  await copyInto(scratch.path, path, "v1.2.0");
  expect(await storageVersion(path)).toBe("v1.2.0+");
  const copy = await scratchWarehouse({ path });
  expect(await contents(copy)).toEqual(before);
  await takesBoth(copy);
  await expect(copy.run("UPDATE signalhouse.loads SET path = NULL")).rejects.toThrow("NOT NULL constraint failed");
  copy.warehouse.close();
  expect(await storageVersion(path)).toBe("v1.2.0+");
});

async function loadedWarehouse(): Promise<Scratch> {
  const scratch = await scratchWarehouse();
  await scratch.load([memoryFile("a.csv", 0, exportText({ rows: 500, seed: 4 }).csv)]);
  return scratch;
}

/** A loaded warehouse, and where its copy is in a file of the storage version that DuckDB 1.3 misreads. */
async function misreadCopy(): Promise<{ scratch: Scratch; path: string }> {
  const scratch = await loadedWarehouse();
  scratch.warehouse.close();
  const path = join(scratchFolder(), "signals.duckdb");
  await copyInto(scratch.path, path, MISREAD_STORAGE);
  await scratch.reopen();
  return { scratch, path };
}

/** All that a warehouse has: rows, sums of every table and view, columns with what they may be, constraints, and views. */
async function contents(scratch: Scratch): Promise<unknown> {
  const sums = [];
  for (const statement of await sumStatements(scratch)) sums.push(await scratch.rows(statement));
  return {
    rows: await scratch.dump(),
    sums,
    columns: await scratch.rows(
      "SELECT schema_name, table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns() WHERE NOT internal ORDER BY ALL",
    ),
    constraints: await scratch.rows("SELECT schema_name, table_name, constraint_type, constraint_text FROM duckdb_constraints() ORDER BY ALL"),
    // Of views in words that DuckDB's COPY does not keep, such as MATERIALIZED and DECIMAL(38, 4), the sums above tell.
    views: await scratch.rows(
      "SELECT schema_name, view_name, CASE WHEN schema_name = 'main' THEN sql END AS sql, comment FROM duckdb_views() WHERE NOT internal ORDER BY ALL",
    ),
  };
}
