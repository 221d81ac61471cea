/** How fast the vector path loads beside the SQL that one would write instead, how it grows, what overlaps cost, and a sync beside its parts. */
import { execFile } from "node:child_process";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createGunzip, createGzip } from "node:zlib";
import { openServer } from "../pipeline/load/remote-files.ts";
import { type ConfigInput, readConfig } from "../schemas/config.ts";
import { generateExports } from "../samples/generator/exports.ts";
import { makeKeyPair, startSandbox } from "../samples/sandbox/sandbox.ts";
import { knownSignalType, SIGNAL_TYPES } from "../schemas/signal-types.ts";
import { fieldEnd, fieldStart, firstOf } from "../transforms/block.ts";
import { headerNames } from "../transforms/records.ts";
import { rowsOf } from "../transforms/rows.ts";
import { split } from "../transforms/split.ts";
import { fresh, gunzipAlone, load, measured, OTHER, removeWarehouse, standardFile, type Measured } from "./load.ts";
import { inTurn, median, rounded } from "./median.ts";
import { LIMIT } from "./splitter.ts";
import { startSshd } from "./sshd.ts";

/** Records of the file that most sections load, unless BENCH_MAIN says otherwise. */
export const MAIN = Number(process.env["BENCH_MAIN"] ?? 2_000_000);

const SQL = fileURLToPath(new URL("../../bench/duckdb-baseline.sql", import.meta.url));
const BASELINE = fileURLToPath(new URL("run-baseline.js", import.meta.url));
const DLT = fileURLToPath(new URL("../../bench/dlt-load.py", import.meta.url));
/** A Python that has dlt. */
const PYTHON = process.env["BENCH_PYTHON"];

type Contender = (warehouse: string, file: string) => Promise<Measured>;

const baseline: Contender = (warehouse, file) => measured(process.execPath, BASELINE, SQL, warehouse, file, "2");

/** What dlt keeps beside the database goes with each load. */
const dlt =
  (folder: string, python: string): Contender =>
  async (warehouse, file) => {
    const scratch = join(folder, "dlt");
    await rm(scratch, { recursive: true, force: true });
    await mkdir(scratch);
    try {
      return await measured(python, DLT, warehouse, file, scratch);
    } finally {
      await rm(scratch, { recursive: true });
    }
  };

/** dlt as a contender, where there is a Python that has it. */
async function dltContender(folder: string): Promise<Record<string, Contender>> {
  if (PYTHON === undefined) {
    console.log("dlt is left out: BENCH_PYTHON names no Python that has it.");
    return {};
  }
  const { stdout } = await promisify(execFile)(PYTHON, [DLT, "--version"]);
  return { [`${stdout.trim()}: read_csv_duckdb, Arrow, one raw table`]: dlt(folder, PYTHON) };
}

/** Figures of each contender beside those of the first. */
function compared(taken: ReadonlyMap<string, readonly Measured[]>): object[] {
  const medianOf = (name: string, figure: keyof Measured) => median((taken.get(name) ?? []).map((figures) => figures[figure]));
  const [first = ""] = taken.keys();
  const times = (name: string, figure: keyof Measured) => rounded(medianOf(name, figure) / medianOf(first, figure));
  return [...taken].map(([contender, { length: rounds }]) => ({
    contender,
    rounds,
    seconds: rounded(medianOf(contender, "seconds")),
    "times the first's": times(contender, "seconds"),
    "CPU seconds": rounded(medianOf(contender, "cpuSeconds")),
    "times the first's CPU seconds": times(contender, "cpuSeconds"),
    "peak RSS MiB": Math.round(medianOf(contender, "peakMiB")) || "",
  }));
}

/** The generator's file of two million records, by each contender in turn. */
export async function benchVector(folder: string): Promise<object[]> {
  const file = await standardFile(folder, MAIN);
  const contenders: Record<string, Contender> = {
    "signalhouse, vector path": load("vector"),
    "duckdb-baseline.sql, two threads, 80 % of the memory": baseline,
    ...(await dltContender(folder)),
    ...(OTHER === undefined ? {} : { [`signalhouse in ${OTHER}, vector path`]: load("vector", "", OTHER) }),
  };
  const loads = Object.fromEntries(Object.entries(contenders).map(([name, run]) => [name, () => fresh(folder, run)(file)]));
  return compared(await inTurn<Measured>({ ...loads, "gunzip alone": () => gunzipAlone(file) }));
}

