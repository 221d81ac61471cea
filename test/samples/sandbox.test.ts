import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import fc from "fast-check";
import ssh2 from "ssh2";
import type { Client, ConnectConfig, ParsedKey, SFTPWrapper } from "ssh2";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeKeyPair, startSandbox } from "../../samples/sandbox/sandbox.ts";
import type { Sandbox, SandboxOptions } from "../../samples/sandbox/sandbox.ts";

const EOF = 1;
const NO_SUCH_FILE = 2;
const PERMISSION_DENIED = 3;
const FAILURE = 4;
const OP_UNSUPPORTED = 8;

const pair = makeKeyPair();
const BYTES = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
const FILE = "/Export/Signals/2026-01-01/a.csv.gz";

let scratch: string;
let folder: string;
let ends: (() => unknown)[];

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "sandbox-test-"));
  folder = join(scratch, "served");
  mkdirSync(join(folder, "Export/Signals/2026-01-01"), { recursive: true });
  writeFileSync(join(folder, FILE), BYTES);
  ends = [() => rmSync(scratch, { recursive: true })];
});

afterEach(async () => {
  for (const end of ends.toReversed()) await end();
});

async function start(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ folder, authorizedKeys: [pair.publicKey], ...options });
  ends.push(() => sandbox.close());
  return sandbox;
}

/** A logged-in client; fails where the login does. */
async function connect(sandbox: Sandbox, config: ConnectConfig = {}): Promise<Client> {
  const client = new ssh2.Client();
  ends.push(() => client.destroy());
  client.on("error", () => {}); // of a connection that was cut: the tests look at what the requests give
  client.connect({ host: sandbox.host, port: sandbox.port, username: sandbox.user, privateKey: pair.privateKey, ...config });
  await once(client, "ready");
  return client;
}

/** Calls an SFTP method that ends in a callback. */
function call<T = void>(run: (done: (error?: Error | null, value?: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    run((error, value) => (error ? reject(error) : resolve(value as T)));
  });
}

const channel = (client: Client): Promise<SFTPWrapper> => call((done) => client.sftp(done));

async function session(sandbox: Sandbox): Promise<SFTPWrapper> {
  return await channel(await connect(sandbox));
}

const open = (sftp: SFTPWrapper, path: string, flags: "r" | "w" | "wx" = "r"): Promise<Buffer> => call((done) => sftp.open(path, flags, done));
const stat = (sftp: SFTPWrapper, path: string): Promise<ssh2.Stats> => call((done) => sftp.stat(path, done));
const names = async (sftp: SFTPWrapper, path: string): Promise<string[]> =>
  (await call<ssh2.FileEntryWithStats[]>((done) => sftp.readdir(path, done))).map((entry) => entry.filename);

/** One READ; undefined where nothing came. */
function read(sftp: SFTPWrapper, handle: Buffer, position: number, length: number): Promise<Buffer> {
  const into = Buffer.alloc(length);
  return new Promise((resolve, reject) => {
    sftp.read(handle, into, 0, length, position, (error, count) => (error ? reject(error) : resolve(into.subarray(0, count))));
  });
}

/** Reads on and on until the end of the file or of the connection. */
async function readOn(sftp: SFTPWrapper, path: string): Promise<Buffer> {
  const handle = await open(sftp, path);
  const parts: Buffer[] = [];
  for (let position = 0; ;) {
    const part = await read(sftp, handle, position, 30_000).catch(() => Buffer.alloc(0));
    if (part.length === 0) return Buffer.concat(parts);
    parts.push(part);
    position += part.length;
  }
}

/** As toEqual, which takes 200 ms for 100 kB. */
function expectBytes(actual: Buffer | undefined, expected: Buffer): void {
  expect(actual?.length).toBe(expected.length);
  expect(actual?.equals(expected)).toBe(true);
}

/** Sends one bare SFTP request; gives the answer's type and what follows its request id. */
type Ask = (type: number, ...fields: (string | Buffer | number)[]) => Promise<{ type: number; body: Buffer }>;

