/** What a load costs in a warehouse that is full: a signal is looked for in all of it. */
import { existsSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { keyHash } from "../sinks/identity.ts";
import { openWarehouse } from "../sinks/warehouse.ts";
import { fresh, load, removeWarehouse, standardFile } from "./load.ts";
import { inTurn, median } from "./median.ts";
import type { LoadFigures } from "./run-load.ts";

const RECORDS = 200_000;
const FULL_ROWS = 20_000_000;
const NARROW_ROWS = 100_000_000;

export interface GrowthRow {
  warehouse: string;
  seconds: number;
  ratio: number;
  "peak RSS MiB": number;
}

/**
 * The same file into an empty warehouse, into one with 20 million rows, which SQL fills with copies of another file's rows on other days, and into one with 100 million that have little but a key, a type and a time. The aims
 * are 1.15 and 1.6 times.
 */
export async function benchGrowth(folder: string): Promise<GrowthRow[]> {
  const file = await standardFile(folder, RECORDS, 2);
  const [full, narrow] = [join(folder, "full.duckdb"), join(folder, "narrow.duckdb")];
  if (!existsSync(full)) await made(full, (making) => fillFull(making, folder));
  if (!existsSync(narrow)) await made(narrow, fillNarrow);
  const into = (warehouse: string) => async () => {
    const copy = join(folder, "growing.duckdb");
    await copyFile(warehouse, copy);
    const figures = await load("vector")(copy, file);
    await removeWarehouse(copy);
    return figures;
  };
  const contenders: Record<string, () => Promise<LoadFigures>> = {
    empty: () => fresh(folder, load("vector"))(file),
    [`${FULL_ROWS.toLocaleString("en")} rows`]: into(full),
    [`${NARROW_ROWS.toLocaleString("en")} narrow rows`]: into(narrow),
  };
  const taken = await inTurn<LoadFigures>(contenders);
  const seconds = (name: string) => median((taken.get(name) ?? []).map((figures) => figures.seconds));
  return [...taken].map(([warehouse, figures]) => ({
    warehouse,
    seconds: rounded(seconds(warehouse)),
    ratio: rounded(seconds(warehouse) / seconds("empty")),
    "peak RSS MiB": Math.round(median(figures.map(({ peakMiB }) => peakMiB))),
  }));
}

const rounded = (value: number) => Math.round(value * 100) / 100;

/** Fills a warehouse beside its place, so that one that is there is whole. */
async function made(path: string, fill: (making: string) => Promise<void>): Promise<void> {
  const making = `${path}.making`;
  await removeWarehouse(making);
  await fill(making);
  await copyFile(making, path);
  await removeWarehouse(making);
}

async function withSql(path: string, statements: (run: (sql: string) => Promise<void>) => Promise<void>): Promise<void> {
  const instance = await DuckDBInstance.create(path, { memory_limit: "6GB" });
  const connection = await instance.connect();
  await statements(async (sql) => void (await connection.run(sql)));
  await connection.run("CHECKPOINT");
  connection.disconnectSync();
  instance.closeSync();
}

async function fillFull(path: string, folder: string): Promise<void> {
  const { records } = await load("vector")(path, await standardFile(folder, RECORDS));
  await withSql(path, async (run) => {
    for (const table of ["marketing_signals", "behavior_signals"]) {
      await run(`CREATE TEMP TABLE seed AS FROM ${table}`);
      for (let day = 1; day < FULL_ROWS / records; day += 1) {
        const key = `signal_key || '-${day}'`;
        await run(
          `INSERT INTO ${table} SELECT * REPLACE (${key} AS signal_key, ${key} AS signal_id, ${keyHash(key)} AS key_hash, occurred_at - INTERVAL ${day} DAY AS occurred_at) FROM seed`,
        );
      }
      await run("DROP TABLE seed");
    }
  });
}

async function fillNarrow(path: string): Promise<void> {
  (await openWarehouse({ path })).close();
  await withSql(path, async (run) => {
    await run(
      `INSERT INTO signalhouse.loads BY NAME SELECT 1 AS load_id, 'filled by SQL' AS path, 0 AS size_bytes, TIMESTAMPTZ '2020-01-01' AS mtime, '' AS sha256, ${NARROW_ROWS} AS records,
         ${NARROW_ROWS} AS inserted, 0 AS updated, 0 AS unchanged, 0 AS rejected, 'loaded' AS status, now() AS started_at, now() AS finished_at`,
    );
    for (const [table, type] of [
      ["marketing_signals", "emailSend"],
      ["behavior_signals", "pageView"],
    ]) {
      const key = `'${type}-' || number`;
      await run(
        `INSERT INTO ${table} BY NAME SELECT ${key} AS signal_key, ${key} AS signal_id, '${type}' AS signal_type, TIMESTAMPTZ '2020-01-01' + to_seconds(number) AS occurred_at, 1 AS load_id,
           number AS record_no, ${keyHash(key)} AS key_hash FROM range(${NARROW_ROWS / 2}) AS numbers (number)`,
      );
    }
  });
}