/** The standard file as it is, and with every id of behavior empty. */
export async function benchVectorNoIds(folder: string): Promise<object[]> {
  const file = await standardFile(folder, MAIN);
  const without = join(folder, `no-ids-${MAIN}.csv.gz`);
  if (!existsSync(without)) {
    await pipeline(createReadStream(file), createGunzip(), withoutBehaviorIds, createGzip({ level: 1 }), createWriteStream(`${without}.making`));
    await rename(`${without}.making`, without);
  }
  const contenders = {
    "with ids": () => fresh(folder, load("vector"))(file),
    "every behavior id empty": () => fresh(folder, load("vector"))(without),
  };
  return compared(await inTurn<Measured>(contenders));
}

async function* withoutBehaviorIds(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let at: { id: number; type: number } | undefined;
  for await (const piece of split(source, LIMIT)) {
    if (piece.kind === "broken") throw new Error("the standard file has a broken line");
    const kept: Buffer[] = [];
    let from = 0;
    for (let index = 0; index < piece.records; index += 1) {
      const field = (position: number) => [fieldStart(piece, index, position), fieldEnd(piece, index, position)] as const;
      if (!at) {
        const names = headerNames(rowsOf(firstOf(piece).first, 1, LIMIT)[0]);
        at = { id: names.indexOf("SIGNAL_ID"), type: names.indexOf("SIGNAL_TYPE") };
        continue;
      }
      const type = knownSignalType(piece.bytes.toString("utf8", ...field(at.type)));
      if (type === undefined || SIGNAL_TYPES[type].table !== "behavior_signals") continue;
      const [start, end] = field(at.id);
      kept.push(Buffer.from(piece.bytes.subarray(from, start)));
      from = end;
    }
    yield Buffer.concat([...kept, piece.bytes.subarray(from)]);
  }
}

/** Files of several sizes, with the default memory. */
export async function benchVectorGrowth(folder: string): Promise<object[]> {
  const loads: Record<string, () => Promise<Measured>> = {};
  for (const records of [MAIN / 10, MAIN / 2, MAIN * 2]) {
    const file = await standardFile(folder, records);
    loads[records.toLocaleString("en")] = () => fresh(folder, load("vector"))(file);
  }
  const taken = [...(await inTurn<Measured>(loads))];
  const peak = (figures: readonly Measured[]) => median(figures.map(({ peakMiB }) => peakMiB));
  const [[, least] = ["", []]] = taken;
  return taken.map(([records, figures]) => ({
    records,
    rounds: figures.length,
    "records/s": Math.round(median(figures.map((one) => one.records / one.seconds))),
    "CPU seconds a million": rounded(median(figures.map((one) => (one.cpuSeconds / one.records) * 1e6))),
    "peak RSS MiB": Math.round(peak(figures)),
    "times the first's": rounded(peak(figures) / peak(least)),
  }));
}

/** A second file into the warehouse of a first one, some or all of whose signals are there already. */
export async function benchVectorOverlap(folder: string): Promise<object[]> {
  const exports = join(folder, "overlap");
  if (!existsSync(exports)) await generateExports({ folder: exports, files: 2, rowsPerFile: 200_000, overlap: 10, seed: 3 });
  const names = await readdir(exports, { recursive: true });
  const files = names
    .filter((name) => name.endsWith(".gz"))
    .sort()
    .map((name) => join(exports, name));
  const [first = "", second = ""] = files;
  const again = join(folder, "again.csv.gz");
  // The same signals in other bytes: the same bytes would only be recognised.
  await pipeline(createReadStream(first), createGunzip(), createGzip({ level: 1 }), createWriteStream(again));
  const loaded = join(folder, "overlap.duckdb");
  await removeWarehouse(loaded);
  await load("vector")(loaded, first);
  const rows: object[] = [];
  for (const [overlap, file] of [
    ["10 %", second],
    ["100 %", again],
  ] as const) {
    const warehouse = join(folder, "overlapping.duckdb");
    const run = (reader: "vector" | "row", full: boolean) => async () => {
      if (full) await copyFile(loaded, warehouse);
      const { seconds } = await load(reader)(warehouse, file);
      await removeWarehouse(warehouse);
      return seconds;
    };
    const into = "path, into the first's warehouse: seconds";
    const contenders = { "alone: seconds": run("vector", false), [`vector ${into}`]: run("vector", true), [`row ${into}`]: run("row", true) };
    await removeWarehouse(warehouse);
    const taken = await inTurn(contenders);
    rows.push({ overlap, ...Object.fromEntries([...taken].map(([name, seconds]) => [name, rounded(median(seconds))])) });
  }
  await removeWarehouse(loaded);
  return rows;
}

