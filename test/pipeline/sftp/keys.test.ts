import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readCredentials, readPrivateKey } from "../../../pipeline/sftp/keys.ts";
import { failureOf } from "../../helpers/errors.ts";
import { fingerprintOf, makeKey, sftpDefaults } from "../../helpers/sshd.ts";

let dir: string;
const at = (name: string) => join(dir, name);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "signalhouse-keys-"));
  makeKey(at("ed25519"), "ed25519");
  makeKey(at("ecdsa"), "ecdsa");
  makeKey(at("rsa"), "rsa");
  makeKey(at("locked"), "ed25519", "open sesame");
});

afterAll(() => rm(dir, { recursive: true }));

const options = () => ({ ...sftpDefaults(), host: "127.0.0.1", port: 22, user: "analyst@example.com" });

describe("a private key file", () => {
  test.each(["ed25519", "ecdsa", "rsa"])("is read: %s", async (type) => {
    const { keys, offered } = await readCredentials({ ...options(), keyFile: at(type) });
    expect(keys).toEqual([expect.stringContaining(fingerprintOf(at(`${type}.pub`)))]);
    expect(offered.map(({ key, agent }) => [key.isPrivateKey(), agent])).toEqual([[true, undefined]]);
  });

  test("is found below the home folder", async () => {
    const { keys } = await readCredentials({ ...options(), keyFile: "~/ed25519", home: dir });
    expect(keys).toHaveLength(1);
  });

  test("opens with its passphrase", async () => {
    expect((await readPrivateKey(at("locked"), "open sesame")).isPrivateKey()).toBe(true);
  });

  test.each([undefined, "", "tell nobody"])("does not open with the passphrase %o, which is not told", async (passphrase) => {
    const error = await failureOf(readPrivateKey(at("locked"), passphrase));
    expect(error.code).toBe("key_passphrase");
    expect(error.hint).toContain("SIGNALHOUSE_KEY_PASSPHRASE");
    expect(error.message + error.hint).not.toContain("tell nobody");
  });

  test.each([0o640, 0o604, 0o660, 0o601])("is refused where others may use it: mode %o", async (mode) => {
    const file = at(`open-${mode.toString(8)}`);
    await writeFile(file, await readFile(at("ed25519")));
    await chmod(file, mode);
    const error = await failureOf(readPrivateKey(file));
    expect(error).toMatchObject({ code: "key_file_open", hint: `Run: chmod 600 ${file}` });
  });

  test("must be there", async () => {
    expect(await failureOf(readPrivateKey(at("absent")))).toMatchObject({
      code: "key_unreadable",
      message: expect.stringContaining(at("absent")) as string,
    });
  });

  test("must be a private one", async () => {
    await chmod(at("ed25519.pub"), 0o600);
    expect(await failureOf(readPrivateKey(at("ed25519.pub")))).toMatchObject({
      code: "key_unreadable",
      message: expect.stringContaining("public key") as string,
    });
  });

  test("must be a key at all", async () => {
    await writeFile(at("letter"), "Dear server, let me in", { mode: 0o600 });
    expect(await failureOf(readPrivateKey(at("letter")))).toMatchObject({
      code: "key_unreadable",
      hint: expect.stringContaining("ssh-keygen -p") as string,
    });
  });
});

test("there must be a way to log in", async () => {
  expect(await failureOf(readCredentials(options()))).toMatchObject({ code: "config_invalid" });
});

describe("an ssh-agent", () => {
  let agent: ChildProcess;

  beforeAll(async () => {
    agent = spawn("ssh-agent", ["-D", "-a", at("agent")], { stdio: ["ignore", "pipe", "ignore"] });
    await once(agent.stdout!, "data");
  });

  afterAll(async () => {
    const ended = once(agent, "exit");
    agent.kill();
    await ended;
  });

  test("must have a key", async () => {
    const agentSocket = at("agent");
    expect(await failureOf(readCredentials({ ...options(), agent: true, agentSocket }))).toMatchObject({
      code: "key_unreadable",
      hint: expect.stringContaining("ssh-add") as string,
    });
    execFileSync("ssh-add", ["-q", at("ecdsa"), at("ed25519")], { env: { ...process.env, SSH_AUTH_SOCK: agentSocket } });
    const { keys } = await readCredentials({ ...options(), agent: true, agentSocket });
    expect(keys.map((key) => key.split(" ")[1])).toEqual([fingerprintOf(at("ecdsa.pub")), fingerprintOf(at("ed25519.pub"))]);
  });

  test.each([undefined, "", "/nowhere/agent"])("must answer at %o", async (agentSocket) => {
    const given = agentSocket === undefined ? {} : { agentSocket };
    expect(await failureOf(readCredentials({ ...options(), agent: true, ...given }))).toMatchObject({
      code: "key_unreadable",
      hint: expect.stringContaining("ssh-agent") as string,
    });
  });
});
