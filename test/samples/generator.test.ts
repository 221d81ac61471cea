/** The truth of the generator against what another parser finds in the files. */
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isSignalhouseError } from "../../schemas/errors.ts";
import { EXPORT_COLUMNS } from "../../schemas/export-columns.ts";
import { TYPE_NAMES } from "../../schemas/signal-types.ts";
import { exportText, generateExport, generateExports } from "../../samples/generator/exports.ts";
import { NOT_SENT } from "../../samples/generator/signal.ts";
import { recount } from "./recount.ts";

const rowsOf = (csv: string) => parse(csv);
const unzipped = async (path: string) => gunzipSync(await readFile(path)).toString("utf8");

describe("one export", () => {
  test.each([
    [1, 1],
    [2, 37],
    [3, 999],
    [4, 1_001],
    [2_147_483_647, 5_000],
  ])("the truth of seed %i with %i rows is what is in the file", (seed, rows) => {
    const { csv, truth } = exportText({ rows, seed });
    expect(truth.records).toBe(rows);
    expect(recount(truth, [csv])).toEqual(truth);
  });

  test("is the same for the same seed and another for another", () => {
    const first = exportText({ rows: 500, seed: 11 });
    expect(exportText({ rows: 500, seed: 11 })).toEqual(first);
    expect(exportText({ rows: 500, seed: 12 }).csv).not.toBe(first.csv);
  });

  test("has the 66 fixed columns and the contact attributes", () => {
    const [header = []] = rowsOf(exportText({ rows: 1, seed: 1 }).csv);
    const fixed = header.filter((name) => Object.hasOwn(EXPORT_COLUMNS, name));
    expect(new Set(fixed)).toEqual(new Set(Object.keys(EXPORT_COLUMNS)));
    expect(fixed).toHaveLength(66);
    expect(header.filter((name) => !fixed.includes(name))).toEqual(
      expect.arrayContaining(["Email", "Phone Number", "Customer ID", "Loyalty Tier", "Tags"]),
    );
    expect(new Set(header).size).toBe(header.length);
  });

  test.each([1, 2, 3])(
    "has all signal types at 2,000 rows, but for those that it says why it lacks, half of them behavior, 700 to 900 bytes each (seed %i)",
    (seed) => {
      const { csv, truth } = exportText({ rows: 2_000, seed });
      const counts: Readonly<Record<string, number>> = truth.signalsByType;
      const lacking = TYPE_NAMES.filter((type) => (counts[type] ?? 0) === 0);
      expect(lacking).toEqual(TYPE_NAMES.filter((type) => Object.hasOwn(NOT_SENT, type)));
      expect(TYPE_NAMES.length - lacking.length).toBeGreaterThanOrEqual(28);
      expect(truth.signalsByTable.behavior_signals / truth.signals).toBeGreaterThan(0.42);
      expect(truth.signalsByTable.behavior_signals / truth.signals).toBeLessThan(0.58);
      const bytes = Buffer.byteLength(csv) / truth.records;
      expect(bytes).toBeGreaterThan(700);
      expect(bytes).toBeLessThan(900);
    },
  );

  test("has what is hard to read: odd payloads, long integers, line ends and quotes in cells, \\N, other scripts", () => {
    const { csv, truth } = exportText({ rows: 10_000, seed: 5 });
    for (const hard of [
      '{""signalContent"":',
      '{""signal"":{""appKey"":',
      '{""data"":{""value"":',
      '""quantity"":',
      '""10%""',
      '""orderTotal"":',
      '""pageview""',
      ",\\N,",
      "🎉",
      "佐藤",
      '\\""',
      "Müller",
    ]) {
      expect(csv).toContain(hard);
    }
    expect(csv).toMatch(/""unitPrice"":""\d+\.\d\d""/);
    expect(csv).toMatch(/""loyaltyCardNumber"":\d{25}}/);
    expect(csv).not.toContain("\r");
    expect(rowsOf(csv)).toHaveLength(10_001);
    expect(csv.split("\n").length).toBeGreaterThan(10_500);
    expect(Object.values(truth.messageBehavior).every((count) => count > 0)).toBe(true);
    expect(truth.withoutSignalId).toBeGreaterThan(0);
  });

  test("rows of a file are roughly in the order of time", () => {
    const [header = [], ...rows] = rowsOf(exportText({ rows: 20_000, seed: 9 }).csv);
    const times = rows.map((row) => Date.parse(row[header.indexOf("TIMESTAMP")] || row[header.indexOf("SIGNAL_TIMESTAMP")] || "")).filter(Boolean);
    let latest = 0;
    for (const time of times) {
      latest = Math.max(latest, time);
      expect(latest - time).toBeLessThan(3 * 3_600_000);
    }
  });
});

