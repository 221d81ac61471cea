/** What a server and an agent make of our keys: each its own message. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import ssh2, { type AuthContext, type Connection, type ParsedKey } from "ssh2";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { fingerprint } from "../../../pipeline/sftp/host-keys.ts";
import { readCredentials } from "../../../pipeline/sftp/keys.ts";
import { connectSftp, type SftpOptions } from "../../../pipeline/sftp/server.ts";
import { failureOf } from "../../helpers/errors.ts";
import { HOST_KEYS, KEY_PAIR } from "../../helpers/sandbox.ts";
import { fingerprintOf, makeKey, sftpDefaults, sshdMissing, startSshd, type Sshd } from "../../helpers/sshd.ts";
import { scratchFolder } from "../../helpers/warehouse.ts";

describe.skipIf(sshdMissing)("OpenSSH", () => {
  let sshd: Sshd;
  const at = (name: string) => join(sshd.dir, name);
  const print = (name: string) => fingerprintOf(at(`${name}.pub`));

  beforeAll(async () => {
    sshd = await startSshd();
    makeKey(at("rsa"), "rsa");
    for (const name of ["one", "two", "three"]) makeKey(at(name));
  });
  afterAll(() => sshd.close());

  /** Another server with the same keys. */
  async function withSettings(...settings: string[]): Promise<Sshd> {
    const other = await startSshd(["ed25519"], settings);
    onTestFinished(() => other.close());
    writeFileSync(join(other.dir, "authorized_keys"), ["id", "rsa"].map((name) => readFileSync(at(`${name}.pub`), "utf8")).join(""));
    return other;
  }

  /** An ssh-agent that has the keys of these names. */
  async function agentWith(names: readonly string[], ...options: string[]): Promise<Partial<SftpOptions>> {
    const agentSocket = at(`agent-${names.join("-")}${options.join("")}`);
    const agent = spawn("ssh-agent", ["-D", "-a", agentSocket], { stdio: ["ignore", "pipe", "ignore"], env: { PATH: process.env["PATH"] } });
    onTestFinished(async () => {
      const ended = once(agent, "exit");
      agent.kill();
      await ended;
    });
    await once(agent.stdout, "data");
    execFileSync("ssh-add", ["-q", ...options, ...names.map(at)], { env: { ...process.env, SSH_AUTH_SOCK: agentSocket } });
    return { agent: true, agentSocket };
  }

  /** Logs in with other keys than the server's own one, and leaves. */
  async function enter({ options }: Sshd, given: Partial<SftpOptions>): Promise<void> {
    const server = await connectSftp({ ...options, keyFile: "", ...given });
    await server.close();
  }

  test.each([{ methods: "publickey,password", wants: "a second factor, too: a password" }])(
    "that wants $methods is told, with a key of a file and of an agent",
    async ({ methods, wants }) => {
      const server = await withSettings(`AuthenticationMethods ${methods}`, "PasswordAuthentication yes");
      for (const [name, given] of [
        ["id", { keyFile: at("id") }],
        ["rsa", { keyFile: at("rsa") }],
        ["id", await agentWith(["id"])],
        ["rsa", await agentWith(["rsa", "one"])],
      ] as const) {
        const error = await failureOf(enter(server, given));
        expect(error).toMatchObject({ code: "login_refused", message: expect.stringContaining(wants) });
        expect(error.message).toContain(print(name));
      }
    },
  );

  test("that wants two keys gets them, and else is told", async () => {
    const server = await withSettings("AuthenticationMethods publickey,publickey");
    await enter(server, await agentWith(["one", "id", "rsa"]));
    await enter(server, { ...(await agentWith(["id"])), keyFile: at("rsa") });
    expect(await failureOf(enter(server, { keyFile: at("id") }))).toMatchObject({
      code: "login_refused",
      message: expect.stringContaining("a second factor, too: a second key"),
    });
    expect(await failureOf(enter(server, await agentWith(["rsa"])))).toMatchObject({
      code: "login_refused",
      hint: expect.stringContaining("second key"),
    });
  });

  test("that looks at few keys is told, and the one that counts can be chosen", async () => {
    const server = await withSettings("MaxAuthTries 2");
    const agent = await agentWith(["one", "two", "three", "id"]);
    const error = await failureOf(enter(server, agent));
    expect(error).toMatchObject({ code: "login_refused", message: expect.stringContaining("does not look at more keys") });
    expect(error.message).toContain(print("one"));
    expect(error.message).not.toContain(print("id"));
    expect(error.hint).toMatch(/sftp\.identitiesOnly.*sftp\.keyFile/);
    await enter(server, { ...agent, keyFile: at("id.pub") });
    await enter(server, { ...agent, keyFile: at("id.pub"), identitiesOnly: true });
    await enter(server, { ...agent, keyFile: at("id"), identitiesOnly: true });
    const only = await failureOf(enter(server, { ...agent, keyFile: at("two"), identitiesOnly: true }));
    expect(only.message).toContain(`with the key ssh-ed25519 ${print("two")}`);
  });

  test.each(["rsa-sha2-512", "rsa-sha2-256"])("that takes only %s lets an RSA key in, of a file and of an agent, and no other", async (algorithm) => {
    const server = await withSettings(`PubkeyAcceptedAlgorithms ${algorithm}`);
    await enter(server, { keyFile: at("rsa") });
    await enter(server, await agentWith(["rsa"]));
    expect(await failureOf(enter(server, { keyFile: at("id") }))).toMatchObject({ code: "login_refused" });
  });

  test("that takes no keys is told", async () => {
    const server = await withSettings("PubkeyAuthentication no", "PasswordAuthentication yes");
    expect(await failureOf(enter(server, { keyFile: at("id") }))).toMatchObject({
      code: "login_refused",
      message: expect.stringContaining("takes no keys"),
    });
  });

  test("an agent whose key nobody confirms does not sign; another key of its still lets us in", async () => {
    const error = await failureOf(enter(sshd, await agentWith(["id"], "-c")));
    expect(error).toMatchObject({ code: "key_unreadable", message: expect.stringContaining(`does not sign with ssh-ed25519 ${print("id")}`) });
    expect(error.hint).toContain("ssh-add -c");
    const server = await withSettings();
    const agent = await agentWith(["id"], "-q", "-c");
    execFileSync("ssh-add", ["-q", at("rsa")], { env: { ...process.env, SSH_AUTH_SOCK: agent.agentSocket } });
    await enter(server, agent);
  });

  test("an agent that never answers is told: when its keys are asked for and when it is to sign", async () => {
    const key = ssh2.utils.parseKey(readFileSync(at("id.pub"))) as ParsedKey;
    for (const [name, keys, says] of [
      ["silent", undefined, "does not answer"],
      ["unsigning", [key], "it has not answered"],
    ] as const) {
      const agentSocket = at(name);
      const ended: Promise<unknown>[] = [];
      const agent = createServer((socket) => {
        ended.push(once(socket, "close"));
        const protocol = new ssh2.AgentProtocol(false);
        if (keys) protocol.on("identities", (request: never) => protocol.getIdentitiesReply(request, [...keys]));
        socket
          .on("error", () => {})
          .pipe(protocol)
          .pipe(socket);
      }).listen(agentSocket);
      await once(agent, "listening");
      onTestFinished(() => void agent.close());
      const gone = keys ? {} : { signal: AbortSignal.timeout(100) };
      const failed = enter(sshd, { agent: true, agentSocket, timeoutSeconds: 0.3, ...gone });
      if (keys) expect(await failureOf(failed)).toMatchObject({ code: "key_unreadable", message: expect.stringContaining(says) });
      else await expect(failed).rejects.toThrow("timeout");
      // A socket that stayed open would keep the process alive.
      expect(await Promise.all(ended)).toHaveLength(keys ? 2 : 1);
    }
  });

  describe("which keys are offered", () => {
    const names = async (given: Partial<SftpOptions>) =>
      (await readCredentials({ ...sftpDefaults(), ...given })).keys.map((key) => key.split(" ")[1]);

    test("the chosen one first, each once, and with identitiesOnly no other", async () => {
      const agent = await agentWith(["one", "two", "three"]);
      expect(await names(agent)).toEqual(["one", "two", "three"].map(print));
      expect(await names({ ...agent, keyFile: at("two.pub") })).toEqual(["two", "one", "three"].map(print));
      expect(await names({ ...agent, keyFile: at("two") })).toEqual(["two", "one", "three"].map(print));
      expect(await names({ ...agent, keyFile: at("id") })).toEqual(["id", "one", "two", "three"].map(print));
      expect(await names({ ...agent, keyFile: at("id"), identitiesOnly: true })).toEqual(["id"].map(print));
    });

    test("a locked key's from the agent, where its public half is beside it", async () => {
      makeKey(at("locked"), "ed25519", "open sesame");
      const agent = await agentWith(["one"]);
      execFileSync("ssh-add", ["-q", at("locked")], {
        env: {
          ...process.env,
          SSH_AUTH_SOCK: agent.agentSocket,
          SSH_ASKPASS: writeScript(at("askpass"), "echo open sesame"),
          SSH_ASKPASS_REQUIRE: "force",
        },
      });
      expect(await names({ ...agent, keyFile: at("locked"), identitiesOnly: true })).toEqual([print("locked")]);
      expect(await failureOf(names({ ...agent, keyFile: at("rsa.pub") }))).toMatchObject({
        code: "key_unreadable",
        hint: `Add the private half to the agent: ssh-add ${at("rsa")}`,
      });
    });

    test("none where nothing says which", async () => {
      expect(await failureOf(names({ ...(await agentWith(["one"])), identitiesOnly: true }))).toMatchObject({ code: "config_invalid" });
    });
  });
});