/** Speaks bare SFTP packets, for what the client library keeps to itself. */
async function bareSession(sandbox: Sandbox): Promise<Ask> {
  const stream = await call<ssh2.ClientChannel>((done) => void connect(sandbox).then((client) => client.subsys("sftp", done)));
  const packet = (type: number, body: Buffer): Buffer => {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(body.length + 1);
    head[4] = type;
    return Buffer.concat([head, body]);
  };
  const uint32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  async function* answers(): AsyncGenerator<Buffer, never> {
    let seen = Buffer.alloc(0);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      seen = Buffer.concat([seen, chunk]);
      while (seen.length >= 4 && seen.length >= 4 + seen.readUInt32BE()) {
        yield seen.subarray(4, 4 + seen.readUInt32BE());
        seen = seen.subarray(4 + seen.readUInt32BE());
      }
    }
    throw new Error("the channel ended");
  }
  const incoming = answers();
  stream.write(packet(1, uint32(3)));
  await incoming.next();
  return async (type, ...fields) => {
    const string = (field: string | Buffer): Buffer => Buffer.concat([uint32(Buffer.byteLength(field)), Buffer.from(field)]);
    const parts = fields.map((field) => (typeof field === "number" ? uint32(field) : string(field)));
    stream.write(packet(type, Buffer.concat([uint32(7), ...parts])));
    const answer = (await incoming.next()).value;
    return { type: answer[0] ?? 0, body: answer.subarray(5) };
  };
}

/** Runs OpenSSH's sftp with `commands`; gives what it printed and its exit code. */
async function openssh(sandbox: Sandbox, commands: string[], ...options: string[]): Promise<{ output: string; code: number }> {
  const keyFile = join(scratch, "key");
  writeFileSync(keyFile, pair.privateKey, { mode: 0o600 });
  const to = ["-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-i", keyFile, "-P", String(sandbox.port)];
  const child = spawn("sftp", ["-b", "-", ...to, ...options, `${sandbox.user}@${sandbox.host}`]);
  child.stdin.end(`${commands.join("\n")}\n`);
  const [out, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { output: out + errors, code: Number(code) };
}

describe("login", () => {
  test("shows the host key that it names, and prefers AES-GCM", async () => {
    const sandbox = await start();
    let seen = "";
    const client = new ssh2.Client();
    ends.push(() => client.destroy());
    const handshake = once(client, "handshake");
    client.connect({
      host: sandbox.host,
      port: sandbox.port,
      username: sandbox.user,
      privateKey: pair.privateKey,
      hostHash: "sha256",
      hostVerifier: (hash: string) => {
        seen = `SHA256:${Buffer.from(hash, "hex").toString("base64").replaceAll("=", "")}`;
        return true;
      },
    });
    const [negotiated] = await handshake;
    await once(client, "ready");
    expect(sandbox.fingerprints).toEqual([seen]);
    expect(negotiated).toMatchObject({ sc: { cipher: "aes128-gcm@openssh.com" } });
  });

  test("keeps the host keys that it is given", async () => {
    const hostKey = makeKeyPair();
    const [one, other] = await Promise.all([start({ hostKeys: [hostKey.privateKey] }), start({ hostKeys: [hostKey.privateKey] })]);
    expect(one.fingerprints).toEqual(other.fingerprints);
  });

  test("takes RSA and ECDSA keys too", async () => {
    const rsa = ssh2.utils.generateKeyPairSync("rsa", { bits: 2048 });
    const ecdsa = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 });
    const sandbox = await start({ authorizedKeys: [pair.publicKey, rsa.public, ecdsa.public] });
    await connect(sandbox, { privateKey: rsa.private });
    await connect(sandbox, { privateKey: ecdsa.private });
    expect(sandbox.stats.connections).toBe(2);
  });

  test.for<[string, ConnectConfig]>([
    ["another key", { privateKey: makeKeyPair().privateKey }],
    ["another user", { username: "someone@example.com" }],
    ["a password", { privateKey: "", password: "secret" }],
  ])("refuses %s", async ([, config]) => {
    const sandbox = await start();
    await expect(connect(sandbox, config)).rejects.toThrow("authentication methods failed");
  });

  test("refuses a known public key whose signature is another key's", async () => {
    class Forger extends ssh2.BaseAgent<ParsedKey> {
      asked = 0;
      override getIdentities(done: (error: undefined, keys: ParsedKey[]) => void): void {
        done(undefined, [key(pair.publicKey)]);
      }
      override sign(_key: unknown, data: Buffer, options: unknown, done?: (error: undefined, signature: Buffer) => void): void {
        this.asked += 1;
        const answer = typeof options === "function" ? options : done;
        answer?.(undefined, key(makeKeyPair().privateKey).sign(data));
      }
    }
    const key = (from: string): ParsedKey => {
      const parsed = ssh2.utils.parseKey(from);
      if (parsed instanceof Error) throw parsed;
      return parsed;
    };
    const agent = new Forger();
    await expect(connect(await start(), { privateKey: "", agent })).rejects.toThrow("authentication methods failed");
    expect(agent.asked).toBe(1);
  });

  test("serves ten channels on a connection, not eleven", async () => {
    const client = await connect(await start());
    const channels: SFTPWrapper[] = [];
    for (let count = 0; count < 10; count += 1) channels.push(await channel(client));
    await expect(channel(client)).rejects.toThrow("Channel open failure");
    const closed = once(channels[0] as SFTPWrapper, "close");
    channels[0]?.end();
    await closed;
    expect(await names(await channel(client), "/")).toEqual(["Export"]);
  });
});

