import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { COMMANDS } from "../../cli/commands.ts";
import { COMMON_OPTIONS, type OptionTable } from "../../cli/options.ts";
import { packageVersion } from "../../pipeline/common/package.ts";
import { cli, spawnCli } from "../helpers/cli.ts";
import { scratchFolder } from "../helpers/warehouse.ts";

describe("help", () => {
  test("the overview names every command", async () => {
    const { code, stdout } = await cli(["--help"], { cwd: scratchFolder() });
    expect(code).toBe(0);
    for (const [name, { summary }] of Object.entries(COMMANDS))
      expect(stdout).toMatch(new RegExp(`^  ${name} +${summary.replace(/[;,.]/g, ".")}$`, "m"));
  });

  test.each(Object.keys(COMMANDS))("%s --help names its options and has an example", async (name) => {
    const { command } = await (COMMANDS[name] as (typeof COMMANDS)[string]).load();
    const { code, stdout, stderr } = await cli([...name.split(" "), "--help"], { cwd: scratchFolder() });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`Usage: signalhouse ${name}`);
    const options: OptionTable = { ...COMMON_OPTIONS, ...command.options };
    for (const [option, { hidden }] of Object.entries(options)) expect(stdout.includes(`--${option} `)).toBe(!hidden);
    expect(stdout).toMatch(new RegExp(`Examples?:\n  signalhouse ${name}`));
  });

  test("none of it is wider than 80 columns", async () => {
    const cwd = scratchFolder();
    const pages = [[], ...Object.keys(COMMANDS).map((name) => name.split(" ")), ["refset"], ["rejects"]].map((words) => ["help", ...words]);
    const texts = await Promise.all(pages.map(async (args) => (await cli(args, { cwd })).stdout));
    const lines = texts.flatMap((text) => text.split("\n"));
    expect(lines.length).toBeGreaterThan(500);
    expect(lines.filter((line) => line.length > 80 || line.endsWith(" "))).toEqual([]);
  });

  test("an example that is cut into lines is the same command to a shell", async () => {
    const { stdout } = await cli(["refset", "push", "--help"], { cwd: scratchFolder() });
    const examples = stdout.slice(stdout.indexOf("Examples:\n") + 10).replaceAll("signalhouse", "printf '%s|'");
    const run = promisify(execFile);
    const { command } = await (COMMANDS["refset push"] as (typeof COMMANDS)[string]).load();
    const [cut, whole] = await Promise.all(
      [examples, command.examples.map((example) => `printf '%s|' ${example}`).join("\n")].map((text) => run("bash", ["-c", text])),
    );
    expect(examples).toContain(" \\\n");
    expect(cut?.stdout.replaceAll(/ +/g, " ")).toBe(whole?.stdout);
  });

  test.each([
    [["help"], ["--help"]],
    [["help"], ["-h"]],
    [
      ["help", "sync"],
      ["sync", "--help"],
    ],
    [
      ["help", "rejects", "replay"],
      ["rejects", "replay", "-h"],
    ],
    [
      ["help", "rejects"],
      ["rejects", "--help"],
    ],
    [
      ["help", "help"],
      ["help", "--help"],
    ],
  ])("%j is %j", async (one, other) => {
    const cwd = scratchFolder();
    const [first, second] = await Promise.all([one, other].map((args) => cli(args, { cwd })));
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first).toEqual(second);
  });

  test("with --json help is a document", async () => {
    const { stdout } = await cli(["help", "sync", "--json"], { cwd: scratchFolder() });
    expect(JSON.parse(stdout)).toEqual({ help: expect.stringContaining("--dry-run") as string });
  });

  test("a group of commands has help", async () => {
    const { code, stdout } = await cli(["rejects", "--help"], { cwd: scratchFolder() });
    expect(code).toBe(0);
    expect(stdout).toContain("rejects replay");
    expect(stdout).not.toContain("doctor");
  });

  test("--version", async () => {
    expect(await cli(["--version"], { cwd: scratchFolder() })).toEqual({ code: 0, stdout: `${packageVersion()}\n`, stderr: "" });
  });
});

