/** Generated exports, loaded, against the truth about every mart. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Reader } from "../../../pipeline/load/load-files.ts";
import { localFile } from "../../../pipeline/load/local-files.ts";
import { generateExports, lastSignals } from "../../../samples/generator/exports.ts";
import { martsTruth } from "../../../samples/generator/marts/index.ts";
import { expectMarts } from "../../helpers/marts-truth.ts";
import { some } from "../../helpers/often.ts";
import { expectTruth } from "../../helpers/truth.ts";
import { scratchFolder, scratchWarehouse } from "../../helpers/warehouse.ts";

/** So that small files are not read record by record all the same. */
const SIZES = { rowGroup: 16 * 1024, stretch: 48 * 1024 };

const SEEDS = [
  { seed: 21, rowsPerFile: 800, files: 3, overlap: 20, days: 8, tangled: true },
  { seed: 22, rowsPerFile: 1_500, files: 1, overlap: 0, days: 20, tangled: true },
];

describe.each(some(SEEDS, 1))("with seed $seed", (options) => {
  test.each<Reader>(["row", "vector"])("every mart is as the truth has it, read by the %s path", { tags: "long" }, async (reader) => {
    const folder = scratchFolder();
    const truth = await generateExports({ ...options, folder });
    const scratch = await scratchWarehouse();
    const results = await scratch.load(await Promise.all(truth.files.map(({ path }) => localFile(join(folder, path)))), { reader, sizes: SIZES });
    expect(results.map(({ status }) => status)).toEqual(truth.files.map(() => "loaded"));
    await expectTruth(scratch, truth, (path) => join(folder, path));
    await expectMarts(scratch, martsTruth(lastSignals(options)));
  });
});
