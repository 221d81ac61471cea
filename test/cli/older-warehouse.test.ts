/** A warehouse that an older version has written: what reads it says so in words; what takes any does its work; what writes brings it up to date. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cli } from "../helpers/cli.ts";
import { csv, pageView, scratchFolder, scratchWarehouse } from "../helpers/warehouse.ts";

/** A folder with a warehouse that lacks a column and is of the version before. */
async function olderPlace(): Promise<string> {
  const cwd = scratchFolder();
  const scratch = await scratchWarehouse({ path: join(cwd, "signals.duckdb") });
  await scratch.run("ALTER TABLE signalhouse.loads DROP COLUMN later_headers");
  await scratch.run("UPDATE signalhouse.meta SET schema_version = 1");
  scratch.warehouse.close();
  writeFileSync(join(cwd, "one.csv"), csv([pageView("1")]));
  return cwd;
}

test.each([
  [["status"]],
  [["drift"]],
  [["verify"]],
  [["rejects", "list"]],
  [["rejects", "list", "--load", "1"]],
  [["rejects", "show", "1", "1"]],
  [["backfill", "status", "--from", "2025-07-01", "--to", "2025-07-02"]],
  [["backfill", "plan", "--from", "2025-07-01", "--to", "2025-07-02"]],
])("%j says that it is older, and what to do", async (args) => {
  const { code, stdout, stderr } = await cli(args, { cwd: await olderPlace() });
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain("was written by an older signalhouse, and lacks signalhouse.loads.later_headers");
  expect(stderr).toContain("Run `signalhouse sync`");
  expect(stderr).toContain("[warehouse_older]");
});

test("query reads it all the same", async () => {
  const { code, stdout } = await cli(["query", "--format", "csv", "SELECT schema_version FROM signalhouse.meta"], { cwd: await olderPlace() });
  expect([code, stdout]).toEqual([0, "schema_version\n1\n"]);
});

test("load brings it up to date", async () => {
  const cwd = await olderPlace();
  expect((await cli(["load", "one.csv"], { cwd })).code).toBe(0);
  expect((await cli(["verify"], { cwd })).code).toBe(0);
});

test("a table that is missing is told by verify, and is no matter for a query", async () => {
  const cwd = scratchFolder();
  const scratch = await scratchWarehouse({ path: join(cwd, "signals.duckdb") });
  await scratch.run("DROP TABLE signalhouse.schema_changes");
  scratch.warehouse.close();
  const { code, stdout } = await cli(["verify"], { cwd });
  expect([code, stdout]).toEqual([1, expect.stringMatching(/FAILED.*table/)]);
  expect((await cli(["query", "SELECT 1"], { cwd })).code).toBe(0);
});
