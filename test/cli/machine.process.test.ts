/** What kind of machine it runs on: no home folder, users without a name; and who may read what it writes. */
import { accessSync, chmodSync, chownSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { homeFolder } from "../../pipeline/sftp/paths.ts";
import { cli, spawnCli } from "../helpers/cli.ts";
import { asUser, nodeForAll } from "../helpers/user.ts";
import { csv, pageView, scratchFolder } from "../helpers/warehouse.ts";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const NAMELESS = 54_321;

describe("without a home folder", () => {
  const env = { HOME: "" };

  test("whatever has a whole path works", async () => {
    const cwd = scratchFolder();
    writeFileSync(join(cwd, "a.csv"), csv([pageView("1")]));
    const key = join(cwd, "key");
    expect(await cli(["init", "--key", key, "--user", "ana@example.com", "--region", "us-east-1"], { cwd, env })).toMatchObject({ code: 0 });
    expect(await cli(["keys", "generate"], { cwd, env })).toMatchObject({ code: 0, stdout: expect.stringContaining(key) as string });
    expect(await cli(["load", "a.csv"], { cwd, env })).toMatchObject({ code: 0 });
    expect(await cli(["status"], { cwd, env })).toMatchObject({ code: 0 });
  });

  test("a path in it is refused by its name, and nothing is written elsewhere", async () => {
    const cwd = scratchFolder();
    const none = /is in the home folder, and this user has none[^]*Set HOME[^]*\[config_invalid\]/;
    for (const args of [
      ["keys", "generate"],
      ["status", "--warehouse", "~/signals.duckdb"],
      ["init", "--config", "~/mine.json"],
    ]) {
      expect({ args, ...(await cli(args, { cwd, env })) }).toMatchObject({ args, code: 2, stderr: expect.stringMatching(none) as string });
    }
    writeFileSync(join(cwd, "signalhouse.config.json"), JSON.stringify({ sftp: { host: "127.0.0.1", user: "ana", keyFile: "~/key" } }));
    expect(await cli(["status"], { cwd, env })).toMatchObject({ code: 2, stderr: expect.stringMatching(none) as string });
    expect(readdirSync(cwd)).toEqual(["signalhouse.config.json"]);
  });

  test("and a name, as in a container that runs as any number", async ({ skip }) => {
    if (process.getuid?.() !== 0) skip("only root can be a user without a name");
    vi.stubEnv("HOME", undefined);
    onTestFinished(() => void vi.unstubAllEnvs());
    await asUser(NAMELESS, () => expect(homeFolder()).toBe(""));
    const isReadable = await asUser(NAMELESS, () => {
      try {
        accessSync(MAIN, constants.R_OK);
        return true;
      } catch {
        return false;
      }
    });
    if (!isReadable) skip("a user without a name cannot read this checkout");
    const node = nodeForAll();
    const cwd = scratchFolder();
    const data = join(cwd, "data");
    mkdirSync(data);
    chmodSync(cwd, 0o755);
    chownSync(data, NAMELESS, NAMELESS);
    writeFileSync(join(cwd, "a.csv"), csv([pageView("1")]));
    for (const args of [
      ["load", join(cwd, "a.csv")],
      ["query", "SELECT count(*) AS n FROM page_views", "-o", join(data, "n.csv")],
    ]) {
      const child = spawn(node, [MAIN, ...args, "--warehouse", join(data, "signals.duckdb")], {
        cwd: data,
        uid: NAMELESS,
        gid: NAMELESS,
        env: { PATH: process.env["PATH"] ?? "" },
        stdio: ["ignore", "ignore", "pipe"],
      });
      onTestFinished(() => void child.kill("SIGKILL"));
      let stderr = "";
      child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
      const [code] = (await once(child, "close")) as [number];
      expect({ args, code, stderr }).toMatchObject({ args, code: 0 });
    }
    expect(readFileSync(join(data, "n.csv"), "utf8")).toBe("n\n1\n");
  });
});

/** Where a process has its spools. */
function spoolsOf(pid: number | undefined, tmp: string): string[] {
  const folders = [tmp, "/dev/shm"].filter((folder) => existsSync(folder));
  const all = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  return all.filter((path) => path.includes(`signalhouse-spool-${pid}-`));
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

test("what may hold personal data is its owner's alone, whatever umask there is; what others are to read is not", async () => {
  const cwd = scratchFolder();
  const tmp = join(cwd, "tmp");
  mkdirSync(tmp);
  const mask = process.umask(0);
  onTestFinished(() => void process.umask(mask));
  const env = { TMPDIR: tmp };
  const { child, ended } = spawnCli(["load", "-"], { cwd, env, input: csv([pageView("1")]), keepOpen: true });
  const wal = join(cwd, "signals.duckdb.wal");
  const spools = await vi.waitFor(
    () => {
      expect(statSync(wal).size).toBeGreaterThan(0);
      const found = spoolsOf(child.pid, tmp);
      expect(found).toHaveLength(1);
      return found;
    },
    { timeout: 20_000, interval: 20 },
  );
  expect([modeOf(join(cwd, "signals.duckdb")), modeOf(wal)]).toEqual(["600", "600"]);
  expect(spools.map(modeOf)).toEqual(["700"]);
  for (const spool of spools) for (const name of readdirSync(spool)) expect({ name, mode: modeOf(join(spool, name)) }).toEqual({ name, mode: "600" });
  child.stdin.end();
  expect(await ended).toMatchObject({ code: 0 });
  expect(spoolsOf(child.pid, tmp)).toEqual([]);

  // By a command line whose process has no mask of its own, as in a test or a library.
  writeFileSync(join(cwd, "old.csv"), "", { mode: 0o666 });
  for (const name of ["out.csv", "out.json", "out.parquet", "old.csv"]) {
    expect((await cli(["query", "FROM page_views", "-o", name], { cwd })).code).toBe(0);
    expect({ name, mode: modeOf(join(cwd, name)) }).toEqual({ name, mode: "600" });
  }
  expect((await cli(["refset", "push", "Pages", "--table", "page_views", "--key", "signal_id", "--out", "set.csv"], { cwd })).stderr).toBe("");
  expect(modeOf(join(cwd, "set.csv"))).toBe("600");
  expect((await cli(["load", "out.csv", "--warehouse", "other.duckdb"], { cwd })).stderr).toContain("header_missing");
  expect(modeOf(join(cwd, "other.duckdb"))).toBe("600");
  expect((await cli(["init"], { cwd })).code).toBe(0);
  expect((await cli(["keys", "generate", "--file", "keys/mine"], { cwd })).code).toBe(0);
  const modes = Object.fromEntries(["signalhouse.config.json", "keys", "keys/mine", "keys/mine.pub"].map((name) => [name, modeOf(join(cwd, name))]));
  expect(modes).toEqual({ "signalhouse.config.json": "644", keys: "700", "keys/mine": "600", "keys/mine.pub": "644" });
});