describe("bad usage is exit code 2, with what is wrong and where to look", () => {
  test.each([
    [[], "no command is given"],
    [["swim"], 'no command "swim"'],
    [["rejects"], "rejects list, rejects show, rejects replay"],
    [["--quiet", "status"], "Write: signalhouse status --quiet"],
    [["--config", "c.json", "rejects", "list"], "Write: signalhouse rejects list --config"],
    [["sync", "--since", "--quiet"], "--since=--quiet"],
    [["status", "--warehouse="], "--warehouse needs a value"],
    [["load", "a.csv", "--config", ""], "--config needs a value"],
    [["sync", "--dry-run=yes"], "--dry-run takes no value"],
    [["rejects", "list", "--limit", "0"], "from 1 on"],
    [["status", "--frob"], "--frob"],
    [["status", "extra"], 'does not take "extra"'],
    [["query", "SELECT", "1"], 'Put it in quotes: signalhouse query "SQL". '],
    [["sync", "-- all of it"], 'does not take "-- all of it"'],
    [["completion", "tcsh"], "-> Choose one of bash, zsh, fish."],
    [["status", "--log-level", "loud"], "error, warn, info, debug"],
    [["load"], "needs FILE…"],
    [["sync", "--since"], "--since"],
    [["rejects", "show", "1"], "LOAD_ID RECORD_NO"],
    [["rejects", "show", "one", "2"], 'LOAD_ID is "one"'],
    [["drift", "--since", "yesterday"], "2025-09-01"],
    [["drift", "--since", "2025-02-31T99:00Z"], "2025-09-01"],
    [["drift", "--since", "2025-02-30"], "no date"],
    [["drift", "--since", "2025-02-30T10:00:00Z"], "no date"],
    [["query", "SELECT 1", "--format", "xml"], "table, line, json, jsonl, csv, markdown"],
    [["query", "SELECT 1", "-o", "out.xlsx"], ".csv, .json, .jsonl, .parquet"],
    [["sandbox", "--port", "99999"], "65535"],
  ])("%j", async (args, says) => {
    const { code, stdout, stderr } = await cli(args, { cwd: scratchFolder() });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^signalhouse: .+\n {2}-> .+ \[usage\]\n$/);
    expect(stderr).toContain(says);
  });
});

describe("what is mistyped is answered with what may have been meant", () => {
  test.each([
    ["synk", '"signalhouse sync"'],
    ["snyc", '"signalhouse sync"'],
    ["SYNC", '"signalhouse sync"'],
    ["dcotor", '"signalhouse doctor"'],
    ["help synk", '"signalhouse sync"'],
    ["reject list", '"signalhouse rejects list"'],
    ["rejects lst", '"signalhouse rejects list"'],
    ["rejects-list", '"signalhouse rejects list"'],
    ["refset psh Buyers", '"signalhouse refset push"'],
    ["reject", '"signalhouse rejects list", "signalhouse rejects show" or "signalhouse rejects replay"'],
    ["replay", '"signalhouse rejects replay"'],
    ["stat", '"signalhouse status"'],
    ["version", '"signalhouse --version"'],
    ["--verison", '"signalhouse --version"'],
    ["--hlep", '"signalhouse --help"'],
    ["sync --dryrun", "--dry-run"],
    ["sync --dry_run", "--dry-run"],
    ["sync -dry-run", "--dry-run"],
    ["sync dry-run", "--dry-run"],
    ["sync --dry", "--dry-run"],
    // A variable of a script with a blank behind it.
    ["sync --dry-run\u00a0", "--dry-run"],
    ["status -q", "--quiet"],
    ["export --type order", "--types"],
    ["load a.csv --warehose=b.duckdb", "--warehouse"],
    ["query x --format jsn", "json"],
    ["sync --reader vektor", "vector"],
    ["sync --log-level warning", "warn"],
    ["init --region eu-central", "eu-central-1"],
    ["refset push Buyers --mode add-updat", "add_update"],
    ["refset push Buyers --delimiter pip", "pipe"],
    ["refset push Buyers --date-format YYY-MM-DD", "YYYY-MM-DD"],
    ["completion bsh", "bash or zsh"],
  ])("%s: %s?", async (line, meant) => {
    const { code, stderr } = await cli(line.split(" "), { cwd: scratchFolder() });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(`  -> Did you mean ${meant}? `) });
  });

  test.each(["swim", "sync --frobnicate", "query x --format parquet", "--", "-"])("%s: nothing", async (line) => {
    const { code, stderr } = await cli(line.split(" "), { cwd: scratchFolder() });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.not.stringContaining("Did you mean") });
  });

  test("a very long word is answered at once", async () => {
    const { code, stderr } = await cli(["sync".repeat(50_000)], { cwd: scratchFolder() });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.not.stringContaining("Did you mean") });
  });

  test.each([
    ["query", "FROM range(1)", "--format", "JSON"],
    ["sync", "--dry-run", "--log-level", "Debug"],
  ])("the case of a value does not count: %s %s %s %s", async (...args) => {
    expect((await cli(args, { cwd: scratchFolder() })).stderr).not.toContain("[usage]");
  });
});

