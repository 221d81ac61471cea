/** sandbox and demo: what somebody without an account sees first. */
import { chownSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../pipeline/common/package.ts";
import { generateWindow } from "../../samples/generator/window.ts";
import type { Truth } from "../../samples/generator/truth.ts";
import { LISTED_TYPES } from "../../schemas/signal-types.ts";
import { cli, spawnCli, startCli } from "../helpers/cli.ts";
import { TestClock } from "../helpers/clock.ts";
import { asUser } from "../helpers/user.ts";
import { scratchFolder } from "../helpers/warehouse.ts";

/** What the sandbox's shop has on the days that the demo asks for. */
const asked = () =>
  generateWindow({
    seed: 1,
    rowsPerDay: 600,
    signalTypes: LISTED_TYPES,
    start: Date.parse("2025-09-04T00:00:00Z"),
    end: Date.parse("2025-09-05T23:59:59.999Z"),
    out: join(scratchFolder(), "asked.csv.gz"),
  });

const truth = JSON.parse(readFileSync(join(packageRoot(), "samples/exports/truth.json"), "utf8")) as Truth;

/** Somebody who has an account has these set: they are none of the sandbox's business. */
const env = { SIGNALHOUSE_API_KEY: "connects-own-key-4711", SIGNALHOUSE_KEY_PASSPHRASE: "of another key", SSH_AUTH_SOCK: "/nowhere/agent" };

/** Nobody waits for the sandbox's files. */
const clock = new TestClock("2025-09-10T08:00:00Z");

const json = (text: string) => JSON.parse(text) as Record<string, unknown>;

/** The sum of two amounts with four digits. */
const addedUp = (one: string, other: string) => {
  const sum = String(BigInt(one.replace(".", "")) + BigInt(other.replace(".", "")));
  return `${sum.slice(0, -4)}.${sum.slice(-4)}`;
};

describe("sandbox", () => {
  test("serves the sample exports; its configuration works at once; Ctrl-C ends it well", async () => {
    const cwd = scratchFolder();
    const { child, said, ended } = spawnCli(["sandbox"], { cwd, env });
    const shown = await said(/Ctrl-C ends/);
    expect(shown).toMatch(/^ {2}cd sandbox\n {2}node \S+dist\/cli\/main\.js doctor$/m);
    const place = join(cwd, "sandbox");
    expect(statSync(join(place, "id_ed25519")).mode & 0o777).toBe(0o600);
    expect(await cli(["doctor"], { cwd: place, env })).toMatchObject({ code: 0, stdout: expect.stringMatching(/API key +from \S+\/api-key$/m) });
    expect(json((await cli(["sync", "--json"], { cwd: place })).stdout)["totals"]).toMatchObject({ records: truth.records, inserted: truth.signals });
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 0, stderr: "" });

    // Started again, it is another server with the same files: the warehouse stays, and nothing is loaded twice.
    const again = startCli(["sandbox", "--json"], { cwd, clock });
    await again.said(/^}/m);
    expect((await cli(["sync"], { cwd: place })).stdout).toMatch(/^Nothing new/);
    const exported = await cli(["export", "--types", "order", "--from", "2025-09-04", "--to", "2025-09-05", "--sync"], { cwd: place, clock, env });
    expect(exported).toMatchObject({ code: 0, stdout: expect.stringContaining("loaded") });
    again.interrupt("SIGTERM");
    const { stdout } = await again.ended;
    expect(json(stdout)).toMatchObject({ host: "127.0.0.1", config: join(place, "signalhouse.config.json") });
  });

  test("serves any folder, and leaves it as it is", async () => {
    const cwd = scratchFolder();
    writeFileSync(join(cwd, "afile"), "");
    for (const folder of ["nowhere", "afile"])
      expect(await cli(["sandbox", "--folder", folder], { cwd })).toMatchObject({ code: 1, stderr: expect.stringContaining("[folder_missing]") });
    const { interrupt, said, ended } = startCli(["sandbox", "--folder", join(packageRoot(), "samples/exports"), "--out", "mine"], { cwd });
    await said(/Ctrl-C ends/);
    expect((await cli(["ls"], { cwd: join(cwd, "mine") })).stdout).toContain("3 files");
    interrupt("SIGINT");
    expect((await ended).code).toBe(0);
  });

  test("does not write into a folder that is somebody else's", async () => {
    const cwd = scratchFolder();
    writeFileSync(join(cwd, "thesis.txt"), "years of work");
    expect(await cli(["sandbox", "--out", "."], { cwd })).toMatchObject({ code: 2, stderr: expect.stringContaining("--out") });
    expect(await cli(["demo", "--out", "."], { cwd })).toMatchObject({ code: 2 });
    expect(readFileSync(join(cwd, "thesis.txt"), "utf8")).toBe("years of work");
  });
});

