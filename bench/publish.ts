/** What a publish costs: in full, and after a load that has changed a month; of a million signals, and of twenty. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { generateExport } from "../samples/generator/exports.ts";
import { load, removeWarehouse, standardFile } from "./load.ts";
import { aYearLater, filledWarehouse } from "./marts.ts";
import { median, rounded, ROUNDS } from "./median.ts";

const RECORDS = 1_000_000;
const DAYS = 365;
/** What a day of the million has, and of the twenty. */
const DAY = 2_740;
const LARGE_DAY = 54_800;

const RUN_PUBLISH = fileURLToPath(new URL("run-publish.js", import.meta.url));

/** What run-publish.js prints. */
export interface PublishFigures {
  seconds: number;
  cpuSeconds: number;
  peakMiB: number;
  files: number;
  filesWritten: number;
  bytes: number;
}

async function run(warehouse: string, to: string): Promise<PublishFigures> {
  const { stdout } = await promisify(execFile)(process.execPath, [RUN_PUBLISH, warehouse, to]);
  return JSON.parse(stdout) as PublishFigures;
}

/** A warehouse of a million signals over a year, made once. */
async function yearWarehouse(folder: string): Promise<string> {
  const path = join(folder, "publish-year.duckdb");
  if (existsSync(path)) return path;
  const file = join(folder, `year-${RECORDS}.csv.gz`);
  if (!existsSync(file)) await generateExport({ rows: RECORDS, seed: 1, days: DAYS, out: file });
  const making = `${path}.making.duckdb`;
  await removeWarehouse(making);
  await load("vector")(making, file);
  await copyFile(making, path);
  await removeWarehouse(making);
  return path;
}

/** A warehouse published in full, and once more after a day is loaded. */
async function published(folder: string, warehouse: string, day: string): Promise<[PublishFigures, PublishFigures]> {
  const [copy, to] = [join(folder, "publish-copy.duckdb"), join(folder, "published")];
  const clean = async () => {
    for (const path of [to, `${copy}.publish-key`]) await rm(path, { recursive: true, force: true });
    await removeWarehouse(copy);
  };
  await clean();
  await copyFile(warehouse, copy);
  const full = await run(copy, to);
  await load("vector")(copy, day);
  const after = await run(copy, to);
  await clean();
  return [full, after];
}

function row(step: string, figures: readonly PublishFigures[]): object {
  const middle = (of: keyof PublishFigures) => median(figures.map((each) => each[of]));
  return {
    step,
    seconds: rounded(middle("seconds")),
    "CPU seconds": rounded(middle("cpuSeconds")),
    "peak RSS MiB": Math.round(middle("peakMiB")),
    "files written": `${middle("filesWritten")} of ${middle("files")}`,
    MB: Math.round(middle("bytes") / 1e6),
  };
}

async function rowsOf(folder: string, warehouse: string, day: string, rounds: number): Promise<object[]> {
  const taken: [PublishFigures, PublishFigures][] = [];
  for (let round = 0; round < rounds; round += 1) taken.push(await published(folder, warehouse, day));
  return [
    row(
      "in full",
      taken.map(([full]) => full),
    ),
    row(
      "after a load of one more day",
      taken.map(([, after]) => after),
    ),
  ];
}

/** A million signals over a year. */
export const benchPublish = async (folder: string): Promise<object[]> =>
  rowsOf(folder, await yearWarehouse(folder), await standardFile(folder, DAY, 7), ROUNDS);

/** Twenty million, once: it takes ten minutes. */
export const benchPublishLarge = async (folder: string): Promise<object[]> =>
  rowsOf(folder, await filledWarehouse(folder), await aYearLater(await standardFile(folder, LARGE_DAY, 7)), 1);