test("OpenSSH's sftp finds its way around", async () => {
  const sandbox = await start();
  const local = join(scratch, "local");
  writeFileSync(local, "hello");
  const { output, code } = await openssh(sandbox, [
    "pwd",
    "ls -l Export/Signals/2026-01-01",
    `get ${FILE} ${local}.gz`,
    "mkdir in",
    `put ${local} in/one`,
    "rename in/one in/two",
    "ls -1 in",
    "-chmod 600 in/two",
    "-ln -s in/two in/three",
    "rm in/two",
    "rmdir in",
  ]);
  expect(output).toContain("Remote working directory: /\n");
  expect(output).toMatch(/-rw-r--r-- +1 - +- +100000 \w{3} [ \d]\d \d\d:\d\d a\.csv\.gz\n/);
  expect(output).toContain("\nin/two\n");
  expect(output.match(/Operation unsupported/g)).toHaveLength(2);
  expect(code).toBe(0);
  expectBytes(readFileSync(`${local}.gz`), BYTES);
  expect(readdirSync(folder)).not.toContain("in");
});

describe("reading", () => {
  test("answers many reads at once, in any order of places", async () => {
    const sandbox = await start();
    const sftp = await session(sandbox);
    const handle = await open(sftp, FILE);
    const places = Array.from({ length: 100 }, (_, index) => ((index * 37) % 100) * 1000);
    const parts = await Promise.all(places.map((place) => read(sftp, handle, place, 1000)));
    for (const [index, place] of places.entries()) expectBytes(parts[index], BYTES.subarray(place, place + 1000));
    expect(sandbox.stats).toEqual({ connections: 1, opens: 1, reads: 100, bytesServed: 100_000, openHandles: 1 });
    await call((done) => sftp.close(handle, done));
    expect(sandbox.stats.openHandles).toBe(0);
  });

  test("answers 256 KiB whole, less at the end, and then says so", async () => {
    writeFileSync(join(folder, "large"), Buffer.alloc(300_000, 1));
    const ask = await bareSession(await start());
    const handle = (await ask(3, "/large", 1, 0)).body.subarray(4);
    const lengths = [];
    for (const at of [0, 262_144]) lengths.push((await ask(5, handle, 0, at, 262_144)).body.readUInt32BE());
    expect(lengths).toEqual([262_144, 37_856]);
    const end = await ask(5, handle, 0, 300_000, 10);
    expect([end.type, end.body.readUInt32BE()]).toEqual([101, EOF]);
  });

  test("gives modification times in whole seconds, in the listing too", async () => {
    utimesSync(join(folder, FILE), 1_700_000_000.9, 1_700_000_000.9);
    const sftp = await session(await start());
    const handle = await open(sftp, FILE);
    const [entry] = await call<ssh2.FileEntryWithStats[]>((done) => sftp.readdir("/Export/Signals/2026-01-01", done));
    const byHandle = await call<ssh2.Stats>((done) => sftp.fstat(handle, done));
    const byPath = await call<ssh2.Stats>((done) => sftp.lstat(FILE, done));
    expect([entry?.attrs.mtime, byHandle.mtime, byPath.mtime]).toEqual([1_700_000_000, 1_700_000_000, 1_700_000_000]);
    expect(entry?.longname).toMatch(/^-rw-r--r-- .* 100000 Nov 14 {2}2023 a\.csv\.gz$/);
    expect([byPath.size, byPath.isFile()]).toEqual([100_000, true]);
  });

  test("lists folders of any length", async () => {
    const expected = Array.from({ length: 450 }, (_, index) => `n${String(index).padStart(3, "0")}`);
    for (const name of expected) writeFileSync(join(folder, "Export", name), "");
    const listed = await names(await session(await start()), "/Export");
    expect(listed).toEqual(["Signals", ...expected]);
  });
});

