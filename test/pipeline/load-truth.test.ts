/** Generated exports, loaded, against the truth about them. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { localFile } from "../../pipeline/load/local-files.ts";
import { exportText, generateExport, generateExports } from "../../samples/generator/exports.ts";
import { expectTruth } from "../helpers/truth.ts";
import { memoryFile, scratchFolder, scratchWarehouse } from "../helpers/warehouse.ts";
import { some } from "../helpers/often.ts";

describe("one export", () => {
  test.each([
    { seed: 1, rows: 1 },
    { seed: 2, rows: 999 },
    { seed: 3, rows: 6_000 },
    { seed: 2_147_483_647, rows: 2_500 },
  ])("with seed $seed and $rows rows gives every count and sum of its truth", async ({ seed, rows }) => {
    const { csv, truth } = exportText({ seed, rows });
    const [file] = truth.files;
    const scratch = await scratchWarehouse();
    expect(await scratch.load([memoryFile("Signals_Export.csv", file?.mtime ?? "", csv)])).toMatchObject([{ records: rows, inserted: rows }]);
    await expectTruth(scratch, truth);
  });

  test("is the same from a gzip on the disk", async () => {
    const out = join(scratchFolder(), "Signals_Export.csv.gz");
    const truth = await generateExport({ seed: 7, rows: 3_000, out });
    const scratch = await scratchWarehouse();
    const [result] = await scratch.load([await localFile(out)]);
    expect(result).toMatchObject({ status: "loaded", path: out, records: 3_000, inserted: 3_000 });
    await expectTruth(scratch, truth, () => out);
  });
});

describe("a folder of exports that overlap", () => {
  test.each(
    some(
      [
        { seed: 12, rowsPerFile: 400, files: 5, overlap: 50 },
        { seed: 14, rowsPerFile: 3, files: 6, overlap: 33 },
        { seed: 13, rowsPerFile: 800, files: 2, overlap: 0 },
        { seed: 11, rowsPerFile: 1_500, files: 3, overlap: 20 },
      ],
      2,
    ),
  )("with seed $seed gives every count and sum of the truth", { tags: "long" }, async (options) => {
    const folder = scratchFolder();
    const truth = await generateExports({ ...options, folder });
    const scratch = await scratchWarehouse();
    const results = await scratch.load(await Promise.all(truth.files.map(({ path }) => localFile(join(folder, path)))));
    expect(results.map(({ status }) => status)).toEqual(truth.files.map(() => "loaded"));
    await expectTruth(scratch, truth, (path) => join(folder, path));
  });

  test("gives the same signals when it is loaded backwards", async () => {
    const folder = scratchFolder();
    const truth = await generateExports({ seed: 15, rowsPerFile: 300, files: 4, overlap: 50, folder });
    const sources = await Promise.all(truth.files.map(({ path }) => localFile(join(folder, path))));
    const [forwards, backwards] = [await scratchWarehouse(), await scratchWarehouse()];
    await forwards.load(sources);
    await backwards.load(sources.toReversed());
    expect(await backwards.dump("load_id", "record_no")).toEqual(await forwards.dump("load_id", "record_no"));
  });
});
