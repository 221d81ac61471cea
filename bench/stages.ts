/** What of a load more cores cannot shorten: its serial stages, which run beside each other. */
import { execFile } from "node:child_process";
import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createGunzip } from "node:zlib";
import { cpuOf } from "./cpu.ts";
import { fresh, gunzipAlone, standardFile } from "./load.ts";
import { inTurn, median, rounded } from "./median.ts";
import type { StageFigures } from "./run-stages.ts";
import { MAIN } from "./vector.ts";

const SCRIPT = fileURLToPath(new URL("run-stages.js", import.meta.url));

/** CPU seconds that each stage takes. */
export async function benchVectorStages(folder: string): Promise<object[]> {
  const packed = await standardFile(folder, MAIN);
  const unpacked = join(folder, "unpacked.csv");
  await pipeline(createReadStream(packed), createGunzip(), createWriteStream(unpacked));
  const loaded = fresh(folder, async (warehouse, file) => {
    const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, warehouse, "vector", "", "", file]);
    return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as StageFigures;
  });
  const rounds = await inTurn({
    stages: async () => ({
      gunzip: (await cpuOf(() => gunzipAlone(packed))).others,
      main: (await loaded(packed)).main,
      // Without gunzip, which has threads of the same kind.
      ...(({ alone, shared }) => ({ alone, shared, statements: alone + shared }))(await loaded(unpacked)),
    }),
  });
  await rm(unpacked);
  const taken = rounds.get("stages") ?? [];
  const perMillion = (figure: keyof (typeof taken)[number]) => rounded((median(taken.map((figures) => figures[figure])) / MAIN) * 1e6);
  const stages = {
    "Node's main thread": perMillion("main"),
    "gunzip, on a thread of libuv's": perMillion("gunzip"),
    "DuckDB's statements, one after the other": perMillion("statements"),
  };
  const longest = Math.max(...Object.values(stages));
  const rows = [
    ...Object.entries(stages).map(([stage, seconds]) => [seconds === longest ? `**${stage}: the longest**` : stage, seconds] as const),
    ["of these: while DuckDB has one thread", perMillion("alone")] as const,
    ["of these: while it has several, divided by them", perMillion("shared")] as const,
  ];
  return rows.map(([stage, seconds]) => ({ stage, rounds: taken.length, "CPU seconds a million records": seconds }));
}
