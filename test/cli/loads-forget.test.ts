/** Failed files that will never come right: dismissed by hand, or forgotten once the server has them no more. */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ConfigInput } from "../../schemas/config.ts";
import { cli, workplace, writeConfig } from "../helpers/cli.ts";
import { putFile } from "../helpers/sandbox.ts";
import { csv, pageView, scratchFolder } from "../helpers/warehouse.ts";

const BAD = "Export/Signals/bad.csv";
const at = (day: number) => Date.UTC(2025, 8, day);

/** A server with a good file and one that has no header row. */
async function place() {
  const { folder: cwd, exports, config } = await workplace({ files: 1 });
  putFile(join(exports, BAD), Buffer.from("no header\n"), at(20));
  const run = (...args: string[]) => cli(args, { cwd });
  const ledger = async () => {
    const { stdout } = await run("query", "--json", "SELECT path, status FROM signalhouse.loads WHERE status <> 'loaded' ORDER BY path");
    return (JSON.parse(stdout) as { path: string; status: string }[]).map(({ path, status }) => `${path} ${status}`);
  };
  return { cwd, exports, config, run, ledger };
}

test("a dismissed file is not tried until it changes, and told no more", async () => {
  const { exports, run } = await place();
  expect((await run("sync")).code).toBe(1);
  expect((await run("status")).stdout).toMatch(/1 failed$[^]*^failed file/m);
  expect(await run("loads", "forget", BAD)).toMatchObject({ code: 0, stdout: `Dismissed ${BAD}: it is not tried again until it changes.\n` });
  const status = await run("status");
  expect(status.stdout).toMatch(/0 failed, 1 dismissed$/m);
  expect(status.stdout).not.toContain("failed file");
  expect(await run("sync")).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Nothing new: .*1 dismissed/) });
  expect((await run("ls")).stdout).toMatch(/bad\.csv .* dismissed /);
  expect((await run("verify")).code).toBe(0);

  putFile(join(exports, BAD), Buffer.from(csv([pageView("1")])), at(21));
  expect((await run("sync")).stdout).toMatch(/bad\.csv +1 +1 +0 +0 +0 +loaded/);
  expect((await run("status")).stdout).toMatch(/2 loaded, 0 with the same bytes, 0 failed$/m);
});

test("--undo takes it up again; what is not there is told, and changes nothing", async () => {
  const { run, ledger } = await place();
  await run("sync");
  expect(await run("loads", "forget", BAD, "Export/other.csv")).toMatchObject({ code: 1, stderr: expect.stringContaining("[not_found]") });
  expect(await ledger()).toEqual([`${BAD} failed`]);
  expect(JSON.parse((await run("loads", "forget", BAD, "--json")).stdout)).toEqual({ dismissed: [BAD] });
  expect((await run("loads", "forget", BAD)).code).toBe(1);
  expect(await ledger()).toEqual([`${BAD} dismissed`]);
  expect(await run("loads", "forget", "--undo", BAD)).toMatchObject({ code: 0, stdout: expect.stringContaining("tried again") });
  expect((await run("sync")).code).toBe(1);
  expect(await ledger()).toEqual([`${BAD} failed`]);
});

test("a name is taken as status shows it", async () => {
  const { exports, run, ledger } = await place();
  const name = "Export/Signals/a\u001b\nb.csv";
  putFile(join(exports, name), Buffer.from("no header\n"), at(20));
  await run("sync");
  expect((await run("loads", "forget", String.raw`Export/Signals/a\u001b\nb.csv`)).code).toBe(0);
  expect(await ledger()).toEqual([`${name} dismissed`, `${BAD} failed`]);
});

test("what the server has no more is forgotten by itself; what it still has, or never had, stays", async () => {
  const { cwd, exports, config, run, ledger } = await place();
  for (const name of ["dismissed", "gone", "elsewhere/there"])
    putFile(join(exports, `Export/Signals/${name}.csv`), Buffer.from("no header\n"), at(20));
  writeFileSync(join(cwd, "local.csv"), "no header\n");
  for (const args of [["load", "local.csv"], ["load", "-"], ["sync"]]) {
    const { code, stderr } = await run(...args);
    expect({ args, code, stderr }).toMatchObject({ args, code: 1, stderr: expect.stringMatching(/\[(header_missing|file_empty)\]/) });
  }
  await run("loads", "forget", "Export/Signals/dismissed.csv");
  for (const name of ["dismissed", "gone"]) rmSync(join(exports, `Export/Signals/${name}.csv`));
  // A folder that is looked into no more says nothing of its files.
  rmSync(join(exports, BAD));
  writeConfig(cwd, { ...config, sftp: { ...(config.sftp as NonNullable<ConfigInput["sftp"]>), folders: ["Export/Signals/elsewhere"] } });
  const before = await ledger();
  expect(before).toEqual([
    `${join(cwd, "local.csv")} failed`,
    `${BAD} failed`,
    "Export/Signals/dismissed.csv dismissed",
    ...["elsewhere/there", "gone"].map((name) => `Export/Signals/${name}.csv failed`),
    "stdin failed",
  ]);
  await run("sync", "--dry-run");
  expect(await ledger()).toEqual(before);
  const { stderr } = await run("sync", "--only", "nothing*");
  for (const name of ["bad", "dismissed", "gone"]) expect(stderr).toContain(`${name}.csv is forgotten`);
  expect(await ledger()).toEqual([`${join(cwd, "local.csv")} failed`, "Export/Signals/elsewhere/there.csv failed", "stdin failed"]);
});

test("a local file is named by any path to it, and loaded where somebody asks for it again", async () => {
  const { cwd, run, ledger } = await place();
  const local = join(cwd, "local.csv");
  writeFileSync(local, "no header\n");
  await run("load", local);
  // No sync ever tries it: that is not what is said of it.
  expect((await run("loads", "forget", "./local.csv")).stdout).toBe(`Dismissed ${local}: status tells no more of it.\n`);
  expect(await ledger()).toEqual([`${local} dismissed`]);
  expect((await run("loads", "forget", "--undo", local)).stdout).toBe(`${local} is told by status again; it is tried again where load names it.\n`);
  await run("loads", "forget", local);
  expect((await run("load", "local.csv")).code).toBe(1);
  expect(await ledger()).toEqual([`${local} failed`]);
});

test("no warehouse is made of a mistyped path", async () => {
  const cwd = scratchFolder();
  expect(await cli(["loads", "forget", BAD], { cwd })).toMatchObject({ code: 1, stderr: expect.stringContaining("[warehouse_missing]") });
  expect(existsSync(join(cwd, "signals.duckdb"))).toBe(false);
});
