/**
 * What other versions of DuckDB read out of a warehouse: the truth, or nothing.
 * @module-tag long
 */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { localFile } from "../pipeline/load/local-files.ts";
import { generateExports } from "../samples/generator/exports.ts";
import { MISREAD_STORAGE } from "../sinks/storage.ts";
import { type Comment, COMMENTS, commentsOf, runLoading } from "./helpers/commented.ts";
import { tableRows } from "./helpers/markdown.ts";
import { duckdbMissing, runWith } from "./helpers/python-duckdb.ts";
import { copyInto, copyStatements, READERS_PAGE, sumStatements } from "./helpers/storage.ts";
import { expectTruth } from "./helpers/truth.ts";
import { csv, memoryFile, pageView, type Scratch, scratchFolder, scratchWarehouse } from "./helpers/warehouse.ts";

/** One of each that reads a warehouse. */
const READERS = ["1.4.4", "1.5.6", "2.0.1"];
/** The one that takes what later ones wrote as v1.3.0 for something else. */
const MISREADER = "1.3.2";

const missing = [MISREADER, ...READERS].filter(duckdbMissing);

test("docs/operations.md names the versions that are tried here", () => {
  const named = tableRows(READERS_PAGE).map(([version = "", now = ""]) => [version, now]);
  expect(named).toEqual([
    ["2.0", "reads it"],
    ["1.5", "reads it"],
    ["1.4", "reads it"],
    ["1.3", "refuses to open it"],
    ["1.2 and older", "refuses to open it"],
  ]);
  for (const version of [...READERS, MISREADER]) expect(READERS_PAGE).toContain(version);
});

// Some twenty processes of Python, each with a thousand sums.
describe.skipIf(missing.length > 0)("a warehouse that both paths have loaded", { timeout: 240_000 }, () => {
  test("is read by later versions as by ours, and refused by an older one", async () => {
    const { scratch, statements, expected } = await loadedWarehouse();
    scratch.warehouse.close();
    for (const version of READERS) expect(await runWith(version, scratch.path, statements)).toEqual({ version, rows: expected });
    expect(await runWith(MISREADER, scratch.path, statements)).toEqual({ version: MISREADER, refused: expect.stringContaining("version") as string });
  });

  test("says what it holds to later versions, too", async () => {
    const { scratch } = await loadedWarehouse();
    await runLoading(scratch, 1);
    const comments = await commentsOf(scratch);
    scratch.warehouse.close();
    expect(comments.filter(({ comment }: Comment) => !comment)).toEqual([]);
    for (const version of READERS) {
      const [rows] = (await runWith(version, scratch.path, [COMMENTS])).rows ?? [];
      expect([version, rows]).toEqual([version, comments.map(({ name, column, type, comment }) => [name, column, type, comment])]);
    }
  });

  test("of the storage version that is misread is refused by who would misread it, once it was opened for writing", async () => {
    const { scratch, statements, expected } = await loadedWarehouse();
    scratch.warehouse.close();
    const path = join(scratchFolder(), "before.duckdb");
    await copyInto(scratch.path, path, MISREAD_STORAGE);
    const [misread] = (await runWith(MISREADER, path, ["SELECT count(signal_id)::INTEGER FROM behavior_signals"])).rows ?? [];
    expect(misread).toEqual([[0]]);

    const raised = await scratchWarehouse({ path });
    raised.warehouse.close();
    for (const version of READERS) expect(await runWith(version, path, statements)).toEqual({ version, rows: expected });
    const refused = { version: MISREADER, refused: expect.stringContaining("storage version") as string };
    expect(await runWith(MISREADER, path, statements)).toEqual(refused);

    await raised.reopen();
    for (const way of ["row", "vector"] as const) await raised.load([memoryFile(`${way}.csv`, 0, csv([pageView(way)]))], { reader: way });
    const after = await found(raised, statements);
    expect(after).not.toEqual(expected);
    raised.warehouse.close();
    for (const version of READERS) expect(await runWith(version, path, statements)).toEqual({ version, rows: after });
    expect(await runWith(MISREADER, path, statements)).toEqual(refused);
  });

  test("is copied by each of them, as the page says, into a file that an older one reads", async () => {
    const { scratch, statements, expected } = await loadedWarehouse();
    scratch.warehouse.close();
    for (const version of READERS) {
      const copy = join(scratchFolder(), "copy.duckdb");
      expect(await runWith(version, ":memory:", copyStatements(scratch.path, copy, "v1.2.0"))).not.toHaveProperty("refused");
      expect(await runWith(MISREADER, copy, statements)).toEqual({ version: MISREADER, rows: expected });
    }
  });
});

/** A warehouse with rows of both paths, replaced ones among them; statements that say all that is in it, and what ours gives for them. */
async function loadedWarehouse(): Promise<{ scratch: Scratch; statements: string[]; expected: unknown[][][] }> {
  const folder = scratchFolder();
  const truth = await generateExports({ rowsPerFile: 1_500, files: 2, overlap: 20, seed: 6, folder });
  const [first, second] = await Promise.all(truth.files.map(({ path }) => localFile(join(folder, path))));
  const scratch = await scratchWarehouse();
  await scratch.load(first ? [first] : [], { reader: "row" });
  await scratch.load(second ? [second] : [], { reader: "vector" });
  await expectTruth(scratch, truth, (path) => join(folder, path));
  await scratch.load([memoryFile("rejects.csv", 0, csv([{ ...pageView("broken"), SIGNAL_CONTENT: "{" }]))]);
  const statements = await sumStatements(scratch);
  return { scratch, statements, expected: await found(scratch, statements) };
}

async function found(scratch: Scratch, statements: readonly string[]): Promise<unknown[][][]> {
  const all: unknown[][][] = [];
  for (const statement of statements) all.push((await scratch.warehouse.connection.runAndReadAll(statement)).getRowsJson());
  return all;
}
