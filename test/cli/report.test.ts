import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { report } from "../../pipeline/index.ts";
import { cli } from "../helpers/cli.ts";
import { csv, scratchFolder } from "../helpers/warehouse.ts";
import { order } from "../helpers/signals.ts";

async function place(): Promise<string> {
  const cwd = scratchFolder();
  writeFileSync(join(cwd, "orders.csv"), csv([order("o1", "03-01 10:00", "10.50"), order("o2", "03-02 10:00", "1")]));
  expect(await cli(["load", "--quiet", "orders.csv"], { cwd })).toMatchObject({ code: 0 });
  return cwd;
}

describe("report", () => {
  test("writes a file that only its owner can read, and says where and of what", async () => {
    const cwd = await place();
    writeFileSync(join(cwd, "report.html"), "an older one", { mode: 0o644 });
    const file = join(cwd, "report.html");
    expect(await cli(["report", "-o", "report.html"], { cwd })).toEqual({
      code: 0,
      stdout: `Wrote the report to ${file}: 2025-03-01 to 2025-03-01 (UTC), amounts in EUR\n`,
      stderr: "",
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).toBe((await report({ warehouse: join(cwd, "signals.duckdb") })).html);
    const { stdout } = await cli(["report", "-o", "two.html", "--from", "2025-03-01", "--to", "2025-03-02", "--currency", "eur", "--json"], { cwd });
    expect(JSON.parse(stdout)).toEqual({ file: join(cwd, "two.html"), from: "2025-03-01", to: "2025-03-02", currency: "EUR" });
  });

  test.each([
    [[], "there is no file to write to"],
    [["-o", "r.html", "--from", "yesterday"], '--from is "yesterday"'],
    [["-o", "r.html", "--from", "2025-02-30"], "a day that does not exist"],
    [["-o", "r.html", "--to", "2025-03-01T00:00:00Z"], '--to is "2025-03-01T00:00:00Z", which is no day\n  -> Write a day (UTC) as 2025-09-01.'],
    [["-o", "r.html", "--from", "2025-03-02", "--to", "2025-03-01"], "--from 2025-03-02 is behind --to 2025-03-01"],
  ])("%j is no usage of it", async (args, says) => {
    expect(await cli(["report", ...args], { cwd: scratchFolder() })).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining(says) as string,
    });
  });

  test("what cannot be told, or written, is refused", async () => {
    const cwd = await place();
    for (const [args, code, says] of [
      [["-o", "r.html", "--currency", "GBP"], 1, "no order in the warehouse is in GBP"],
      [["-o", "nowhere/r.html"], 2, "nowhere/r.html cannot be written"],
      [["-o", "signals.duckdb"], 2, "is the warehouse itself"],
    ] as const)
      expect(await cli(["report", ...args], { cwd })).toMatchObject({ code, stdout: "", stderr: expect.stringContaining(says) as string });
  });

  test("without a warehouse there is none", async () => {
    expect(await cli(["report", "-o", "r.html"], { cwd: scratchFolder() })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("there is no warehouse") as string,
    });
  });
});
