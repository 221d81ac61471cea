/** How fast the row path loads, and in what memory. The vector path: vector.ts; full warehouses: growth.ts. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse } from "csv-parse/sync";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Reader } from "../pipeline/load/load-files.ts";
import { localFile } from "../pipeline/load/local-files.ts";
import { generateExport } from "../samples/generator/exports.ts";
import { split } from "../transforms/split.ts";
import { unzip } from "../transforms/unzip.ts";
import type { LoadFigures } from "./run-load.ts";
import { inTurn, median, rounded, ROUNDS } from "./median.ts";

const SIZES = [200_000, 2_000_000] as const;
export interface LoadRow {
  contender: string;
  file: string;
  "records/s": number;
  "CPU seconds": number;
  "peak RSS MiB": number | "";
}

/** The generator's files, made once. */
export async function standardFile(folder: string, rows: number, seed = 1): Promise<string> {
  await mkdir(folder, { recursive: true });
  const out = join(folder, seed === 1 ? `standard-${rows}.csv.gz` : `standard-${rows}-${seed}.csv.gz`);
  if (!existsSync(out)) await generateExport({ rows, seed, out });
  return out;
}

/** What a process took. */
export interface Measured extends LoadFigures {
  /** User and system, of the process from its start to its end, and of its children. */
  cpuSeconds: number;
}

/** Runs a program that prints a LoadFigures at its end, and measures its CPU seconds: the shell's `times` tells those of any program. */
export async function measured(program: string, ...args: string[]): Promise<Measured> {
  const { stdout } = await promisify(execFile)("sh", ["-c", '"$@" && times', "sh", program, ...args]);
  const [figures = "", , ofChildren = ""] = stdout.trimEnd().split("\n").slice(-3);
  const cpuSeconds = [...ofChildren.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
  return { ...(JSON.parse(figures) as LoadFigures), cpuSeconds };
}

/** A load by this version, or by one that is built in another folder. */
export const load =
  (reader: Reader, memory = "", version?: string) =>
  (warehouse: string, file: string): Promise<Measured> => {
    const script = version === undefined ? fileURLToPath(new URL("run-load.js", import.meta.url)) : join(version, "dist/bench/run-load.js");
    return measured(process.execPath, script, warehouse, reader, memory, "", file);
  };

/** A folder with another version of signalhouse, built, to measure this one against. */
export const OTHER = process.env["BENCH_OTHER"];

/** The row path from .csv.gz to the committed warehouse, beside its limits: gunzip alone, csv-parse alone, and DuckDB's own reader. */
export async function benchLoad(folder: string): Promise<LoadRow[]> {
  const rows: LoadRow[] = [];
  for (const size of SIZES) {
    const file = await standardFile(folder, size);
    const rounds = size > 1_000_000 ? 1 : ROUNDS;
    const contenders = {
      "signalhouse, row path": fresh(folder, load("row", "192MB")),
      ...(OTHER === undefined || size > 1_000_000 ? {} : { [`signalhouse in ${OTHER}, row path`]: fresh(folder, load("row", "192MB", OTHER)) }),
      ...(size > 1_000_000 ? {} : LIMITS),
    };
    const runs = Object.fromEntries(Object.entries(contenders).map(([name, run]) => [name, () => run(file)]));
    const taken = await inTurn<Measured>(runs, rounds);
    for (const [contender, figures] of taken) {
      const peak = median(figures.map(({ peakMiB }) => peakMiB));
      rows.push({
        contender,
        file: `${size.toLocaleString("en")} records`,
        "records/s": Math.round(size / median(figures.map(({ seconds }) => seconds))),
        "CPU seconds": rounded(median(figures.map(({ cpuSeconds }) => cpuSeconds))),
        "peak RSS MiB": peak > 0 ? Math.round(peak) : "",
      });
    }
  }
  return rows;
}

/** Runs a load into a warehouse that is made for it and removed. */
export function fresh<T>(folder: string, run: (warehouse: string, file: string) => Promise<T>) {
  return async (file: string) => {
    const warehouse = join(folder, "fresh.duckdb");
    await removeWarehouse(warehouse);
    try {
      return await run(warehouse, file);
    } finally {
      await removeWarehouse(warehouse);
    }
  };
}

export async function removeWarehouse(path: string): Promise<void> {
  for (const name of [path, `${path}.wal`]) await rm(name, { force: true });
}

async function timed(work: () => Promise<void>): Promise<Measured> {
  const start = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { records: 0, seconds: (performance.now() - start) / 1000, peakMiB: 0, cpuSeconds: (user + system) / 1e6 };
}

/** What no load can beat. */
export const gunzipAlone = (file: string): Promise<Measured> =>
  timed(async () => {
    for await (const _chunk of await bytesOf(file));
  });

const bytesOf = async (file: string) => unzip((await localFile(file)).open(new AbortController().signal), 1000);

const LIMITS: Record<string, (file: string) => Promise<Measured>> = {
  "gunzip alone": gunzipAlone,
  "gunzip and csv-parse alone": (file) =>
    timed(async () => {
      for await (const piece of split(await bytesOf(file), 64 * 1024 * 1024)) parse(piece.bytes, { record_delimiter: ["\n"] });
    }),
  "DuckDB read_csv into one table of text": (file) =>
    timed(async () => {
      const connection = await (await DuckDBInstance.create(":memory:", { threads: "2" })).connect();
      await connection.run("CREATE TABLE t AS FROM read_csv($1, all_varchar = true)", [file]);
      connection.disconnectSync();
    }),
};
