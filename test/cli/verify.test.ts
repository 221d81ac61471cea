/** verify --mend: what it takes out it says, and it makes no warehouse. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cli } from "../helpers/cli.ts";
import { csv, pageView, scratchFolder } from "../helpers/warehouse.ts";

test("--mend on a warehouse that is not there makes none", async () => {
  const cwd = scratchFolder();
  const { code, stderr } = await cli(["verify", "--mend", "--warehouse", "mistyped.duckdb"], { cwd });
  expect([code, stderr]).toEqual([1, expect.stringContaining("[warehouse_missing]")]);
  expect(existsSync(join(cwd, "mistyped.duckdb"))).toBe(false);
});

test("--mend says how much it took out, and checks", async () => {
  const cwd = scratchFolder();
  writeFileSync(join(cwd, "one.csv"), csv([pageView("1")]));
  await cli(["load", "one.csv"], { cwd });
  const { code, stdout, stderr } = await cli(["verify", "--mend", "--json"], { cwd });
  expect([code, JSON.parse(stdout)]).toMatchObject([0, { ok: true, mended: { signals: 0, order_items: 0 } }]);
  expect(stderr).toContain("No signal is there twice: nothing was taken out.");
});
