/** The commands that look at the server: doctor, keys trust, ls. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, test } from "vitest";
import { cli, type DoctorCheck, workplace, writeConfig } from "../helpers/cli.ts";
import { scratchFolder } from "../helpers/warehouse.ts";

const DAY = 86_400_000;

/** Another fingerprint than the server's. */
const OTHER = `SHA256:${"A".repeat(43)}`;

describe("doctor", () => {
  const consult = async (cwd: string) => {
    const { code, stdout } = await cli(["doctor", "--json"], { cwd });
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: DoctorCheck[] };
    expect([0, 3].includes(code ?? 1)).toBe(ok);
    return Object.fromEntries(checks.map((check) => [check.name, check]));
  };
  const statuses = (checks: Record<string, DoctorCheck>) => Object.fromEntries(Object.values(checks).map(({ name, status }) => [name, status]));
  const WELL = {
    configuration: "ok",
    "API key": "skipped",
    server: "ok",
    key: "ok",
    DNS: "ok",
    network: "ok",
    "host key": "ok",
    login: "ok",
    folders: "ok",
    disk: "ok",
    warehouse: "ok",
    storage: "ok",
  };

  test("finds everything in order, and changes nothing", async () => {
    const { folder: cwd, sandbox } = await workplace();
    const checks = await consult(cwd);
    expect(statuses(checks)).toEqual(WELL);
    expect(checks["host key"]?.detail).toContain(`${sandbox.fingerprints[0]} is pinned`);
    expect(checks["folders"]?.detail).toContain("2 files");
    expect(existsSync(join(cwd, "signals.duckdb"))).toBe(false);
    await cli(["sync"], { cwd });
    const { code, stdout } = await cli(["doctor"], { cwd });
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^ok +warehouse +.+schema \d+, not locked\nok +storage +v1\.4\.0: DuckDB 1\.4 and later read it\nok +freshness .*\n[^]*\n\nEverything works\.\n$/m,
      ),
    ]);
  });

  test("a file that DuckDB 1.3 would misread is told, and a sync ends it", async () => {
    const { folder: cwd } = await workplace();
    const path = join(cwd, "signals.duckdb");
    (await DuckDBInstance.create(path, { storage_compatibility_version: "v1.3.0" })).closeSync();
    expect((await consult(cwd))["storage"]).toEqual({
      name: "storage",
      status: "failed",
      code: "warehouse_older",
      detail: `${path} has DuckDB's storage version v1.3.0: DuckDB 1.3 takes texts in it for nulls, and does not say so; later ones read it well`,
      fix: "Run `signalhouse sync`, or any other command that writes: it raises the file to v1.4.0, which DuckDB 1.3 refuses to open. Nothing in it changes.",
    });
    await cli(["sync"], { cwd });
    expect(statuses(await consult(cwd))).toMatchObject(WELL);
  });

  test("without a configuration it says how to get one, and still looks at the disk", async () => {
    const checks = await consult(scratchFolder());
    expect(checks["server"]).toMatchObject({ status: "failed", fix: expect.stringContaining("signalhouse init") });
    expect([checks["login"]?.status, checks["disk"]?.status]).toEqual(["skipped", "ok"]);
  });

  test("a broken configuration is one failure; nothing else can be told", async () => {
    const cwd = scratchFolder();
    writeFileSync(join(cwd, "signalhouse.config.json"), "{ broken");
    const checks = await consult(cwd);
    expect(checks["configuration"]).toMatchObject({ status: "failed", detail: expect.stringContaining("line 1, column 3"), code: "config_invalid" });
    expect(Object.values(checks).filter(({ status }) => status === "skipped")).toHaveLength(12);
  });

  test("each failure has its fix, and what builds on it is skipped", async () => {
    const { folder: cwd, exports } = await workplace();
    chmodSync(join(cwd, "key"), 0o644);
    rmSync(join(exports, "Export"), { recursive: true });
    const open = await consult(cwd);
    expect(open["key"]).toMatchObject({ status: "failed", code: "key_file_open", fix: expect.stringContaining("chmod 600") });
    expect([open["host key"]?.status, open["login"]?.status, open["folders"]?.status]).toEqual(["ok", "skipped", "skipped"]);
    chmodSync(join(cwd, "key"), 0o600);
    expect((await consult(cwd))["folders"]).toMatchObject({ status: "failed", code: "folder_missing" });
  });

  test("a host key that is not trusted, a refused login, a closed port", async () => {
    const { folder: cwd, sandbox, config } = await workplace();
    writeConfig(cwd, { sftp: { ...config.sftp, user: "somebody@example.com" } });
    expect((await consult(cwd))["login"]).toMatchObject({ status: "failed", code: "login_refused" });
    writeConfig(cwd, { sftp: { ...(config.sftp as { user: string }), hostKeys: [] } });
    expect((await consult(cwd))["host key"]).toMatchObject({
      status: "failed",
      code: "host_key_unknown",
      fix: expect.stringContaining("signalhouse keys trust --fingerprint"),
    });
    await sandbox.close();
    expect((await consult(cwd))["network"]).toMatchObject({ status: "failed", code: "host_unreachable" });
  });

  test("a warehouse that is none, and a folder that is not there", async () => {
    const { folder: cwd, config } = await workplace();
    writeFileSync(join(cwd, "signals.duckdb"), "this is no database, though it is as long as the header of one would be. ".repeat(100));
    expect((await consult(cwd))["warehouse"]).toMatchObject({ status: "failed", code: "warehouse_failed" });
    writeConfig(cwd, { ...config, warehouse: "nowhere/signals.duckdb" });
    const checks = await consult(cwd);
    expect([checks["disk"]?.status, checks["warehouse"]?.status]).toEqual(["failed", "skipped"]);
  });
});

