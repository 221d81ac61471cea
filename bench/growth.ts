/** What a load costs in a warehouse that is full: a signal is looked for in all of it. */
import { existsSync } from "node:fs";
import { copyFile, open } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { keyHash } from "../sinks/identity.ts";
import { fresh, load, type Measured, removeWarehouse, standardFile } from "./load.ts";
import { inTurn, median, rounded } from "./median.ts";

const RECORDS = 200_000;
/** Rows of the full warehouses beside those of a first file, and how many times as long a load may take there. */
const FULL = [
  { rows: 0, aim: "" },
  { rows: 20_000_000, aim: 1.15 },
  { rows: 100_000_000, aim: 1.6 },
];

export interface GrowthRow {
  warehouse: string;
  seconds: number;
  ratio: number;
  aim: number | string;
  "CPU seconds": number;
  "peak RSS MiB": number;
}

/**
 * The same file into an empty warehouse and into full ones. Their rows have a key, a type, a time and hashes only: what a load looks through is the same, and a hundred million rows with all columns would be 20 GB.
 */
export async function benchGrowth(folder: string): Promise<GrowthRow[]> {
  const file = await standardFile(folder, RECORDS, 2);
  const contenders: Record<string, () => Promise<Measured>> = { empty: () => fresh(folder, load("vector"))(file) };
  for (const { rows } of FULL) {
    const full = join(folder, `full-${rows}.duckdb`);
    if (!existsSync(full)) await made(full, async (making) => fill(making, rows, await standardFile(folder, RECORDS)));
    contenders[named(rows)] = async () => {
      const copy = join(folder, "growing.duckdb");
      await copyFile(full, copy);
      await flush(copy);
      const figures = await load("vector")(copy, file);
      await removeWarehouse(copy);
      return figures;
    };
  }
  const taken = await inTurn<Measured>(contenders);
  const seconds = (name: string) => median((taken.get(name) ?? []).map((figures) => figures.seconds));
  return [...taken].map(([warehouse, figures]) => ({
    warehouse,
    seconds: rounded(seconds(warehouse)),
    ratio: rounded(seconds(warehouse) / seconds("empty")),
    aim: FULL.find(({ rows }) => named(rows) === warehouse)?.aim ?? "",
    "CPU seconds": rounded(median(figures.map(({ cpuSeconds }) => cpuSeconds))),
    "peak RSS MiB": Math.round(median(figures.map(({ peakMiB }) => peakMiB))),
  }));
}

/** With the rows of the one file that each of them has. */
const named = (rows: number) => `${(rows + RECORDS).toLocaleString("en")} rows`;

/** Has a file on the disk: DuckDB's commit would else wait for all of the copy. */
async function flush(path: string): Promise<void> {
  const file = await open(path, "r+");
  await file.sync();
  await file.close();
}

/** Fills a warehouse beside its place, so that one that is there is whole. */
async function made(path: string, fill: (making: string) => Promise<void>): Promise<void> {
  const making = `${path}.making`;
  await removeWarehouse(making);
  await fill(making);
  await copyFile(making, path);
  await removeWarehouse(making);
}

async function withSql(path: string, statements: (run: (sql: string) => Promise<void>) => Promise<void>): Promise<void> {
  const instance = await DuckDBInstance.create(path, { memory_limit: "8GB", preserve_insertion_order: "false" });
  const connection = await instance.connect();
  await statements(async (sql) => void (await connection.run(sql)));
  await connection.run("CHECKPOINT");
  connection.disconnectSync();
  instance.closeSync();
}

/** Fills a warehouse that has loaded a file already, so that it has the contact columns that any warehouse has. */
async function fill(path: string, rows: number, seedFile: string): Promise<void> {
  await load("vector")(path, seedFile);
  await withSql(path, async (run) => {
    await run(
      `INSERT INTO signalhouse.loads BY NAME SELECT 2 AS load_id, 'filled by SQL' AS path, 0 AS size_bytes, TIMESTAMPTZ '2020-01-01' AS mtime, '' AS sha256, ${rows} AS records,
         ${rows} AS inserted, 0 AS updated, 0 AS unchanged, 0 AS rejected, 'loaded' AS status, now() AS started_at, now() AS finished_at`,
    );
    for (const [table, type] of [
      ["marketing_signals", "emailSend"],
      ["behavior_signals", "pageView"],
    ]) {
      const key = `'${type}-' || number`;
      for (let from = 0; from < rows / 2; from += PIECE) {
        const to = Math.min(from + PIECE, rows / 2);
        await run(
          `INSERT INTO ${table} BY NAME SELECT ${key} AS signal_key, ${key} AS signal_id, '${type}' AS signal_type, TIMESTAMPTZ '2020-01-01' + to_seconds(number) AS occurred_at, 2::BIGINT AS load_id,
             number AS record_no, ${keyHash(key)} AS key_hash FROM range(${from}, ${to}) AS numbers (number)`,
        );
      }
    }
  });
}

/** Rows that are inserted at once: of a hundred million in one transaction DuckDB keeps too much. */
const PIECE = 10_000_000;