describe("writing", () => {
  test("shows an upload whole, at its close", async () => {
    const sftp = await session(await start());
    const handle = await open(sftp, "/Export/new", "w");
    await call((done) => sftp.write(handle, BYTES, 50_000, 50_000, 50_000, done));
    await call((done) => sftp.write(handle, BYTES, 0, 50_000, 0, done));
    expect(await names(sftp, "/Export")).toEqual(["Signals"]);
    expect(await names(sftp, "/")).toEqual(["Export"]);
    await call((done) => sftp.close(handle, done));
    expectBytes(await readOn(sftp, "/Export/new"), BYTES);
  });

  test("keeps what was there until the close", async () => {
    const sftp = await session(await start());
    const handle = await open(sftp, FILE, "w");
    await call((done) => sftp.write(handle, Buffer.from("new"), 0, 3, 0, done));
    expect((await stat(sftp, FILE)).size).toBe(100_000);
    await call((done) => sftp.close(handle, done));
    expect((await stat(sftp, FILE)).size).toBe(3);
  });

  test("does in turn what is asked without waiting", async () => {
    const sftp = await session(await start());
    const paths = ["/a", "/a/b", "/a/b/c", "/a/b/c/d"];
    const made = paths.map((path) => call((done) => sftp.mkdir(path, done)));
    const removed = paths.toReversed().map((path) => call((done) => sftp.rmdir(path, done)));
    await Promise.all([...made, ...removed]);
    expect(await names(sftp, "/")).toEqual(["Export"]);
  });

  test("leaves nothing behind where the close fails", async () => {
    const sandbox = await start();
    const sftp = await session(sandbox);
    const handle = await open(sftp, "/name", "w");
    await call((done) => sftp.mkdir("/name", done));
    await expect(call((done) => sftp.close(handle, done))).rejects.toMatchObject({ code: FAILURE });
    await sandbox.close();
    expect(readdirSync(folder).sort()).toEqual(["Export", "name"]);
  });

  test("keeps what had come of an interrupted upload, and leaves nothing else behind", async () => {
    const sandbox = await start();
    const client = await connect(sandbox);
    const sftp = await channel(client);
    const handle = await open(sftp, "/partial", "w");
    await call((done) => sftp.write(handle, BYTES, 0, 1234, 0, done));
    client.destroy();
    await sandbox.close();
    expectBytes(readFileSync(join(folder, "partial")), BYTES.subarray(0, 1234));
    expect(readdirSync(folder).sort()).toEqual(["Export", "partial"]);
  });
});

