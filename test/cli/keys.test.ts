/** keys generate, register, show: from nothing to a login, as a newcomer does it. */
import { execFileSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cli, writeConfig } from "../helpers/cli.ts";
import { connectPlace } from "../helpers/connect.ts";
import { sshdMissing } from "../helpers/sshd.ts";
import { scratchFolder } from "../helpers/warehouse.ts";

/** What no output may have. */
const secretsOf = (path: string) =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("-----"));

describe("generate", () => {
  test("writes both halves, with the modes that they need, and never overwrites", async () => {
    const cwd = scratchFolder();
    const made = await cli(["keys", "generate", "--file", "new/folder/key", "--comment", "ana at work", "--json"], { cwd });
    expect(made.code).toBe(0);
    const path = join(cwd, "new/folder/key");
    const shown = JSON.parse(made.stdout) as { file: string; public_key: string; fingerprint: string };
    expect(shown).toMatchObject({
      file: path,
      public_key: expect.stringMatching(/^ssh-ed25519 [\w+/=]+ ana at work$/),
      fingerprint: expect.stringMatching(/^SHA256:.{43}$/),
    });
    expect([statSync(path).mode & 0o777, statSync(`${path}.pub`).mode & 0o777, statSync(join(cwd, "new/folder")).mode & 0o777]).toEqual([
      0o600, 0o644, 0o700,
    ]);
    expect(readFileSync(`${path}.pub`, "utf8")).toBe(`${shown.public_key}\n`);
    const before = readFileSync(path, "utf8");
    expect(await cli(["keys", "generate", "--file", "new/folder/key/below"], { cwd })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/key\/below cannot be written: a part of its path is no folder/),
    });
    const again = await cli(["keys", "generate", "--file", "new/folder/key"], { cwd });
    expect(again).toMatchObject({ code: 2, stderr: expect.stringMatching(/there already[^]*never overwritten/) });
    expect(readFileSync(path, "utf8")).toBe(before);
  });

  test.skipIf(sshdMissing)("OpenSSH reads them, encrypted ones with their passphrase only", async () => {
    const cwd = scratchFolder();
    await cli(["keys", "generate", "--file", "plain"], { cwd });
    const { stderr, stdout } = await cli(["keys", "generate", "--file", "locked"], { cwd, env: { SIGNALHOUSE_KEY_PASSPHRASE: "correct horse" } });
    expect(stdout + stderr).not.toContain("correct horse");
    const derive = (name: string, passphrase: string) =>
      execFileSync("ssh-keygen", ["-y", "-P", passphrase, "-f", join(cwd, name)], { encoding: "utf8", stdio: "pipe" });
    const start = (name: string) =>
      readFileSync(join(cwd, `${name}.pub`), "utf8")
        .split(" ")
        .slice(0, 2)
        .join(" ");
    expect(derive("plain", "")).toContain(start("plain"));
    expect(derive("locked", "correct horse")).toContain(start("locked"));
    expect(() => derive("locked", "")).toThrow(/passphrase/);
  });

  test("takes the configuration's file, even where that is not complete yet", async () => {
    const cwd = scratchFolder();
    await cli(["init", "--region", "eu-central-1", "--user", "ana@example.com", "--key", "keys/mine"], { cwd });
    expect(await cli(["keys", "generate"], { cwd })).toMatchObject({ code: 0, stdout: expect.stringContaining("keys/mine") });
    expect((await cli(["keys", "show"], { cwd })).stdout).toContain(readFileSync(join(cwd, "keys/mine.pub"), "utf8").trim());
    const bare = scratchFolder();
    expect(await cli(["keys", "generate"], { cwd: bare })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(join(bare, ".ssh/connect_ed25519")),
    });
  });
});

