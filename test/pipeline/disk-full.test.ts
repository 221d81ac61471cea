/** The disk is full while files are loaded: nothing is half there, and a rerun with more room gives exactly the truth. */
import { execFileSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readConfig } from "../../schemas/config.ts";
import { loadFiles, type Reader } from "../../pipeline/load/load-files.ts";
import type { Source } from "../../pipeline/load/source.ts";
import { SpooledText } from "../../pipeline/vector/spool.ts";
import { localFile } from "../../pipeline/load/local-files.ts";
import { generateExports } from "../../samples/generator/exports.ts";
import type { Truth } from "../../samples/generator/truth.ts";
import { failureOf } from "../helpers/errors.ts";
import { MAY_NOT_MOUNT, smallDisk } from "../helpers/small-disk.ts";
import { expectTruth } from "../helpers/truth.ts";
import { csv, memoryFile, pageView, type Scratch, scratchFolder, scratchWarehouse } from "../helpers/warehouse.ts";
import { often, some } from "../helpers/often.ts";

const MIB = 1024 * 1024;

interface Exports {
  truth: Truth;
  sources: Source[];
  pathOf: (path: string) => string;
}

async function exports(rowsPerFile: number, files = 3): Promise<Exports> {
  const folder = scratchFolder();
  const truth = await generateExports({ seed: 31, rowsPerFile, files, overlap: 20, folder });
  const pathOf = (path: string) => join(folder, path);
  return { truth, pathOf, sources: await Promise.all(truth.files.map(({ path }) => localFile(pathOf(path)))) };
}

const load = ({ warehouse }: Scratch, sources: Source[], reader?: Reader) =>
  loadFiles(sources, { warehouse, limits: readConfig({}, "the defaults").limits, runId: null, signal: new AbortController().signal, reader });

/** Every file of the ledger is whole, and the rerun completes it. */
async function expectRerun(scratch: Scratch, { sources, truth, pathOf }: Exports): Promise<void> {
  await scratch.prove();
  const done = await scratch.values("SELECT path FROM signalhouse.loads ORDER BY load_id");
  expect(done).toEqual(sources.slice(0, done.length).map(({ path }) => path));
  await scratch.load(sources.slice(done.length));
  await expectTruth(scratch, truth, pathOf);
}

describe("a disk that is full", () => {
  test.for(some([3, 1, 6], 1))(
    "with room for %i MiB: the run ends with disk_full, and a rerun gives the truth",
    { tags: "long" },
    async (room, { skip }) => {
      const disk = smallDisk() ?? skip(MAY_NOT_MOUNT);
      const files = await exports(3_000);
      const scratch = await scratchWarehouse({ path: join(disk, "signals.duckdb"), memory: "192MB" });
      const ballast = join(disk, "ballast");
      writeFileSync(ballast, Buffer.alloc(freeBytes(disk) - room * MIB, 1));

      const failure = await failureOf(load(scratch, files.sources));
      expect(failure).toMatchObject({ code: "disk_full", retryable: true, message: `there is no room left on the disk of ${scratch.path}` });
      expect(failure.hint).toContain("Free some room, then run it again");

      scratch.warehouse.close();
      rmSync(ballast);
      await scratch.reopen();
      await expectRerun(scratch, files);
    },
  );

  test("to staging, by DuckDB's own limit: the run ends with disk_full, and a rerun gives the truth", { tags: "long" }, async () => {
    const files = await exports(10_000, often(1, 3));
    const scratch = await scratchWarehouse({ memory: "64MB" });
    await scratch.run("SET GLOBAL max_temp_directory_size = '1MB'");
    // Only the row path stages all of a file.
    expect(await failureOf(load(scratch, files.sources, "row"))).toMatchObject({ code: "disk_full" });
    await scratch.reopen({ memory: "192MB" });
    await expectRerun(scratch, files);
  });

  test("to the vector path, by DuckDB's own limits of memory and room: the one or the other is told, and a rerun gives the truth", async () => {
    const files = await exports(10_000, often(1, 3));
    const scratch = await scratchWarehouse({ memory: "64MB" });
    await scratch.run("SET GLOBAL max_temp_directory_size = '1MB'");
    // Which of them is met first is a matter of microseconds. A full disk ends the run; too little memory fails each file.
    const ended = await load(scratch, files.sources, "vector").catch((error: unknown) => error);
    if (Array.isArray(ended)) {
      expect(ended).toHaveLength(files.sources.length);
      for (const result of ended) {
        expect(result).toMatchObject({ status: "failed", code: "out_of_memory", hint: expect.stringContaining("Raise limits.memory") as string });
      }
    } else expect(ended).toMatchObject({ code: "disk_full", retryable: true });
    expect(await scratch.value("SELECT count(*)::INTEGER FROM signalhouse.loads WHERE status <> 'failed'")).toBe(0);
    for (const table of ["marketing_signals", "behavior_signals", "order_items"]) {
      expect(await scratch.value(`SELECT count(*)::INTEGER FROM ${table}`)).toBe(0);
    }
    await scratch.reopen({ memory: "512MB" });
    await scratch.prove();
    await scratch.load(files.sources);
    await expectTruth(scratch, files.truth, files.pathOf);
  });

  test("where the spool is: the message says which folder, and nothing stays there", async ({ skip }) => {
    const disk = smallDisk() ?? skip(MAY_NOT_MOUNT);
    const path = join(disk, "text");
    const text = new SpooledText(path);
    writeFileSync(join(disk, "ballast"), Buffer.alloc(freeBytes(disk) - MIB, 1));
    const failure = await failureOf(
      (async () => {
        for (let number = 0; number < 100; number += 1) text.add(Buffer.alloc(MIB / 8, 1));
      })(),
    );
    await text.close();
    expect(failure).toMatchObject({ code: "disk_full", message: `there is no room left in ${disk}, where parts of a file lie while it is loaded` });
    expect(failure.hint).toContain("--reader row");
    expect(existsSync(path)).toBe(false);
  });
});

