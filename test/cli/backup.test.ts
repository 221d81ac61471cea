/** backup: the copy has all that the warehouse has, is looked into, and takes the warehouse's place. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cli } from "../helpers/cli.ts";
import { csv, memoryFile, pageView, scratchFolder, scratchWarehouse } from "../helpers/warehouse.ts";

const VIEWS = csv([pageView("1"), pageView("2"), pageView("3")]);

/** A folder with a warehouse that has loaded one.csv, of three signals. */
async function shop(): Promise<string> {
  const cwd = scratchFolder();
  writeFileSync(join(cwd, "one.csv"), VIEWS);
  expect((await cli(["load", "one.csv"], { cwd })).code).toBe(0);
  return cwd;
}

const views = async (cwd: string) => (await cli(["query", "SELECT count(*) FROM page_views", "--format", "csv"], { cwd })).stdout.split("\n")[1];

test("the copy has the rows of the warehouse, for its user alone, and takes its place after a loss: then what was loaded before is known", async () => {
  const cwd = await shop();
  const { code, stdout } = await cli(["backup", "copy.duckdb", "--json"], { cwd });
  const document = JSON.parse(stdout) as { file: string; size_bytes: number; tables: { table: string; rows: number }[] };
  expect([code, document.file, document.size_bytes]).toEqual([0, join(cwd, "copy.duckdb"), statSync(join(cwd, "copy.duckdb")).size]);
  expect(document.tables).toEqual(
    expect.arrayContaining([
      { table: "behavior_signals", rows: 3 },
      { table: "signalhouse.loads", rows: 1 },
    ]),
  );
  expect(statSync(join(cwd, "copy.duckdb")).mode & 0o777).toBe(0o600);
  expect((await cli(["verify", "--warehouse", "copy.duckdb"], { cwd })).code).toBe(0);

  // The warehouse goes on, and is lost.
  writeFileSync(join(cwd, "two.csv"), csv([pageView("4")]));
  await cli(["load", "two.csv"], { cwd });
  rmSync(join(cwd, "signals.duckdb"));
  copyFileSync(join(cwd, "copy.duckdb"), join(cwd, "signals.duckdb"));
  expect((await cli(["load", "one.csv", "two.csv"], { cwd })).code).toBe(0);
  expect(await views(cwd)).toBe("4");
  expect((await cli(["verify"], { cwd })).code).toBe(0);
});

test("what a killed process has left in the log is in the copy", async () => {
  const cwd = scratchFolder();
  const scratch = await scratchWarehouse();
  await scratch.load([memoryFile("one.csv", 1, VIEWS)]);
  // As it lies there while it is open.
  for (const end of ["", ".wal"]) copyFileSync(`${scratch.path}${end}`, join(cwd, `signals.duckdb${end}`));
  const { code, stdout } = await cli(["backup", "copy.duckdb"], { cwd });
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/^Copied .*signals\.duckdb to .*copy\.duckdb: .*, \d+ tables, \d+ rows, in \d+\.\d s\.$/m),
  ]);
  rmSync(join(cwd, "signals.duckdb"));
  copyFileSync(join(cwd, "copy.duckdb"), join(cwd, "signals.duckdb"));
  expect(await views(cwd)).toBe("3");
});

test("an older copy is replaced, and nothing else is left beside it", async () => {
  const cwd = await shop();
  mkdirSync(join(cwd, "backups"));
  writeFileSync(join(cwd, "backups", "copy.duckdb"), "something older");
  expect((await cli(["backup", "backups/copy.duckdb"], { cwd })).code).toBe(0);
  expect(readdirSync(join(cwd, "backups"))).toEqual(["copy.duckdb"]);
  expect((await cli(["verify", "--warehouse", "backups/copy.duckdb"], { cwd })).code).toBe(0);
});

describe("refused, with what is there left as it is:", () => {
  test.each<[string, string, (cwd: string) => void]>([
    ["the warehouse itself", "signals.duckdb", () => undefined],
    ["a link to it", "link.duckdb", (cwd) => symlinkSync("signals.duckdb", join(cwd, "link.duckdb"))],
    ["a folder", "backups", (cwd) => mkdirSync(join(cwd, "backups"))],
    ["the warehouse's log", "signals.duckdb.wal", () => undefined],
    ["a folder that is not there", "backups/copy.duckdb", () => undefined],
  ])("%s", async (_, file, prepare) => {
    const cwd = await shop();
    prepare(cwd);
    const [before, listed] = [readFileSync(join(cwd, "signals.duckdb")), readdirSync(cwd)];
    const { code, stderr } = await cli(["backup", file], { cwd });
    expect([code, stderr]).toEqual([2, expect.stringContaining("[usage]")]);
    expect(stderr).toContain(file);
    expect(readFileSync(join(cwd, "signals.duckdb")).equals(before)).toBe(true);
    expect(readdirSync(cwd)).toEqual(listed);
  });

  test("a warehouse that is not there", async () => {
    const cwd = scratchFolder();
    const { code, stderr } = await cli(["backup", "copy.duckdb"], { cwd });
    expect([code, stderr, existsSync(join(cwd, "copy.duckdb"))]).toEqual([1, expect.stringContaining("[warehouse_missing]"), false]);
  });
});