/** A sync beside the download alone and the load alone. */
export async function benchVectorSync(folder: string): Promise<object[]> {
  const file = await standardFile(folder, MAIN / 2);
  const rows: object[] = [];
  const served = join(folder, "vector-served");
  await mkdir(join(served, "Export/Signals"), { recursive: true });
  await copyFile(file, join(served, "Export/Signals/one.csv.gz"));
  const pair = makeKeyPair();
  const keyFile = join(folder, "vector-key");
  await rm(keyFile, { force: true });
  await writeFile(keyFile, pair.privateKey, { mode: 0o600 });
  const sandbox = await startSandbox({ folder: served, authorizedKeys: [pair.publicKey] });
  const { host, port, user, fingerprints: hostKeys } = sandbox;
  try {
    rows.push(await compareSync(folder, "the sandbox", file, { host, port, user, keyFile, hostKeys, knownHosts: [] }));
  } finally {
    await sandbox.close();
  }
  const sshd = await startSshd();
  try {
    await mkdir(join(sshd.folder, "Export/Signals"), { recursive: true });
    await copyFile(file, join(sshd.folder, "Export/Signals/one.csv.gz"));
    await utimes(join(sshd.folder, "Export/Signals/one.csv.gz"), 1_756_800_000, 1_756_800_000);
    rows.push(
      await compareSync(folder, "OpenSSH", file, {
        host: sshd.host,
        port: sshd.port,
        user: sshd.user,
        keyFile: sshd.keyFile,
        hostKeys: sshd.fingerprints,
        knownHosts: [],
      }),
    );
  } finally {
    await sshd.close();
  }
  return rows;
}

async function compareSync(folder: string, server: string, local: string, sftp: NonNullable<ConfigInput["sftp"]>): Promise<object> {
  const warehouse = join(folder, "sync.duckdb");
  const config = join(folder, "vector-sync.config.json");
  await writeFile(config, JSON.stringify({ sftp, warehouse }));
  const cli = fileURLToPath(new URL("../cli/main.js", import.meta.url));
  const timed = (run: () => Promise<void>) => async () => {
    await removeWarehouse(warehouse);
    const start = performance.now();
    await run();
    return (performance.now() - start) / 1000;
  };
  const taken = await inTurn({
    download: timed(async () => {
      const connection = await openServer(readConfig({ sftp }, "the benchmark"), {});
      const [file] = await connection.list(["Export/Signals"]);
      if (!file) throw new Error("there is no file on the server");
      for await (const _chunk of connection.read(file));
      await connection.close();
    }),
    load: async () => {
      await removeWarehouse(warehouse);
      return (await load("vector")(warehouse, local)).seconds;
    },
    sync: timed(async () => void (await promisify(execFile)(process.execPath, [cli, "sync", "--config", config, "--quiet"]))),
  });
  await removeWarehouse(warehouse);
  const seconds = (name: string) => median(taken.get(name) ?? []);
  return {
    server,
    "download alone: seconds": rounded(seconds("download")),
    "load alone: seconds": rounded(seconds("load")),
    "sync: seconds": rounded(seconds("sync")),
    "times the longer one": rounded(seconds("sync") / Math.max(seconds("download"), seconds("load"))),
  };
}