describe("refusals", () => {
  const attempts: [string, number, (sftp: SFTPWrapper, done: (error?: Error | null) => void) => unknown][] = [
    ["setstat", OP_UNSUPPORTED, (sftp, done) => sftp.chmod(FILE, 0o600, done)],
    ["utimes", OP_UNSUPPORTED, (sftp, done) => sftp.utimes(FILE, 1, 1, done)],
    ["readlink", OP_UNSUPPORTED, (sftp, done) => sftp.readlink(FILE, done)],
    ["symlink", OP_UNSUPPORTED, (sftp, done) => sftp.symlink(FILE, "/link", done)],
    ["open to append", OP_UNSUPPORTED, (sftp, done) => sftp.open(FILE, "a", done)],
    ["open to append to what is not there", OP_UNSUPPORTED, (sftp, done) => sftp.open("/new", "a", done)],
    ["open to read and write", OP_UNSUPPORTED, (sftp, done) => sftp.open(FILE, "r+", done)],
    ["open to read and make", OP_UNSUPPORTED, (sftp, done) => sftp.open("/new", "w+", done)],
    ["open to write into a file", OP_UNSUPPORTED, (sftp, done) => sftp.open(FILE, ssh2.utils.sftp.OPEN_MODE.WRITE, done)],
    ["open a new file only, where there is one", FAILURE, (sftp, done) => sftp.open(FILE, "wx", done)],
    ["open a folder", FAILURE, (sftp, done) => sftp.open("/Export", "r", done)],
    ["open what is not there", NO_SUCH_FILE, (sftp, done) => sftp.open("/none", "r", done)],
    ["put into a folder that is not there", NO_SUCH_FILE, (sftp, done) => sftp.open("/none/new", "w", done)],
    ["stat what is not there", NO_SUCH_FILE, (sftp, done) => sftp.stat("/none", done)],
    ["list what is not there", NO_SUCH_FILE, (sftp, done) => sftp.readdir("/none", done)],
    ["list a file", NO_SUCH_FILE, (sftp, done) => sftp.opendir(FILE, done)],
    ["mkdir where there is one", FAILURE, (sftp, done) => sftp.mkdir("/Export", done)],
    ["rmdir of a folder with something in it", FAILURE, (sftp, done) => sftp.rmdir("/Export/Signals/2026-01-01", done)],
    ["rmdir of a file", FAILURE, (sftp, done) => sftp.rmdir(FILE, done)],
    ["rmdir of Export/Signals", PERMISSION_DENIED, (sftp, done) => sftp.rmdir("/Export/Signals", done)],
    ["remove of Export/Signals", PERMISSION_DENIED, (sftp, done) => sftp.unlink("/Export/Signals", done)],
    ["rename of Export/Signals", PERMISSION_DENIED, (sftp, done) => sftp.rename("/Export/Signals", "/Export/Other", done)],
    ["rename of Export", PERMISSION_DENIED, (sftp, done) => sftp.rename("/Export", "/Other", done)],
    ["rename of a folder", FAILURE, (sftp, done) => sftp.rename("/Export/Signals/2026-01-01", "/Other", done)],
    ["rename onto a file", FAILURE, (sftp, done) => sftp.rename(FILE, "/taken", done)],
    ["remove of a folder", FAILURE, (sftp, done) => sftp.unlink("/Export/Signals/2026-01-01", done)],
    ["a handle that was not given out", FAILURE, (sftp, done) => sftp.close(Buffer.from("none"), done)],
  ];

  test.for(attempts)("%s", async ([, code, attempt]) => {
    writeFileSync(join(folder, "taken"), "taken");
    const sftp = await session(await start());
    await expect(call((done) => attempt(sftp, done))).rejects.toMatchObject({ code });
    expectBytes(readFileSync(join(folder, FILE)), BYTES);
    expect(readdirSync(folder).sort()).toEqual(["Export", "taken"]);
  });

  test("setting attributes of an open file", async () => {
    const sftp = await session(await start());
    const handle = await open(sftp, "/new", "w");
    await expect(call((done) => sftp.fchmod(handle, 0o600, done))).rejects.toMatchObject({ code: OP_UNSUPPORTED });
  });

  test("extended requests", async () => {
    const ask = await bareSession(await start());
    for (const request of ["posix-rename@openssh.com", "statvfs@openssh.com", "limits@openssh.com"]) {
      const answer = await ask(200, request, FILE, "/other");
      expect([answer.type, answer.body.readUInt32BE()]).toEqual([101, OP_UNSUPPORTED]);
    }
    expect(readdirSync(folder)).toEqual(["Export"]);
  });

  test("commands and shells", async () => {
    const client = await connect(await start());
    await expect(call<ssh2.ClientChannel>((done) => client.exec("id", done))).rejects.toThrow("Unable to exec");
  });
});

