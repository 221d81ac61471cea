import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer, type AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import ssh2 from "ssh2";
import { fetchHostKeys, fetchTrustedKey } from "../../../pipeline/sftp/fetch-host-keys.ts";
import { fingerprint, hostKeyAlgorithms, hostKeyFault, readHostTrust, trustHostKey, type HostTrust } from "../../../pipeline/sftp/host-keys.ts";
import { keyType, knownHostsLine } from "../../../pipeline/sftp/known-hosts.ts";
import { connectSftp } from "../../../pipeline/sftp/server.ts";
import { failureOf } from "../../helpers/errors.ts";
import { startProxy } from "../../helpers/proxy.ts";
import { fingerprintOf, sftpDefaults, sshdMissing, startSshd, type Sshd } from "../../helpers/sshd.ts";

const blob = (type: "ed25519" | "rsa") => {
  const { public: line } = type === "rsa" ? ssh2.utils.generateKeyPairSync("rsa", { bits: 2048 }) : ssh2.utils.generateKeyPairSync("ed25519");
  return Buffer.from(line.split(" ")[1] ?? "", "base64");
};
const ours = blob("ed25519");
const other = blob("ed25519");
const rsa = blob("rsa");
const server = { host: "sftp.example.com", port: 22 };
const known = (key: Buffer, type = "ssh-ed25519", revoked = false) => ({ type, key, revoked });
const trust = (given: Partial<HostTrust>): HostTrust => ({ pinned: [], known: [], types: [], ...given });

describe("a server that shows our key", () => {
  test.each<{ name: string; given: Partial<HostTrust>; code: string | undefined }>([
    { name: "nothing known", given: {}, code: "host_key_unknown" },
    { name: "known", given: { known: [known(ours)] }, code: undefined },
    { name: "known beside others", given: { known: [known(other), known(rsa, "ssh-rsa"), known(ours)] }, code: undefined },
    { name: "another of its type known", given: { known: [known(other)] }, code: "host_key_changed" },
    { name: "only another type known", given: { known: [known(rsa, "ssh-rsa")] }, code: "host_key_unknown" },
    { name: "revoked", given: { known: [known(ours, "ssh-ed25519", true)] }, code: "host_key_changed" },
    { name: "known and revoked", given: { known: [known(ours), known(ours, "ssh-ed25519", true)] }, code: "host_key_changed" },
    { name: "another one revoked", given: { known: [known(other, "ssh-ed25519", true)] }, code: "host_key_unknown" },
    { name: "pinned", given: { pinned: [fingerprint(other), fingerprint(ours)] }, code: undefined },
    { name: "another one pinned", given: { pinned: [fingerprint(other)] }, code: "host_key_changed" },
    { name: "pinned, but revoked", given: { pinned: [fingerprint(ours)], known: [known(ours, "ssh-ed25519", true)] }, code: "host_key_changed" },
    { name: "known, but another one pinned", given: { pinned: [fingerprint(other)], known: [known(ours)] }, code: "host_key_changed" },
  ])("$name: $code", ({ given, code }) => {
    expect(hostKeyFault(ours, trust(given), server)?.code).toBe(code);
  });

  test("where unknown, is told with its fingerprint and the command that trusts it", () => {
    const fault = hostKeyFault(ours, trust({}), server);
    expect(fault?.message).toContain(`sftp.example.com shows the host key ssh-ed25519 ${fingerprint(ours)}`);
    expect(fault?.hint).toContain(`signalhouse keys trust --fingerprint ${fingerprint(ours)}`);
  });

  test("where changed, is told with both fingerprints", () => {
    const message = hostKeyFault(ours, trust({ known: [known(other)] }), server)?.message;
    expect(message).toContain(fingerprint(ours));
    expect(message).toContain(fingerprint(other));
  });
});

test.each([
  { types: [], first: "ssh-ed25519" },
  { types: ["ssh-rsa"], first: "rsa-sha2-512" },
  { types: ["ecdsa-sha2-nistp384"], first: "ecdsa-sha2-nistp384" },
  { types: ["ssh-rsa", "ssh-ed25519"], first: "ssh-ed25519" },
  { types: ["ssh-dss"], first: "ssh-ed25519" },
])("the algorithms of $types are offered first", ({ types, first }) => {
  const offered = hostKeyAlgorithms(types);
  expect(offered[0]).toBe(first);
  expect(new Set(offered).size).toBe(6);
  expect(offered).not.toContain("ssh-rsa");
});