test.each(["sandbox", "demo"])("%s says that --out is a file, and which options do not apply", async (name) => {
  const cwd = scratchFolder();
  writeFileSync(join(cwd, "afile"), "mine");
  expect(await cli([name, "--out", "afile"], { cwd })).toMatchObject({ code: 2, stderr: expect.stringMatching(/afile[^]+--out[^]+\[usage\]/) });
  expect((await cli([name, "--help"], { cwd })).stdout).toMatch(/--config and --warehouse do not apply/);
});

test("another user's folder is not emptied, whatever marker he has put into it; one that cannot be written to is told", async ({ skip }) => {
  if (process.getuid?.() !== 0) skip("only root can make another user's folder");
  const cwd = scratchFolder();
  const folder = join(cwd, "demo");
  mkdirSync(folder);
  for (const name of [".signalhouse-demo", ".signalhouse-sandbox", "file"]) writeFileSync(join(folder, name), "his");
  chownSync(folder, 65_534, 65_534);
  for (const name of ["demo", "sandbox"]) {
    const said = expect.stringMatching(/demo is there already, and belongs to another user[^]+--out[^]+\[usage\]/) as string;
    expect(await cli([name, "--out", "demo"], { cwd })).toMatchObject({ code: 2, stderr: said });
  }
  expect(readdirSync(folder).length).toBe(3);
  for (const mode of [0o755, 0o700]) {
    mkdirSync(join(cwd, `of-root-${mode}`), { mode });
    const told = await asUser(65_534, () => cli(["demo", "--out", `of-root-${mode}`], { cwd }));
    expect(told).toMatchObject({ code: 2, stderr: expect.stringMatching(/you may not write there \(EACCES\)[^]+--out[^]+\[usage\]/) });
  }
});

test("the folders that they write by default are none to commit", () => {
  const ignored = readFileSync(join(packageRoot(), ".gitignore"), "utf8").split("\n");
  expect(ignored).toEqual(expect.arrayContaining(["sandbox/", "demo/"]));
});

describe("demo", () => {
  test("shows the truth about the sample exports, and leaves a warehouse in which what it says to try works", { timeout: 180_000 }, async () => {
    const cwd = scratchFolder();
    const { code, stdout, stderr } = await cli(["demo"], { cwd, env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const { path, records } of truth.files) expect(stdout).toMatch(new RegExp(`${path} .+ ${records.toLocaleString("en-US")} `));
    const more = await asked();
    expect(stdout).toMatch(new RegExp(`Connect took it as a job [^]*${more.records.toLocaleString("en-US")} records are loaded`));
    for (const table of ["marketing_signals", "behavior_signals"] as const) {
      const rows = truth.signalsByTable[table] + more.signalsByTable[table];
      expect(stdout).toMatch(new RegExp(`${table} +${rows.toLocaleString("en-US")}$`, "m"));
    }
    expect(stdout).not.toContain("FAILED");

    const place = join(cwd, "demo");
    const suggested = [...stdout.matchAll(/^ {2}node \S+main\.js (.+)$/gm)].map(([, words = ""]) =>
      [...words.matchAll(/"([^"]+)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? ""),
    );
    expect(suggested.length).toBeGreaterThan(3);
    for (const args of suggested) expect({ args, ...(await cli(args, { cwd: place })) }).toMatchObject({ args, code: 0 });
    const sum = "SELECT sum(order_value)::DECIMAL(18,4) AS total FROM message_behavior WHERE signal_type = 'order' AND matched";
    expect(JSON.parse((await cli(["query", sum, "--json"], { cwd: place })).stdout)).toEqual([
      { total: addedUp(truth.revenue.total, more.revenue.total) },
    ]);
  });

  test("can be run again where it was interrupted, and as JSON; its folder is none for a sandbox", async () => {
    const cwd = scratchFolder();
    const { interrupt, said, ended } = startCli(["demo"], { cwd, clock });
    await said(/A local Connect answers/);
    interrupt("SIGINT");
    expect((await ended).code).toBe(130);
    expect(await cli(["sandbox", "--out", "demo"], { cwd })).toMatchObject({ code: 2, stderr: expect.stringContaining("[usage]") });
    writeFileSync(join(cwd, "demo", "old.txt"), "from before");
    const { code, stdout } = await cli(["demo", "--json"], { cwd, clock });
    expect(code).toBe(0);
    expect(json(stdout)).toMatchObject({
      folder: join(cwd, "demo"),
      ledger: [{ records: (await asked()).records }, ...truth.files.map(({ path, records }) => ({ path, records }))],
      checks: expect.any(Array),
    });
    expect(() => rmSync(join(cwd, "demo", "old.txt"))).toThrow("ENOENT");
  });
});