test(
  "too little memory for the vector path, and for the row path that comes after it, says how much there is, and not to do again what was done",
  { tags: "long" },
  async () => {
    const files = await exports(often(5_000, 10_000), often(1, 3));
    const scratch = await scratchWarehouse({ memory: "24MB" });
    for (const result of await load(scratch, files.sources, "vector")) {
      expect(result).toMatchObject({
        status: "failed",
        code: "out_of_memory",
        hint: expect.stringMatching(/Raise limits.memory .*DuckDB may use 22/) as string,
      });
      expect(result).toHaveProperty("hint", expect.not.stringContaining("--reader row"));
    }
    await scratch.reopen({ memory: "192MB" });
    await scratch.prove();
    await load(scratch, files.sources, "row");
    await expectTruth(scratch, files.truth, files.pathOf);
  },
);

test("what the vector path has too little memory for is read one by one", async () => {
  // A thread holds more such rows at a time than the row path.
  const url = "x".repeat(3500);
  const records = Array.from({ length: 5000 }, (_, number) => ({
    ...pageView(`page ${number}`),
    SIGNAL_CONTENT: JSON.stringify({ url, theme: number % 7 }),
  }));
  const scratch = await scratchWarehouse({ memory: "48MB" });
  expect(await load(scratch, [memoryFile("a.csv", 1, csv(records))], "vector")).toMatchObject([{ status: "loaded", inserted: 5000 }]);
  expect(await scratch.value("SELECT row_path_records::INTEGER FROM signalhouse.loads")).toBe(5000);
  expect(await scratch.value("SELECT sum(records)::INTEGER FROM signalhouse.drift")).toBe(5000);
});

test("too little memory fails the file and says what to raise", async () => {
  const { sources } = await exports(3_000);
  const scratch = await scratchWarehouse({ memory: "12MB" });
  const [result] = await load(scratch, sources.slice(0, 1));
  expect(result).toMatchObject({
    status: "failed",
    code: "out_of_memory",
    message: expect.stringContaining("DuckDB has not enough memory") as string,
  });
  expect(result).toHaveProperty("hint", expect.stringContaining("Raise limits.memory"));
});

function freeBytes(folder: string): number {
  const [, size = ""] = execFileSync("df", ["--output=avail", "-B1", folder], { encoding: "utf8" }).split("\n");
  return Number(size);
}