describe("the known_hosts files of a configuration", () => {
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "signalhouse-trust-"));
  });

  afterEach(() => rm(dir, { recursive: true }));

  const options = (knownHosts: string[], hostKeys: string[] = []) => ({ ...sftpDefaults(), ...server, user: "a", knownHosts, hostKeys, home: dir });

  test("are all asked; one that is not there knows nothing", async () => {
    await trustHostKey(join(dir, "one"), server.host, server.port, ours);
    await trustHostKey(join(dir, "two"), server.host, server.port, rsa);
    const { known: keys } = await readHostTrust(options(["~/one", join(dir, "two"), "~/three"]));
    expect(keys).toEqual([known(ours), known(rsa, "ssh-rsa")]);
  });

  test.each([
    { name: "no type is known of a pinned key", pin: () => `${fingerprint(other)}=`, types: [] },
    { name: "a pin may name it", pin: () => `ssh-ed25519 ${fingerprint(other)}`, types: ["ssh-ed25519"] },
    { name: "known_hosts may have the key", pin: () => fingerprint(rsa), types: ["ssh-rsa"] },
  ])("where a key is pinned, tell only types and what is revoked: $name", async ({ pin, types }) => {
    await trustHostKey(join(dir, "one"), server.host, server.port, ours);
    await trustHostKey(join(dir, "one"), server.host, server.port, rsa);
    const found = await readHostTrust(options(["~/one"], [pin()]));
    expect(found).toEqual({ pinned: [pin().replace(/^\S+ |=$/g, "")], known: [known(ours), known(rsa, "ssh-rsa")], types });
    expect(hostKeyFault(ours, found, server)?.code).toBe("host_key_changed");
  });

  test("do not name the type of a revoked key", async () => {
    await writeFile(
      join(dir, "one"),
      `@revoked ${knownHostsLine(server.host, server.port, ours)}\n${knownHostsLine(server.host, server.port, rsa)}\n`,
    );
    expect((await readHostTrust(options(["~/one"]))).types).toEqual(["ssh-rsa"]);
  });

  test("cannot be a folder", async () => {
    expect(await failureOf(readHostTrust(options(["~"])))).toMatchObject({ code: "config_invalid" });
  });

  test("get a line more when a key is trusted, and keep the others", async () => {
    const file = join(dir, "ssh", "known_hosts");
    await trustHostKey(file, "a.example.com", 22, ours);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await writeFile(file, "b.example.com ssh-ed25519 AAAA", { flag: "a" });
    await trustHostKey(file, "A.example.com", 2222, rsa);
    expect(await readFile(file, "utf8")).toBe(
      `a.example.com ssh-ed25519 ${ours.toString("base64")}\nb.example.com ssh-ed25519 AAAA\n[a.example.com]:2222 ssh-rsa ${rsa.toString("base64")}\n`,
    );
  });
});

