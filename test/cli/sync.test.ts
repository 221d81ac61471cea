import { readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cli, spawnCli, workplace, writeConfig } from "../helpers/cli.ts";
import { csv, pageView } from "../helpers/warehouse.ts";

const json = (text: string) => JSON.parse(text) as Record<string, unknown>;

/** Puts a file of our own beside the generated ones, older than they are. */
function addExport(exports: string, name: string, content: string): void {
  const path = join(exports, "Export/Signals", name);
  writeFileSync(path, content);
  utimesSync(path, new Date("2025-08-01T00:00:00Z"), new Date("2025-08-01T00:00:00Z"));
}

test("loads what is new, says what it did, and then finds nothing new", async () => {
  const { folder: cwd, truth } = await workplace();
  const first = await cli(["sync"], { cwd });
  expect(first.code).toBe(0);
  for (const { path } of truth.files) expect(first.stdout).toMatch(new RegExp(`^${path} +60 .+ loaded$`, "m"));
  expect(first.stdout).toMatch(/^total +120 /m);
  expect(first.stderr).toMatch(/^\S+Z connected to 127\.0\.0\.1/m);
  expect(first.stderr).toMatch(/^\S+Z loaded Export\/Signals\/2025-09-01.+: 60 records, 60 inserted/m);

  expect(await cli(["sync"], { cwd })).toMatchObject({ code: 0, stdout: "Nothing new: of 2 files on the server, 2 loaded.\n" });
  expect(await cli(["verify", "--quiet"], { cwd })).toMatchObject({ code: 0, stderr: "" });
});

test("--json is one document with every count, whether something was loaded or not", async () => {
  const { folder: cwd, truth } = await workplace();
  const sum = (name: "records" | "inserted" | "updated" | "unchanged") => truth.files.reduce((total, file) => total + file[name], 0);
  const first = json((await cli(["sync", "--json"], { cwd })).stdout);
  expect(first["files"]).toMatchObject(
    truth.files.map(({ path, records, inserted, updated, unchanged }) => ({
      path,
      records,
      inserted,
      updated,
      unchanged,
      rejected: 0,
      status: "loaded",
    })),
  );
  expect(first["totals"]).toEqual({
    records: sum("records"),
    inserted: sum("inserted"),
    updated: sum("updated"),
    unchanged: sum("unchanged"),
    rejected: 0,
    suppressed: 0,
  });
  // Of two exports in which nothing is told twice.
  const leftOut = Object.fromEntries(Object.entries(truth.unfitValues).map(([column, amounts]) => [`behavior_signals.${column}`, amounts]));
  expect(first["amounts_left_out"]).toEqual(leftOut);
  expect(json((await cli(["sync", "--json"], { cwd })).stdout)).toMatchObject({ files: [], skipped: { loaded: 2 }, amounts_left_out: {} });
});

test("--quiet prints nothing where nothing went wrong", async () => {
  const { folder: cwd } = await workplace({ files: 1 });
  expect(await cli(["sync", "--quiet"], { cwd })).toEqual({ code: 0, stdout: "", stderr: "" });
});