describe("files", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "signalhouse-generator-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test.each([
    { seed: 1, rowsPerFile: 1_200, files: 3, overlap: 20 },
    { seed: 2, rowsPerFile: 700, files: 4, overlap: 50 },
    { seed: 3, rowsPerFile: 500, files: 2, overlap: 0 },
    { seed: 4, rowsPerFile: 3, files: 5, overlap: 33 },
    { seed: 5, rowsPerFile: 1_500, files: 2, overlap: 20, days: 10, tangled: true },
  ])("the truth of $files files with $overlap % overlap is what is in them", async (options) => {
    const truth = await generateExports({ ...options, folder });
    expect(truth).toEqual(JSON.parse(await readFile(join(folder, "truth.json"), "utf8")));
    const texts = await Promise.all(truth.files.map(({ path }) => unzipped(join(folder, path))));
    expect(recount(truth, texts)).toEqual(truth);
  });

  test("an overlap repeats the end of the file before, mostly unchanged", async () => {
    const truth = await generateExports({ seed: 6, rowsPerFile: 2_000, files: 2, overlap: 25, folder });
    const [, second] = truth.files;
    expect(second).toMatchObject({ records: 2_000, inserted: 1_500, rejected: 0 });
    expect(second?.updated).toBeGreaterThan(20);
    expect(second?.updated).toBeLessThan(100);
    expect(truth.signals).toBe(3_500);
  });

  test("stand in dated folders, with mtimes in whole seconds and in load order", async () => {
    const truth = await generateExports({ seed: 1, rowsPerFile: 10, files: 3, overlap: 10, folder });
    expect(truth.files.map(({ path }) => path)[0]).toBe("Export/Signals/2025-09-01/Signals_Export_20250901.csv.gz");
    for (const { path, mtime } of truth.files) {
      expect(mtime).toMatch(/:\d\dZ$/);
      expect((await stat(join(folder, path))).mtimeMs).toBe(Date.parse(mtime));
    }
    expect(truth.files.map(({ mtime }) => mtime)).toEqual(truth.files.map(({ mtime }) => mtime).toSorted());
  });

  test("a file may span several days, and is called by its last one", async () => {
    const truth = await generateExports({ seed: 6, rowsPerFile: 2_000, files: 2, overlap: 0, days: 5, folder });
    expect(truth.files).toMatchObject([
      { path: "Export/Signals/2025-09-05/Signals_Export_20250905.csv.gz", mtime: "2025-09-06T02:00:00Z" },
      { path: "Export/Signals/2025-09-10/Signals_Export_20250910.csv.gz", mtime: "2025-09-11T02:00:00Z" },
    ]);
    const days = (await Promise.all(truth.files.map(({ path }) => unzipped(join(folder, path))))).map((csv) => {
      const [header = [], ...rows] = rowsOf(csv);
      const times = rows.map((row) => row[header.indexOf("TIMESTAMP")] || row[header.indexOf("SIGNAL_TIMESTAMP")] || "");
      return [...new Set(times.map((time) => time.slice(0, 10)).filter((day) => day.startsWith("2025")))].toSorted();
    });
    expect(days[0]).toEqual(expect.arrayContaining(["2025-09-01", "2025-09-02", "2025-09-03", "2025-09-04", "2025-09-05"]));
    expect(days[1]).toEqual(expect.arrayContaining(["2025-09-06", "2025-09-07", "2025-09-08", "2025-09-09", "2025-09-10"]));
  });

  test("a single export is the text, plain or packed, with its truth beside it", async () => {
    const { csv, truth } = exportText({ rows: 1_500, seed: 8 });
    for (const name of ["one.csv", "sub/two.csv.gz"]) {
      const out = join(folder, name);
      const written = await generateExport({ rows: 1_500, seed: 8, out });
      expect(name.endsWith(".gz") ? await unzipped(out) : await readFile(out, "utf8")).toBe(csv);
      expect(JSON.parse(await readFile(`${out}.truth.json`, "utf8"))).toEqual(written);
      expect(written).toEqual({ ...truth, files: [{ ...truth.files[0], path: basename(name) }] });
    }
  });

  test.each([
    { rows: 0, seed: 1, out: "a.csv" },
    { rows: 1.5, seed: 1, out: "a.csv" },
    { rows: Number.NaN, seed: 1, out: "a.csv" },
    { rows: 1, seed: -1, out: "a.csv" },
    { rows: 1, seed: 1, out: "a.txt" },
    { rows: 1, seed: 1, days: 0, out: "a.csv" },
  ])("refuses $rows rows, seed $seed, $out", async (options) => {
    const error: unknown = await generateExport({ ...options, out: join(folder, options.out) }).catch((reason: unknown) => reason);
    expect(isSignalhouseError(error, "usage")).toBe(true);
  });

  test("the committed exports are those that the documented command writes", async () => {
    const committed = join(import.meta.dirname, "../../samples/exports");
    const truth = await generateExports({ seed: 2025, rowsPerFile: 1_000, files: 3, overlap: 10, folder });
    expect(JSON.parse(await readFile(join(committed, "truth.json"), "utf8"))).toEqual(truth);
    for (const { path } of truth.files) {
      expect(await unzipped(join(folder, path))).toBe(await unzipped(join(committed, path)));
    }
  });
});