describe("confinement", () => {
  test("nothing outside the folder is seen, whatever the path", async () => {
    writeFileSync(join(scratch, "secret"), "secret");
    mkdirSync(join(scratch, "outside"));
    writeFileSync(join(scratch, "outside/secret"), "secret");
    symlinkSync(join(scratch, "secret"), join(folder, "link"));
    symlinkSync(join(scratch, "outside"), join(folder, "way"));
    symlinkSync(folder, join(folder, "Export/loop"));
    const sftp = await session(await start());
    const step = fc.constantFrom("..", ".", "", "link", "way", "secret", "outside", "served", "Export", "loop", ".sandbox-parts", "..\\..");
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(step, { minLength: 1, maxLength: 8 }), async (absolute, steps) => {
        const path = (absolute ? "/" : "") + steps.join("/");
        await expect(open(sftp, path)).rejects.toThrow();
        const listed = await names(sftp, path).catch(() => ["nothing"]);
        expect([["Export"], ["Signals"], ["nothing"]]).toContainEqual(listed);
      }),
      { numRuns: 60 },
    );
  });

  test.for(["/link", "/way/secret", "/way/new", "/way", "/.sandbox-parts/new"])("nothing is written, made or removed through %s", async (path) => {
    mkdirSync(join(scratch, "outside"));
    writeFileSync(join(scratch, "outside/secret"), "secret");
    symlinkSync(join(scratch, "outside/secret"), join(folder, "link"));
    symlinkSync(join(scratch, "outside"), join(folder, "way"));
    const sftp = await session(await start());
    await expect(open(sftp, path, "w")).rejects.toThrow();
    await expect(call((done) => sftp.mkdir(path, done))).rejects.toThrow();
    await expect(call((done) => sftp.unlink(path, done))).rejects.toThrow();
    await expect(call((done) => sftp.rename(path, "/taken", done))).rejects.toThrow();
    await expect(call((done) => sftp.rename(FILE, path, done))).rejects.toThrow();
    expect(readFileSync(join(scratch, "outside/secret"), "utf8")).toBe("secret");
    expect(readdirSync(join(scratch, "outside"))).toEqual(["secret"]);
    expect(readdirSync(folder).sort()).toEqual(["Export", "link", "way"]);
  });

  test.for([
    ["", "/"],
    [".", "/"],
    ["..", "/"],
    ["../../etc", "/etc"],
    ["/Export/./Signals/../x", "/Export/x"],
  ] as const)("realpath of %o is %s", async ([path, expected]) => {
    const sftp = await session(await start());
    expect(await call<string>((done) => sftp.realpath(path, done))).toBe(expected);
  });
});

describe("landing above the subscription's folder", () => {
  test("shows that folder only, and serves it under its name", async () => {
    const sftp = await session(await start({ landing: "above", subscriptionId: "42" }));
    expect(await call<string>((done) => sftp.realpath(".", done))).toBe("/");
    expect(await names(sftp, ".")).toEqual(["sub_42"]);
    expect(await names(sftp, "sub_42")).toEqual(["Export"]);
    expect((await stat(sftp, "/")).isDirectory()).toBe(true);
    expect((await stat(sftp, "/sub_42")).isDirectory()).toBe(true);
    expectBytes(await readOn(sftp, `/sub_42${FILE}`), BYTES);
  });

  test.for<[string, number, (sftp: SFTPWrapper, done: (error?: Error | null) => void) => unknown]>([
    ["a path without it", NO_SUCH_FILE, (sftp, done) => sftp.stat(FILE, done)],
    ["another subscription", NO_SUCH_FILE, (sftp, done) => sftp.stat("/sub_421", done)],
    ["removing it", PERMISSION_DENIED, (sftp, done) => sftp.rmdir("/sub_42", done)],
    ["making something beside it", PERMISSION_DENIED, (sftp, done) => sftp.mkdir("/other", done)],
    ["removing its Export/Signals", PERMISSION_DENIED, (sftp, done) => sftp.rmdir("/sub_42/Export/Signals", done)],
  ])("refuses %s", async ([, code, attempt]) => {
    const sftp = await session(await start({ landing: "above", subscriptionId: "42" }));
    await expect(call((done) => attempt(sftp, done))).rejects.toMatchObject({ code });
  });
});