describe("register", () => {
  test("a new key logs in afterwards, and the old one does not", async () => {
    const at = await connectPlace();
    const cwd = at.folder;
    writeConfig(cwd, { ...at.input, sftp: { ...at.input.sftp, user: at.sandbox.user, keyFile: "new-key" } });
    await cli(["keys", "generate"], { cwd });
    expect(await cli(["ls"], { cwd })).toMatchObject({ code: 1, stderr: expect.stringContaining("[login_refused]") });
    const registered = await cli(["keys", "register", "--debug"], { cwd });
    expect(registered).toMatchObject({ code: 0, stdout: expect.stringContaining(readFileSync(join(cwd, "new-key.pub"), "utf8").trim()) });
    for (const secret of [...secretsOf(join(cwd, "new-key")), at.api.key]) expect(registered.stdout + registered.stderr).not.toContain(secret);
    expect((await cli(["ls"], { cwd })).code).toBe(0);
    writeConfig(cwd, at.input);
    expect((await cli(["ls"], { cwd })).code).toBe(1);
    // A public file does as well, for a key that is in an agent.
    await cli(["keys", "generate", "--file", "third"], { cwd });
    expect((await cli(["keys", "register", "--file", "third.pub"], { cwd })).code).toBe(0);
    writeConfig(cwd, { ...at.input, sftp: { ...at.input.sftp, user: at.sandbox.user, keyFile: "third" } });
    expect((await cli(["ls"], { cwd })).code).toBe(0);
  });

  test.each([
    ["a private key", (folder: string) => join(folder, "key"), "key_unreadable"],
    ["a file that is none", (folder: string) => join(folder, "signalhouse.config.json"), "key_unreadable"],
    ["a file that is not there", () => "nowhere.pub", "key_unreadable"],
  ])("%s is refused, and nothing of it is sent or shown", async (_, path, code) => {
    const at = await connectPlace();
    const before = await cli(["ls"], { cwd: at.folder });
    const { stdout, stderr, ...ended } = await cli(["keys", "register", "--debug", "--file", path(at.folder)], { cwd: at.folder });
    expect([ended.code, stderr]).toEqual([1, expect.stringContaining(code)]);
    for (const secret of secretsOf(join(at.folder, "key"))) expect(stdout + stderr).not.toContain(secret);
    // The old key still logs in.
    expect((await cli(["ls"], { cwd: at.folder })).code).toBe(before.code);
  });

  test.each<[string, Record<string, string>, string]>([
    ["no API key", {}, "api_key_missing"],
    ["the wrong one", { SIGNALHOUSE_API_KEY: "wrong-secret-4711" }, "api_key_refused"],
  ])("%s", async (_, env, code) => {
    const at = await connectPlace();
    writeConfig(at.folder, { ...at.input, api: { endpoint: at.api.url } });
    const { stdout, stderr, ...ended } = await cli(["keys", "register", "--debug", "--log-level", "debug"], { cwd: at.folder, env });
    expect([ended.code, stderr]).toEqual([1, expect.stringMatching(new RegExp(`API keys[^]*\\[${code}\\]`))]);
    expect(stdout + stderr).not.toContain("wrong-secret-4711");
  });
});

test("doctor tests the API key and the API", async () => {
  const at = await connectPlace();
  const doctor = async (env: Record<string, string> = {}) => {
    const { stdout } = await cli(["doctor", "--json"], { cwd: at.folder, env });
    expect(stdout).not.toContain(at.api.key);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string; detail: string; code?: string }[] };
    return Object.fromEntries(checks.filter(({ name }) => name.startsWith("API")).map(({ name, status, code }) => [name, code ?? status]));
  };
  expect(await doctor()).toEqual({ "API key": "ok", API: "ok" });
  expect(await doctor({ SIGNALHOUSE_API_KEY: "wrong" })).toEqual({ "API key": "ok", API: "api_key_refused" });
  writeFileSync(join(at.folder, "open"), "abc", { mode: 0o644 });
  writeConfig(at.folder, { ...at.input, api: { endpoint: at.api.url, keyFile: "open" } });
  expect(await doctor()).toEqual({ "API key": "api_key_file_open", API: "skipped" });
  writeConfig(at.folder, { ...at.input, api: { endpoint: at.api.url } });
  expect(await doctor()).toEqual({ "API key": "skipped" });
});