describe("keys trust", () => {
  const unpinned = async () => {
    const place = await workplace({ sftp: { hostKeys: [], knownHosts: ["known/hosts"] } });
    return { ...place, cwd: place.folder, hosts: join(place.folder, "known/hosts"), print: place.sandbox.fingerprints[0] ?? "" };
  };

  test("without a fingerprint it only shows the keys and says how to go on", async () => {
    const { cwd, hosts, print } = await unpinned();
    const { code, stdout } = await cli(["keys", "trust"], { cwd });
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^ssh-ed25519 +${print.replaceAll("+", "\\+")} +no$`, "m"));
    expect(stdout).toContain(`signalhouse keys trust --fingerprint ${print}`);
    expect(existsSync(hosts)).toBe(false);
  });

  test("with the right one it is added, once, and sync works", async () => {
    const { cwd, hosts, print } = await unpinned();
    expect(await cli(["sync"], { cwd })).toMatchObject({ code: 1, stderr: expect.stringContaining("[host_key_unknown]") });
    expect(JSON.parse((await cli(["keys", "trust", "--json", "--fingerprint", `${print}=`], { cwd })).stdout)).toMatchObject({
      trusted: print,
      added_to: hosts,
    });
    const before = readFileSync(hosts, "utf8");
    expect(await cli(["keys", "trust", "--fingerprint", print], { cwd })).toMatchObject({ code: 0, stdout: expect.stringContaining("already") });
    expect((await cli(["keys", "trust"], { cwd })).code).toBe(0);
    expect(readFileSync(hosts, "utf8")).toBe(before);
    expect((await cli(["sync"], { cwd })).code).toBe(0);
  });

  test("with another one nothing is trusted", async () => {
    const { cwd, hosts } = await unpinned();
    expect(await cli(["keys", "trust", "--fingerprint", OTHER.slice(0, -1)], { cwd })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is no fingerprint[^]*Copy the whole of it/),
    });
    expect(await cli(["keys", "trust", "--fingerprint", OTHER], { cwd })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("Nothing was trusted"),
    });
    expect(existsSync(hosts)).toBe(false);
  });

  test("a key that stands against a known or a pinned one is not trusted beside it", async () => {
    const { cwd, hosts, print, sandbox, config } = await unpinned();
    mkdirSync(join(cwd, "known"));
    const other = Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from("ssh-ed25519"), Buffer.from([0, 0, 0, 32]), Buffer.alloc(32, 1)]).toString(
      "base64",
    );
    const line = `[127.0.0.1]:${sandbox.port} ssh-ed25519 ${other}\n`;
    writeFileSync(hosts, line);
    expect(await cli(["keys", "trust", "--fingerprint", print], { cwd })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("[host_key_changed]"),
    });
    writeConfig(cwd, { sftp: { ...(config.sftp as { user: string }), hostKeys: [OTHER] } });
    expect(await cli(["keys", "trust", "--fingerprint", print], { cwd })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("[host_key_changed]"),
    });
    expect(readFileSync(hosts, "utf8")).toBe(line);
  });
});

describe("ls", () => {
  test("tells size, state and when a file is deleted, the soonest first", async () => {
    const { folder: cwd, exports, truth } = await workplace();
    const ages = [26 * DAY, 2 * DAY];
    for (const [index, { path }] of truth.files.entries()) utimesSync(join(exports, path), new Date(), new Date(Date.now() - (ages[index] ?? 0)));
    writeFileSync(join(exports, "Export/Signals/notes.txt"), "no export");
    await cli(["sync", "--only", "*0902*", "--quiet"], { cwd });

    const { code, stdout } = await cli(["ls"], { cwd });
    expect(code).toBe(0);
    const [, first, second, third] = stdout.split("\n");
    expect(first).toMatch(/0901\.csv\.gz +[\d.]+ kB +26 days old +new +in 1 day +<- load it soon$/);
    expect(second).toMatch(/0902\.csv\.gz +[\d.]+ kB +2 days old +loaded +in 25 days$/);
    expect(third).toMatch(/notes\.txt +9 B .+ no export +in 27 days$/);
    expect(stdout).toContain("1 file to be deleted within 7 days and not loaded: run signalhouse sync.");
    expect(JSON.parse((await cli(["ls", "--json"], { cwd })).stdout)).toMatchObject({
      root: "/",
      files: [{ state: "new", days_left: 1, urgent: true }, { state: "loaded", urgent: false }, {}],
    });
  });

  test("without a warehouse everything is new; what failed is said so", async () => {
    const { folder: cwd, exports } = await workplace({ files: 1 });
    expect((await cli(["ls"], { cwd })).stdout).toMatch(/0901.+ new /);
    writeFileSync(join(exports, "Export/Signals/empty.csv"), "");
    await cli(["sync"], { cwd });
    expect((await cli(["ls"], { cwd })).stdout).toMatch(/empty\.csv.+ failed /);
  });

  test("an empty folder", async () => {
    const { folder: cwd, exports } = await workplace({ files: 1 });
    rmSync(join(exports, "Export/Signals/2025-09-01"), { recursive: true });
    expect(await cli(["ls"], { cwd })).toMatchObject({ code: 0, stdout: "There are no files in Export/Signals.\n" });
    expect((await cli(["sync"], { cwd })).stdout).toBe("Nothing new: there are no export files on the server.\n");
  });
});
