/** What marts cost: keeping them up after a load, filling them anew, and the questions of the cookbook, in a warehouse of twenty million signals. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gunzipSync, gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { keyHash } from "../sinks/identity.ts";
import { fresh, load, removeWarehouse, standardFile } from "./load.ts";
import { inTurn, median, rounded } from "./median.ts";

const RECORDS = 1_000_000;
/** How often these are in the warehouse: with ids, contacts, sessions and orders of their own, and so many days later. */
const TIMES = Number(process.env["BENCH_MARTS_TIMES"] ?? 20);
const DAYS_LATER = 18;
/** Of the load that is followed. */
const LOADED = 200_000;

const RUN_MARTS = fileURLToPath(new URL("run-marts.js", import.meta.url));
const COOKBOOK = fileURLToPath(new URL("../../docs/cookbook.md", import.meta.url));

/** What run-marts.js prints. */
export interface MartFigures {
  seconds: number;
  /** User and system, of those seconds; of a load, of its process. */
  cpuSeconds: number;
  peakMiB: number;
}

const medians = (figures: readonly MartFigures[]) => ({
  seconds: rounded(median(figures.map(({ seconds }) => seconds))),
  "CPU seconds": rounded(median(figures.map(({ cpuSeconds }) => cpuSeconds))),
  "peak RSS MiB": Math.round(median(figures.map(({ peakMiB }) => peakMiB))),
});

async function run(...args: string[]): Promise<MartFigures> {
  const { stdout } = await promisify(execFile)(process.execPath, [RUN_MARTS, ...args]);
  return JSON.parse(stdout) as MartFigures;
}

/** The warehouse of so many signals, made once: as one that a version without marts has written. */
async function largeWarehouse(folder: string): Promise<string> {
  const path = join(folder, `marts-${TIMES}.duckdb`);
  if (existsSync(path)) return path;
  const making = `${path}.making.duckdb`;
  await removeWarehouse(making);
  await load("vector")(making, await standardFile(folder, RECORDS));
  const instance = await DuckDBInstance.create(making, { memory_limit: "8GB", preserve_insertion_order: "false" });
  const connection = await instance.connect();
  const texts = (names: readonly string[], k: number) => names.map((name) => `${name} || '~${k}' AS ${name}`);
  for (let k = 1; k < TIMES; k++) {
    for (const [table, ids] of [
      ["marketing_signals", ["signal_id"]],
      ["behavior_signals", ["signal_id", "tltsid", "message_signal_id", "order_id"]],
    ] as const) {
      const others = [
        ...texts([...ids, "contact_customer_id"], k),
        `'${k}' || contact_email AS contact_email`,
        `contact_phone_number || '${k}' AS contact_phone_number`,
        `occurred_at + INTERVAL ${k * DAYS_LATER} DAY AS occurred_at`,
      ];
      await connection.run(
        `INSERT INTO ${table} SELECT * REPLACE (signal_key || '~${k}' AS signal_key, ${keyHash(`signal_key || '~${k}'`)} AS key_hash, NULL AS signal_content, NULL AS extra, ${others.join(", ")})
         FROM ${table} WHERE NOT contains(signal_key, '~')`,
      );
    }
    await connection.run(
      `INSERT INTO order_items SELECT * REPLACE (signal_key || '~${k}' AS signal_key, order_id || '~${k}' AS order_id, occurred_at + INTERVAL ${k * DAYS_LATER} DAY AS occurred_at)
       FROM order_items WHERE NOT contains(signal_key, '~')`,
    );
    await connection.run("CHECKPOINT");
  }
  await connection.run("DROP SCHEMA marts CASCADE");
  await connection.run("UPDATE signalhouse.meta SET marts = NULL, views = NULL");
  await connection.run("CHECKPOINT");
  connection.disconnectSync();
  instance.closeSync();
  await copyFile(making, path);
  await removeWarehouse(making);
  return path;
}

/** The same with its marts, made where it is not there. */
export async function filledWarehouse(folder: string): Promise<string> {
  const filled = join(folder, "marts-filled.duckdb");
  if (!existsSync(filled)) await benchMartsFill(folder);
  return filled;
}

/** Opening it, which makes and fills all tables of marts. */
export async function benchMartsFill(folder: string): Promise<object[]> {
  const large = await largeWarehouse(folder);
  const filled = join(folder, "marts-filled.duckdb");
  const result: object[] = [];
  for (const memory of ["512MB", "1.5GB"]) {
    await copyFile(large, filled);
    result.push({ memory, ...medians([await run(filled, "open", memory)]) });
  }
  return result;
}

/** The same export a year later: of days that the large warehouse has nothing of. */
export async function aYearLater(file: string): Promise<string> {
  const later = file.replace(".csv.gz", "-later.csv.gz");
  if (!existsSync(later)) {
    const text = gunzipSync(await readFile(file)).toString();
    await writeFile(later, gzipSync(text.replaceAll("2025-0", "2026-0")));
  }
  return later;
}

/** A load of the newest day, and one of the first, alone, and into the large warehouse; keeping the marts up is done once more by itself, and measured. */
export async function benchMartsKeep(folder: string): Promise<object[]> {
  const large = await filledWarehouse(folder);
  const first = await standardFile(folder, LOADED, 7);
  const copy = join(folder, "marts-copy.duckdb");
  const into = async (file: string) => {
    await copyFile(large, copy);
    return load("vector")(copy, file);
  };
  const keep = () => run(copy, "keep", "512MB");
  const newest = await aYearLater(first);
  const taken = await inTurn<MartFigures>({
    "load into an empty warehouse": () => fresh(folder, load("vector"))(first),
    "load of the newest day into the large one": () => into(newest),
    "of it: keeping the marts up": keep,
    "load of its first day, which comes late, into the large one": () => into(first),
    "of that: keeping the marts up": keep,
  });
  await removeWarehouse(join(folder, "marts-copy.duckdb"));
  return [...taken].map(([step, figures]) => ({ step, ...medians(figures) }));
}

/** The SQL of the cookbook, each of its blocks that asks something. */
export async function benchMartsQuestions(folder: string): Promise<object[]> {
  const large = await filledWarehouse(folder);
  const sections = (await readFile(COOKBOOK, "utf8")).split(/^## /mu).slice(1);
  const result: object[] = [];
  for (const section of sections) {
    const [title = ""] = section.split("\n");
    for (const [, sql = ""] of section.matchAll(/```sql\n([^]*?)```/gu)) {
      const taken = await inTurn<MartFigures>({ [title]: () => run(large, "query", "", sql) });
      result.push({ question: title, ...medians(taken.get(title) ?? []) });
    }
  }
  return result;
}