function writeScript(path: string, line: string): string {
  writeFileSync(path, `#!/bin/sh\n${line}\n`, { mode: 0o700 });
  return path;
}

/** A server of ssh2's, and what comes of a login there. @returns what it comes to, and how often we came */
async function enterOther(onAttempt: (attempt: AuthContext, client: Connection) => void) {
  const dir = scratchFolder();
  let connections = 0;
  const server = new ssh2.Server({ hostKeys: [HOST_KEYS[0]!] }, (client) => {
    connections += 1;
    client.on("error", () => {}).on("authentication", (attempt) => onAttempt(attempt, client));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const keyFile = join(dir, "key");
  writeFileSync(keyFile, KEY_PAIR.privateKey, { mode: 0o600 });
  const { port } = server.address() as AddressInfo;
  const hostKey = ssh2.utils.parseKey(HOST_KEYS[0]!) as ParsedKey;
  const options = { ...sftpDefaults(), host: "127.0.0.1", port, user: "analyst@example.com", keyFile, pace: { backoffMs: 1 } };
  const error = await failureOf(connectSftp({ ...options, hostKeys: [fingerprint(hostKey.getPublicSSH())] }));
  return { error, connections };
}

/** What OpenSSH asks with only where PAM is set up. */
test.each([
  {
    ways: ["keyboard-interactive"],
    wants: "takes the key ssh-ed25519 SHA256:.* but wants a second factor, too: answers to questions .*one-time code",
  },
  { ways: ["password", "keyboard-interactive"], wants: "a second factor, too: a password or answers to questions" },
  { ways: ["hostbased"], wants: "a second factor, too: this machine's own key" },
] as const)("a server that takes the key and then wants $ways is told", async ({ ways, wants }) => {
  const { error } = await enterOther((attempt) => {
    if (attempt.method !== "publickey") attempt.reject([...ways]);
    else if (attempt.signature) attempt.reject([...ways], true);
    else attempt.accept();
  });
  expect(error).toMatchObject({ code: "login_refused", message: expect.stringMatching(wants) });
});

test.each([
  { reason: 12, code: "connection_lost", says: /dropped the connection during the login: TOO_MANY_CONNECTIONS$/, times: 6 },
  { reason: 1, code: "login_refused", says: /does not let analyst@example\.com in with the key .*: HOST_NOT_ALLOWED_TO_CONNECT$/, times: 1 },
])("a server that ends the login by reason $reason is told, and asked again where that passes", async ({ reason, code, says, times }) => {
  // ssh2's server has no way to say a reason but this.
  const { error, connections } = await enterOther((_, client) =>
    (client as unknown as { _protocol: { disconnect(reason: number): void } })._protocol.disconnect(reason),
  );
  expect(error).toMatchObject({ code, message: expect.stringMatching(says) });
  expect(connections).toBe(times);
});