describe.skipIf(sshdMissing)("a real server", () => {
  let sshd: Sshd;

  beforeAll(async () => {
    sshd = await startSshd(["ed25519", "rsa", "ecdsa"]);
  });

  afterAll(() => sshd.close());

  test("shows one key for each type it has, without a login", async () => {
    const keys = await fetchHostKeys(sshd.host, sshd.port, 5000);
    expect(keys.map(({ algorithm }) => algorithm)).toEqual(["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"]);
    expect(keys.map((key) => key.fingerprint)).toEqual(["ed25519", "ecdsa", "rsa"].map((type) => fingerprintOf(join(sshd.dir, `host_${type}.pub`))));
  });

  test("is trusted by the line of a key that it showed", async () => {
    const [shown] = await fetchHostKeys(sshd.host, sshd.port, 5000);
    const file = join(sshd.dir, "trusted");
    await trustHostKey(file, sshd.host, sshd.port, shown!.key);
    expect(await readFile(file, "utf8")).toBe(`${shown!.line}\n`);
    const { known: keys } = await readHostTrust({ ...sshd.options, knownHosts: [file] });
    expect(hostKeyFault(shown!.key, trust({ known: keys }), sshd)).toBeUndefined();
  });

  const keyFile = (type: string) => join(sshd.dir, `host_${type}.pub`);
  const line = async (type: string) => `[127.0.0.1]:${sshd.port} ${await readFile(keyFile(type), "utf8")}`;

  test.each([
    { name: "a stale line of its type before it", lines: async () => [await stale(), await line("ed25519")], type: "ssh-ed25519" },
    { name: "a stale line of another type before it", lines: async () => [await stale("rsa"), await line("ed25519")], type: "ssh-ed25519" },
    {
      name: "beside a revoked one that the server would show first",
      lines: async () => [`@revoked ${await line("ed25519")}`, await line("rsa")],
      type: "ssh-rsa",
    },
    { name: "not the one that the server would show first", lines: async () => [await line("ecdsa")], type: "ecdsa-sha2-nistp256" },
    { name: "pinned with its type", lines: async () => [], pin: () => `ssh-rsa ${fingerprintOf(keyFile("rsa"))}`, type: "ssh-rsa" },
    {
      name: "pinned, and its type in known_hosts",
      lines: async () => [await line("rsa")],
      pin: () => fingerprintOf(keyFile("rsa")),
      type: "ssh-rsa",
    },
  ])("takes one connection to know: $name", async ({ lines, pin, type }) => {
    const proxy = await startProxy(sshd.port);
    onTestFinished(() => proxy.close());
    const file = join(sshd.dir, "these");
    const text = (await lines()).join("").replaceAll(`:${sshd.port}`, `:${proxy.port}`);
    await writeFile(file, text);
    const options = { ...sshd.options, port: proxy.port, knownHosts: [file], hostKeys: pin ? [pin()] : [] };
    const key = await fetchTrustedKey(options, await readHostTrust(options), 5000);
    expect([keyType(key), proxy.connections]).toEqual([type, 1]);
    await (await connectSftp(options)).close();
    expect(proxy.connections).toBe(2);
  });

  async function stale(type = "ed25519"): Promise<string> {
    const [own] = (await readFile(keyFile(type), "utf8")).split(" ");
    const blob = type === "rsa" ? rsa : other;
    return `[127.0.0.1]:${sshd.port} ${own} ${blob.toString("base64")}\n`;
  }

  test("of a pinned key whose type nobody knows, finds it, and knows it from then on", async () => {
    const proxy = await startProxy(sshd.port);
    onTestFinished(() => proxy.close());
    const options = { ...sshd.options, port: proxy.port, knownHosts: [], hostKeys: [fingerprintOf(keyFile("rsa"))] };
    const trusted = await readHostTrust(options);
    expect(keyType(await fetchTrustedKey(options, trusted, 5000))).toBe("ssh-rsa");
    const before = proxy.connections;
    await fetchTrustedKey(options, trusted, 5000);
    expect(proxy.connections).toBe(before + 1);
  });

  test("a connection that is dropped says nothing of its key, and is made again", async () => {
    const proxy = await startProxy(sshd.port);
    onTestFinished(() => proxy.close());
    proxy.cuts.push(0, 30);
    expect(await fetchHostKeys(sshd.host, proxy.port, 5000)).toHaveLength(3);
    const options = { ...sshd.options, port: proxy.port, knownHosts: [], hostKeys: [fingerprintOf(keyFile("rsa"))] };
    proxy.cuts.push(0, 1, 30, 1, 0);
    expect(keyType(await fetchTrustedKey(options, await readHostTrust(options), 5000))).toBe("ssh-rsa");
    proxy.cuts.push(0, 1, 30);
    await (await connectSftp(options)).close();
    expect(proxy.cuts).toEqual([]);
  });

  test("where all connections but the first are dropped, no key counts as changed", async () => {
    let connections = 0;
    const busy = createServer((socket) => {
      socket.on("error", () => {});
      connections += 1;
      if (connections > 1) {
        socket.destroy();
        return;
      }
      const upstream = connect(sshd.port, sshd.host).on("error", () => socket.destroy());
      socket
        .on("close", () => upstream.destroy())
        .pipe(upstream)
        .pipe(socket);
    });
    busy.listen(0, "127.0.0.1");
    await once(busy, "listening");
    onTestFinished(() => void busy.close());
    const { port } = busy.address() as AddressInfo;
    const options = { ...sshd.options, port, knownHosts: [], hostKeys: [fingerprintOf(keyFile("rsa"))] };
    expect(await failureOf(fetchTrustedKey(options, await readHostTrust(options), 5000))).toMatchObject({ code: "connection_lost" });
    expect(connections).toBeGreaterThan(3);
    connections = 0;
    expect(await failureOf(connectSftp(options))).toMatchObject({ code: "connection_lost" });
  });

  test("can be given up", async () => {
    const reason = new Error("enough");
    await expect(fetchHostKeys(sshd.host, sshd.port, 5000, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe.skipIf(sshdMissing)("a server that takes two connections at a time that have not logged in", () => {
  test("shows all its keys, and is asked in by a pin of a type that it does not show first, without a false alarm", async () => {
    const sshd = await startSshd(["ed25519", "rsa", "ecdsa"], ["MaxStartups 2"]);
    onTestFinished(() => sshd.close());
    const options = { ...sshd.options, hostKeys: [sshd.fingerprints[1]!], knownHosts: [], pace: { backoffMs: 50 } };
    expect(await fetchHostKeys(sshd.host, sshd.port, 5000)).toHaveLength(3);
    // Each of these needs several connections, one right after the other.
    for (let round = 0; round < 2; round += 1) {
      expect(keyType(await fetchTrustedKey(options, await readHostTrust(options), 5000))).toBe("ssh-rsa");
      await (await connectSftp(options)).close();
    }
  });
});

test("where nobody listens there are no host keys", async () => {
  expect(await failureOf(fetchHostKeys("127.0.0.1", 1, 5000))).toMatchObject({ code: "host_unreachable" });
});