describe("--dry-run, --only and --since", () => {
  test("the plan says why, and neither loads nor makes a warehouse", async () => {
    const { folder: cwd, truth } = await workplace({ files: 3 });
    const { code, stdout } = await cli(["sync", "--dry-run", "--since", "2025-09-03", "--only", "*0902*", "--only", "*/2025-09-0[13]/*"], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${truth.files[0]?.path} .+ skip +.+$`, "m"));
    expect(stdout).toMatch(new RegExp(`^${truth.files[1]?.path} .+ load +new$`, "m"));
    expect(stdout).toMatch(/^Would load \d of 3 files/m);
    expect((await cli(["status"], { cwd })).stderr).toContain("[warehouse_missing]");
  });
  test("only what is asked for is loaded, the rest next time", async () => {
    const { folder: cwd, truth } = await workplace({ files: 3 });
    const some = json((await cli(["sync", "--json", "--only", "*0902*"], { cwd })).stdout);
    expect(some).toMatchObject({ files: [{ path: truth.files[1]?.path }], skipped: { "not named by --only": 2 } });
    const plan = json((await cli(["sync", "--json", "--dry-run"], { cwd })).stdout);
    expect(plan).toMatchObject({ files: [{ action: "load" }, { action: "skip", why: "loaded" }, { action: "load" }], to_load: { files: 2 } });
  });
});

test("a reader of stderr that goes away does not end it", async () => {
  const { folder: cwd } = await workplace();
  const { child, ended } = spawnCli(["sync"], { cwd });
  child.stderr.destroy();
  const { code, stdout } = await ended;
  expect([code, stdout]).toEqual([0, expect.stringMatching(/20250901.+ loaded\n.+20250902.+ loaded\n/)]);
  expect(json((await cli(["status", "--json"], { cwd })).stdout)).toMatchObject({ files: { loaded: 2 }, runs: [{ exit_code: 0 }] });
});

describe("exit codes", () => {
  test("3 where records were rejected, which are said on stderr even with --quiet", async () => {
    const { folder: cwd, exports } = await workplace({ files: 1 });
    addExport(exports, "a.csv", `${csv([pageView("1")])}too,few\n`);
    const { code, stderr } = await cli(["sync", "--quiet"], { cwd });
    expect([code, stderr]).toEqual([3, "1 record rejected and kept whole; look at them with: signalhouse rejects list\n"]);
  });
  test("1 where a file failed; the others are loaded, and it says what to do", async () => {
    const { folder: cwd, exports } = await workplace({ files: 1 });
    addExport(exports, "a.csv", "");
    const { code, stdout, stderr } = await cli(["sync"], { cwd });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Export\/Signals\/a\.csv .*failed$/m);
    expect(stdout).toMatch(/Signals_Export_20250901.+ loaded$/m);
    expect(stderr).toMatch(/^failed: Export\/Signals\/a\.csv\n {2}.+\n {2}-> .+[Tt]he next run tries it again\. \[file_empty\]$/m);
    expect((await cli(["status"], { cwd })).stdout).toMatch(/a\.csv.+file_empty/);
  });
  test("2 without a configuration, or where it has no server", async () => {
    const { folder: cwd } = await workplace({ files: 1 });
    expect(await cli(["sync", "--config", "no.json"], { cwd })).toMatchObject({ code: 2, stdout: "" });
    writeConfig(cwd, {});
    expect(await cli(["sync"], { cwd })).toMatchObject({ code: 2, stderr: expect.stringContaining('no "sftp"') });
  });
  test("2 where a pattern is empty, or DuckDB would not take a limit", async () => {
    const { folder: cwd, config } = await workplace({ files: 1 });
    for (const args of [["sync"], ["sync", "--dry-run"]]) {
      expect(await cli([...args, "--only", ""], { cwd })).toMatchObject({ code: 2, stderr: expect.stringContaining("[usage]") });
    }
    writeConfig(cwd, { ...config, limits: { memory: "lots" } });
    expect(await cli(["sync"], { cwd })).toMatchObject({ code: 2, stderr: expect.stringMatching(/limits\.memory: expected[^]+\[config_invalid\]/) });
  });
  test("1 where the server cannot be reached, which the ledger remembers", async () => {
    const { folder: cwd, sandbox } = await workplace({ files: 1 });
    await sandbox.close();
    expect(await cli(["sync"], { cwd })).toMatchObject({ code: 1, stderr: expect.stringContaining("[host_unreachable]") });
    expect(json((await cli(["status", "--json"], { cwd })).stdout)).toMatchObject({
      runs: [{ command: "sync", exit_code: 1, error: expect.stringContaining("refuses") }],
    });
  });
});

test("no secret is printed, even with --debug", async () => {
  const { folder: cwd, config } = await workplace({ files: 1 });
  writeConfig(cwd, { sftp: { ...config.sftp, user: "somebody@example.com" } });
  const { code, stderr } = await cli(["sync", "--debug"], { cwd, env: { SIGNALHOUSE_KEY_PASSPHRASE: "correct horse" } });
  expect([code, stderr]).toEqual([1, expect.stringContaining("[login_refused]")]);
  for (const secret of ["correct horse", ...readFileSync(join(cwd, "key"), "utf8").split("\n").slice(1, -2)]) expect(stderr).not.toContain(secret);
});

describe("while a file is being read", () => {
  /** A sync that has loaded the first file and hangs in the second one. */
  async function hangingSync() {
    const place = await workplace();
    const [first, second] = place.truth.files.map(({ path }) => statSync(join(place.exports, path)).size) as [number, number];
    place.sandbox.faults.stallAfterBytes = first + Math.floor(second / 2);
    const sync = spawnCli(["sync"], { cwd: place.folder });
    await sync.said(/ loaded Export.+20250901/);
    return { ...place, sync };
  }

  test.each(["SIGINT", "SIGTERM"] as const)("%s ends it with 130; what was loaded stays and is told, nothing is half done", async (signal) => {
    const { folder: cwd, sync, truth } = await hangingSync();
    sync.child.kill(signal);
    const { code, stdout, stderr } = await sync.ended;
    expect(code).toBe(130);
    expect(stdout).toMatch(/20250901.+ loaded$/m);
    expect(stderr).toMatch(new RegExp(`^signalhouse: interrupted by ${signal}\n {2}-> .+Run it again.+$`, "m"));

    expect((await cli(["verify"], { cwd })).code).toBe(0);
    expect(json((await cli(["status", "--json"], { cwd })).stdout)).toMatchObject({ files: { loaded: 1, failed: 0 }, runs: [{ exit_code: 130 }] });
    expect(json((await cli(["sync", "--json"], { cwd })).stdout)).toMatchObject({ files: [{ path: truth.files[1]?.path, status: "loaded" }] });
  });

  test("another command that needs the warehouse says which process holds it", async () => {
    const { folder: cwd, sync } = await hangingSync();
    for (const command of [["sync"], ["status"], ["load", "server/Export/Signals/2025-09-01/Signals_Export_20250901.csv.gz"]]) {
      const { code, stderr } = await cli(command, { cwd });
      expect([code, stderr]).toEqual([1, expect.stringMatching(new RegExp(`PID ${sync.child.pid}|process ${sync.child.pid}`))]);
    }
    const listed = await cli(["ls"], { cwd });
    expect([listed.code, listed.stdout]).toEqual([0, expect.stringMatching(/20250901.+unknown/)]);
  });
});
