/** Warehouses that earlier versions have written (test/fixtures/older) migrate forward, and are what this version makes of the same files. */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { type Migrating, schemaVersion } from "../../sinks/migrate.ts";
import { placeOf } from "../../sinks/places.ts";
import { openWarehouse } from "../../sinks/warehouse.ts";
import { contentKey } from "../../transforms/content-key.ts";
import { cli } from "../helpers/cli.ts";
import { failureOf } from "../helpers/errors.ts";
import { storageVersion } from "../helpers/storage.ts";
import { memoryFile, type Row, type Scratch, scratchFolder, scratchWarehouse } from "../helpers/warehouse.ts";

const FOLDER = fileURLToPath(new URL("../fixtures/older", import.meta.url));
const OLDER = readdirSync(FOLDER).filter((name) => name.endsWith(".duckdb.br"));

/** The file of a fixture. */
function unpacked(name: string): string {
  const path = join(scratchFolder(), "signals.duckdb");
  writeFileSync(path, brotliDecompressSync(readFileSync(join(FOLDER, name))));
  return path;
}

/** What this version makes of the same files: under the paths and times that the older one has noted. */
async function fresh(files: readonly Row[]): Promise<Scratch> {
  const scratch = await scratchWarehouse();
  for (const { path, mtime } of files) {
    const name = String(path).endsWith("a.csv") ? "a.csv" : "b.csv";
    await scratch.load([memoryFile(String(path), `${String(mtime)}Z`, readFileSync(join(FOLDER, name)))]);
  }
  return scratch;
}

const LOADS =
  "SELECT path, (mtime AT TIME ZONE 'UTC')::VARCHAR AS mtime, sha256, records, inserted, updated, unchanged, rejected, order_items, status FROM signalhouse.loads ORDER BY load_id";
const REJECTS = "SELECT load_id, record_no, code, raw FROM signalhouse.rejects ORDER BY ALL";
const DRIFT = "SELECT * FROM signalhouse.drift ORDER BY ALL";
const MARTS = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'marts' ORDER BY ALL";

test("there is one of each version of tables and storage", () => {
  expect(OLDER.length).toBeGreaterThanOrEqual(6);
});

test.each(OLDER)("%s", async (name) => {
  const path = unpacked(name);
  const told: Migrating[] = [];
  const scratch = await scratchWarehouse({ path, migration: { contentKey, onBegin: (migrating) => told.push(migrating) } });
  await scratch.prove();
  expect(told.map(({ signals }) => signals)).toEqual(name.startsWith("tables-1") ? [9] : []);
  // By hand, of the two files: o1 as it was corrected, o2, o3; the lamp, the bulbs and the bulbs.
  expect(await scratch.rows("SELECT count(*)::INTEGER AS orders, sum(order_value)::VARCHAR AS revenue FROM orders")).toEqual([
    { orders: 3, revenue: "175.1500" },
  ]);
  expect(
    await scratch.rows("SELECT count(*)::INTEGER AS items, sum(item_quantity * unit_price)::DECIMAL(18, 2)::VARCHAR AS value FROM order_items"),
  ).toEqual([{ items: 3, value: "74.90" }]);
  expect(await scratch.rows("SELECT count(*)::INTEGER AS n FROM signalhouse.rejects")).toEqual([{ n: 1 }]);
  const loads = await scratch.rows(LOADS);
  const today = await fresh(loads);
  // The first tables counted no items by load: those that are there count for the load whose they are.
  const counted = (rows: Row[]) => (name.startsWith("tables-1") ? rows.map((row) => ({ ...row, order_items: null })) : rows);
  expect(counted(loads)).toEqual(counted(await today.rows(LOADS)));
  expect(await scratch.dump()).toEqual(await today.dump());
  for (const sql of [REJECTS, DRIFT]) expect(await scratch.rows(sql)).toEqual(await today.rows(sql));
  const marts = await today.values(MARTS);
  expect(await scratch.values(MARTS)).toEqual(marts);
  for (const mart of marts) {
    const rows = `SELECT * FROM marts.${String(mart)} ORDER BY ALL`;
    expect([mart, await scratch.rows(rows)]).toEqual([mart, await today.rows(rows)]);
  }
  // It goes on: the same files bring nothing, in the storage version of today or of before.
  await scratch.load([memoryFile("again.csv", 1, readFileSync(join(FOLDER, "b.csv")))]);
  expect(await scratch.counts("again.csv")).toMatchObject({ inserted: 0, updated: 0 });
  scratch.warehouse.close();
  const [, storage] = /storage-(v[\d.]+)\.duckdb/.exec(name) ?? [];
  expect(await storageVersion(path)).toBe(storage === "v1.3.0" ? "v1.4.0+" : `${storage}+`);
});

test("what a migration takes on the disk is told before, and where there is less nothing is changed", async () => {
  const path = unpacked("tables-1-storage-v1.0.0.duckdb.br");
  const size = statSync(path).size;
  const told: Migrating[] = [];
  const onBegin = (migrating: Migrating) => void told.push(migrating);
  const open = (room: number) => openWarehouse({ ...placeOf(path), room: () => Promise.resolve(room) }, { migration: { contentKey, onBegin } });
  expect(await failureOf(open(1000))).toMatchObject({
    code: "disk_full",
    message: `${path} is of an older version: to write its 9 signals anew may take ${size} bytes beside the ${size} that it has, and 1000 are free`,
    hint: expect.stringContaining("Nothing was changed."),
  });
  expect(told).toEqual([]);
  const before = await openWarehouse(placeOf(path), { access: "read", mayLack: "anything" });
  expect(await schemaVersion(before.connection)).toBe(1);
  before.close();
  (await open(1e12)).close();
  expect(told).toEqual([{ signals: 9, size, needed: size, free: 1e12 }]);
});

test("a command says so", async () => {
  const path = unpacked("tables-1-storage-v1.3.0.duckdb.br");
  const { code, stderr } = await cli(["load", join(FOLDER, "b.csv"), "--warehouse", path], { cwd: scratchFolder() });
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(
      /9 signals of it get the keys[^]*It may take [\d.]+ MB on the disk meanwhile, of which .* are free\. .* copy of the file first, [\d.]+ MB\./,
    ),
  ]);
});
