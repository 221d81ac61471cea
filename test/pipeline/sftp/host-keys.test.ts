import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import ssh2 from "ssh2";
import { fetchHostKeys } from "../../../pipeline/sftp/fetch-host-keys.ts";
import { fingerprint, hostKeyAlgorithms, hostKeyFault, readHostTrust, trustHostKey, type HostTrust } from "../../../pipeline/sftp/host-keys.ts";
import { failureOf } from "../../helpers/errors.ts";
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
const trust = (given: Partial<HostTrust>): HostTrust => ({ pinned: [], known: [], ...given });

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
  { types: ["ecdsa-sha2-nistp384", "ssh-ed25519"], first: "ecdsa-sha2-nistp384" },
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

  test("are not asked where a key is pinned", async () => {
    await trustHostKey(join(dir, "one"), server.host, server.port, ours);
    expect(await readHostTrust(options(["~/one"], [`${fingerprint(other)}=`]))).toEqual({ pinned: [fingerprint(other)], known: [] });
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

  test("can be given up", async () => {
    const reason = new Error("enough");
    await expect(fetchHostKeys(sshd.host, sshd.port, 5000, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

test("where nobody listens there are no host keys", async () => {
  expect(await failureOf(fetchHostKeys("127.0.0.1", 1, 5000))).toMatchObject({ code: "host_unreachable" });
});