describe("faults", () => {
  test("latencyMs delays every answer, side by side and in order", async () => {
    const sandbox = await start();
    const sftp = await session(sandbox);
    const handle = await open(sftp, FILE);
    sandbox.faults.latencyMs = 300;
    const began = performance.now();
    const order: number[] = [];
    await Promise.all(Array.from({ length: 10 }, (_, index) => read(sftp, handle, index, 10).then(() => order.push(index))));
    const took = performance.now() - began;
    expect(took).toBeGreaterThanOrEqual(299);
    expect(took).toBeLessThan(2500);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("bytesPerSecond limits what all channels get together", async () => {
    const sandbox = await start({ faults: { bytesPerSecond: 500_000 } });
    const client = await connect(sandbox);
    const began = performance.now();
    await Promise.all([0, 1].map(async () => readOn(await channel(client), FILE)));
    expect(performance.now() - began).toBeGreaterThanOrEqual(399);
  });

  test("dropAfterBytes cuts the connection after so many bytes, once for each entry", async () => {
    const sandbox = await start({ faults: { dropAfterBytes: [40_000, 70_000] } });
    const lengths = [];
    for (let round = 0; round < 3; round += 1) {
      const client = await connect(sandbox);
      // Not once(): a write into the cut line may end in an error before the close.
      const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
      const part = await readOn(await channel(client), FILE);
      expectBytes(part, BYTES.subarray(0, part.length));
      lengths.push(part.length);
      if (round < 2) await closed;
    }
    expect(lengths).toEqual([40_000, 70_000, 100_000]);
    expect(sandbox.faults.dropAfterBytes).toEqual([]);
    expect(sandbox.stats).toMatchObject({ connections: 3, bytesServed: 210_000 });
  });

  test("dropAfterBytes counts from when it is given", async () => {
    const sandbox = await start();
    const sftp = await session(sandbox);
    await readOn(sftp, FILE);
    sandbox.faults.dropAfterBytes.push(10);
    expect(await readOn(sftp, FILE)).toHaveLength(10);
  });

  test("stallAfterBytes holds the answers back until it is null", async () => {
    const sandbox = await start({ faults: { stallAfterBytes: 1000 } });
    const sftp = await session(sandbox);
    const other = await session(sandbox);
    const handle = await open(sftp, FILE);
    expect(await read(sftp, handle, 0, 5000)).toHaveLength(1000);
    let answered = false;
    const waiting = read(sftp, handle, 1000, 5000).finally(() => (answered = true));
    expectBytes(await readOn(other, FILE), BYTES);
    expect(answered).toBe(false);
    sandbox.faults.stallAfterBytes = null;
    expectBytes(await waiting, BYTES.subarray(1000, 6000));
  });

  test("stallAfterBytes is used up when the connection closes", async () => {
    const sandbox = await start({ faults: { stallAfterBytes: 1000 } });
    const client = await connect(sandbox);
    const sftp = await channel(client);
    const handle = await open(sftp, FILE);
    await read(sftp, handle, 0, 1000);
    const waiting = read(sftp, handle, 1000, 1000);
    client.end();
    await expect(waiting).rejects.toThrow("No response");
    expectBytes(await readOn(await session(sandbox), FILE), BYTES);
    expect(sandbox.faults.stallAfterBytes).toBeNull();
  });

  test.for([FILE, FILE.slice(1)])("truncate makes %s look shorter", async (path) => {
    const sandbox = await start({ faults: { truncate: new Map([[path, 45_000]]) } });
    const sftp = await session(sandbox);
    expect((await stat(sftp, FILE)).size).toBe(45_000);
    expectBytes(await readOn(sftp, FILE), BYTES.subarray(0, 45_000));
    const handle = await open(sftp, FILE);
    await expect(read(sftp, handle, 45_000, 10)).resolves.toHaveLength(0);
    sandbox.faults.truncate.clear();
    expectBytes(await readOn(sftp, FILE), BYTES);
  });

  test("truncate holds for both landings", async () => {
    const sandbox = await start({ landing: "above", faults: { truncate: new Map([[FILE, 5]]) } });
    expect(await readOn(await session(sandbox), `/sub_sandbox${FILE}`)).toHaveLength(5);
  });

  test("vanish lists a file that open does not find", async () => {
    const sandbox = await start({ faults: { vanish: new Set([FILE]) } });
    const sftp = await session(sandbox);
    expect(await names(sftp, "/Export/Signals/2026-01-01")).toEqual(["a.csv.gz"]);
    await expect(open(sftp, FILE)).rejects.toMatchObject({ code: NO_SUCH_FILE });
    sandbox.faults.vanish.delete(FILE);
    await open(sftp, FILE);
  });

  test("changeWhileReading makes a file newer with its first byte read", async () => {
    const sandbox = await start({ faults: { changeWhileReading: new Set([FILE]) } });
    const sftp = await session(sandbox);
    const before = await stat(sftp, FILE);
    const handle = await open(sftp, FILE);
    expect((await stat(sftp, FILE)).mtime).toBe(before.mtime);
    await read(sftp, handle, 0, 1);
    expect((await stat(sftp, FILE)).mtime).toBeGreaterThan(before.mtime);
    expect((await call<ssh2.Stats>((done) => sftp.fstat(handle, done))).mtime).toBeGreaterThan(before.mtime);
  });

  test("refuseLogins refuses so many logins", async () => {
    const sandbox = await start({ faults: { refuseLogins: 2 } });
    for (let round = 0; round < 2; round += 1) await expect(connect(sandbox)).rejects.toThrow("authentication methods failed");
    expectBytes(await readOn(await session(sandbox), FILE), BYTES);
  });

  test("failListings fails so many listings", async () => {
    const sandbox = await start({ faults: { failListings: 1 } });
    const sftp = await session(sandbox);
    const open = () => call<Buffer>((done) => sftp.opendir("/Export/Signals", done));
    await expect(open()).rejects.toThrow("cannot be listed now");
    expect(await open()).toHaveLength(4);
  });
});

describe("start and close", () => {
  test.for<[string, Partial<SandboxOptions>]>([
    ["folder_missing", { folder: "/none" }],
    ["key_unreadable", { authorizedKeys: ["no key"] }],
    ["key_unreadable", { hostKeys: ["no key"] }],
  ])("fails with %s", async ([code, options]) => {
    await expect(start(options)).rejects.toMatchObject({ code });
  });

  test("fails with port_taken", async () => {
    const { port } = await start();
    await expect(start({ port })).rejects.toMatchObject({ code: "port_taken" });
  });

  test("close ends idle, delayed and stalled connections and gives the port back", async () => {
    const sandbox = await start({ faults: { stallAfterBytes: 10 } });
    const stalled = await session(sandbox);
    const stalledHandle = await open(stalled, FILE);
    const late = await session(sandbox);
    const lateHandle = await open(late, FILE);
    await call<Buffer>((done) => late.opendir("/", done));
    await read(stalled, stalledHandle, 0, 10);
    const waiting = [read(stalled, stalledHandle, 0, 10)];
    sandbox.faults.latencyMs = 3_600_000;
    waiting.push(read(late, lateHandle, 0, 10));
    const unanswered = Promise.allSettled(waiting);
    await Promise.all([sandbox.close(), sandbox.close()]);
    expect((await unanswered).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(sandbox.stats.openHandles).toBe(0);
    await start({ port: sandbox.port });
  });
});

test("makeKeyPair makes keys that ssh-keygen reads, each a new one", async () => {
  const keyFile = join(scratch, "made");
  const made = makeKeyPair("a comment");
  writeFileSync(keyFile, made.privateKey, { mode: 0o600 });
  const child = spawn("ssh-keygen", ["-y", "-f", keyFile]);
  const printed = (await buffer(child.stdout)).toString();
  expect(printed.split(" ").slice(0, 2)).toEqual(made.publicKey.split(" ").slice(0, 2));
  expect(made.publicKey).toMatch(/^ssh-ed25519 \S+ a comment$/);
  expect(makeKeyPair().publicKey).not.toBe(makeKeyPair().publicKey);
});

test("makeKeyPair makes keys that can be read, always", () => {
  const unreadable = Array.from({ length: 2000 }, () => makeKeyPair()).filter(({ privateKey, publicKey }) =>
    [privateKey, publicKey].some((key) => ssh2.utils.parseKey(key) instanceof Error),
  );
  expect(unreadable).toEqual([]);
});