test("a failure says what to do, and where in the code it happened only with --debug", async () => {
  const cwd = scratchFolder();
  const plain = await cli(["status"], { cwd });
  expect(plain.code).toBe(1);
  expect(plain.stderr).toMatch(/^signalhouse: there is no warehouse at .+\n {2}-> .+ \[warehouse_missing\]\n$/);
  expect((await cli(["status", "--debug"], { cwd })).stderr).toMatch(/^ +at .+warehouse\.ts/m);
});

test("with --json a failure is the one document on stdout", async () => {
  const { code, stdout } = await cli(["status", "--json"], { cwd: scratchFolder() });
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: "warehouse_missing", message: expect.stringContaining("no warehouse") } });
});

test.each([
  ["bogus", "--json"],
  ["sync", "--json", "--bogus"],
  ["--json", "status"],
  ["status", "--json", "--log-level", "loud"],
])("with --json bad usage is the document too: %s %s", async (...args) => {
  const { code, stdout, stderr } = await cli(args, { cwd: scratchFolder() });
  expect([code, stderr]).toEqual([2, expect.stringContaining("[usage]")]);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: "usage", message: expect.any(String), hint: expect.any(String) } });
});

describe("as a process", () => {
  test("it has the process's streams, folders, environment and exit code", async () => {
    const cwd = scratchFolder();
    mkdirSync(join(cwd, "home"));
    const input = "SIGNAL_TYPE,TIMESTAMP\npageView,2025-09-01T10:00:00Z\ntoo,many,fields\n";
    const env = { HOME: join(cwd, "home"), SIGNALHOUSE_API_KEY: "from the environment" };
    const loaded = await spawnCli(["load", "-", "--warehouse", "~/mine.duckdb"], { cwd, env, input }).ended;
    expect(loaded).toMatchObject({ code: 3, stdout: expect.stringMatching(/^stdin +2 /m), stderr: expect.stringContaining("1 record rejected") });
    expect(existsSync(join(cwd, "home/mine.duckdb"))).toBe(true);
    const doctor = await spawnCli(["doctor", "--warehouse", "here.duckdb"], { cwd, env }).ended;
    expect(doctor).toMatchObject({ code: 1, stderr: "" });
    expect(doctor.stdout).toMatch(/^failed +API key +what is in SIGNALHOUSE_API_KEY is no API key/m);
    expect(doctor.stdout).toContain(`${join(cwd, "here.duckdb")} is not there yet`);
  });

  test("a reader that stops early ends it quietly", async () => {
    const cwd = scratchFolder();
    await cli(["load", "-"], { cwd, input: "SIGNAL_TYPE,TIMESTAMP\npageView,2025-09-01T10:00:00Z\n" });
    const { child, ended } = spawnCli(["query", "--format", "csv", "SELECT repeat('x', 1000) FROM range(1000000)"], { cwd });
    await once(child.stdout, "data");
    child.stdout.destroy();
    expect(await ended).toMatchObject({ code: 0, stderr: "" });
  });
});
