import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { appendFile, mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fingerprint } from "../../../pipeline/sftp/host-keys.ts";
import { connectSftp, type RemoteFile, type SftpOptions, type SftpServer } from "../../../pipeline/sftp/server.ts";
import { makeKeyPair, startSandbox, type Sandbox } from "../../../samples/sandbox/sandbox.ts";
import { failureOf } from "../../helpers/errors.ts";
import { startPoorServer, type PoorServer } from "../../helpers/poor-server.ts";
import { startProxy } from "../../helpers/proxy.ts";
import { SFTP_SERVER, sftpDefaults, sshdMissing, startSshd, type Sshd } from "../../helpers/sshd.ts";
import { often } from "../../helpers/often.ts";
import { scratchFolder } from "../../helpers/warehouse.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const NAME = "Export/Signals/a.csv.gz";

/** What a test started, ended in turn. */
const started: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of started.splice(0).toReversed()) await end();
});

async function connect(options: SftpOptions): Promise<SftpServer> {
  const server = await connectSftp(options);
  started.push(() => server.close());
  return server;
}

async function put(folder: string, content: Buffer, path = NAME): Promise<void> {
  const file = join(folder, path);
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, content);
}

async function fileOf(server: SftpServer): Promise<RemoteFile> {
  const [file] = await server.list(["Export/Signals"]);
  if (!file) throw new Error("there is no file");
  return file;
}

describe("from the sandbox", () => {
  let sandbox: Sandbox;
  let folder: string;
  let options: SftpOptions;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "signalhouse-reader-"));
    started.push(() => rm(folder, { recursive: true }));
    const { privateKey, publicKey } = makeKeyPair();
    await writeFile(join(folder, "id"), privateKey, { mode: 0o600 });
    await mkdir(join(folder, "files"));
    sandbox = await startSandbox({ folder: join(folder, "files"), authorizedKeys: [publicKey] });
    started.push(() => sandbox.close());
    const { host, port, user, fingerprints } = sandbox;
    options = { ...sftpDefaults(), host, port, user, hostKeys: fingerprints, keyFile: join(folder, "id") };
  });

  const write = (content: Buffer, path = NAME) => put(join(folder, "files"), content, path);

  test.each([0, 1, 31 * KIB, 31 * KIB + 1, 3 * MIB + 7])("a file of %i bytes", async (size) => {
    const content = randomBytes(size);
    await write(content);
    const server = await connect(options);
    expect(content.equals(await buffer(server.read(await fileOf(server))))).toBe(true);
    expect(await server.stat(NAME)).toEqual(await fileOf(server));
  });

  test("over several channels where the way is long, and closes what it opened", async () => {
    const content = randomBytes(2 * MIB);
    await write(content);
    sandbox.faults.latencyMs = 25;
    const server = await connect({ ...options, pace: { ...options.pace, windowBytes: 128 * KIB } });
    const file = await fileOf(server);
    expect(content.equals(await buffer(server.read(file)))).toBe(true);
    expect(sandbox.stats.opens).toBeGreaterThan(1);
    expect(sandbox.stats.opens).toBeLessThanOrEqual(8);
    await server.close();
    await settled(() => sandbox.stats.openHandles === 0);
  });

  test("several files at once, and a listing between them", async () => {
    const contents = [randomBytes(MIB), randomBytes(MIB), randomBytes(MIB)];
    await Promise.all(contents.map((content, number) => write(content, `Export/Signals/${number}.csv.gz`)));
    const server = await connect(options);
    const files = await server.list(["Export"]);
    const [listed, ...read] = await Promise.all([server.list(["Export"]), ...files.map((file) => buffer(server.read(file)))]);
    expect(listed).toEqual(files);
    expect(read.map((bytes, number) => contents[number]?.equals(bytes))).toEqual([true, true, true]);
    expect(sandbox.stats.connections).toBe(1);
  });

  test("takes up a stalled file where it stopped", async () => {
    const content = randomBytes(MIB);
    await write(content);
    const server = await connect({ ...options, timeoutSeconds: 0.25 });
    const file = await fileOf(server);
    sandbox.faults.stallAfterBytes = 300 * KIB;
    expect(content.equals(await buffer(server.read(file)))).toBe(true);
    expect(sandbox.stats.connections).toBe(2);
    expect(sandbox.stats.bytesServed).toBeLessThan(2 * MIB);
  });

  test("gives up a server that stalls every time", async () => {
    await write(randomBytes(MIB));
    let attempts = 0;
    const log = (line: string) => {
      if (!line.startsWith("connected")) return;
      attempts += 1;
      sandbox.faults.stallAfterBytes = 0;
    };
    const server = await connect({ ...options, timeoutSeconds: 0.2, retries: 2, log });
    const error = await failureOf(buffer(server.read(await fileOf(server))));
    expect(error).toMatchObject({ code: "server_stalled", message: expect.stringContaining(`at byte 0 of ${MIB} of ${NAME}`) as string });
    expect(attempts).toBe(3);
  });

  test("gives up a connection that is lost every time", async () => {
    await write(randomBytes(MIB));
    const server = await connect({ ...options, retries: 3 });
    const file = await fileOf(server);
    sandbox.faults.dropAfterBytes = Array.from({ length: 20 }, () => 0);
    expect(await failureOf(buffer(server.read(file)))).toMatchObject({ code: "connection_lost", retryable: true });
    expect(sandbox.faults.dropAfterBytes).toHaveLength(16);
  });

  test("goes on for as long as bytes come, however often the connection is lost", async () => {
    const content = randomBytes(MIB);
    await write(content);
    const server = await connect({ ...options, retries: 1 });
    const file = await fileOf(server);
    sandbox.faults.dropAfterBytes = Array.from({ length: 20 }, () => 40 * KIB);
    expect(content.equals(await buffer(server.read(file)))).toBe(true);
    expect(sandbox.stats.connections).toBeGreaterThan(15);
  });

  test("a file that vanished", async () => {
    await write(randomBytes(KIB));
    const server = await connect(options);
    const file = await fileOf(server);
    sandbox.faults.vanish.add(NAME);
    expect(await failureOf(buffer(server.read(file)))).toMatchObject({ code: "file_missing", message: expect.stringContaining(NAME) as string });
  });

  test.each([
    { name: "its time moves while it is read", change: () => void sandbox.faults.changeWhileReading.add(NAME) },
    { name: "it is shorter than it was listed", change: () => void sandbox.faults.truncate.set(NAME, 100 * KIB) },
  ])("a changed file: $name", async ({ change }) => {
    await write(randomBytes(MIB));
    const server = await connect(options);
    const file = await fileOf(server);
    change();
    expect(await failureOf(buffer(server.read(file)))).toMatchObject({ code: "file_changed", message: expect.stringContaining(NAME) as string });
  });

  test("not a byte of a file that changed since it was listed", async () => {
    await write(randomBytes(MIB));
    const server = await connect(options);
    const stream = server.read({ ...(await fileOf(server)), mtime: 0 });
    const chunks: unknown[] = [];
    stream.on("data", (chunk) => chunks.push(chunk));
    await expect(once(stream, "end")).rejects.toMatchObject({ code: "file_changed" });
    expect(chunks).toEqual([]);
  });

  test("a file that changes while the connection is down", async () => {
    await write(randomBytes(MIB));
    const server = await connect(options);
    const file = await fileOf(server);
    const stream = server.read(file);
    sandbox.faults.dropAfterBytes = [200 * KIB];
    await once(stream, "readable");
    await utimes(join(folder, "files", NAME), 1, 1);
    expect(await failureOf(buffer(stream))).toMatchObject({ code: "file_changed" });
  });

  test("stops at once when it is aborted, even where the server says nothing", async () => {
    await write(randomBytes(MIB));
    const server = await connect(options);
    const file = await fileOf(server);
    sandbox.faults.stallAfterBytes = 100 * KIB;
    const stop = new AbortController();
    const stream = server.read(file, stop.signal);
    await once(stream, "readable");
    const reason = new Error("enough");
    stop.abort(reason);
    await expect(buffer(stream)).rejects.toMatchObject({ name: "AbortError", cause: reason });
    // Nothing of it is left on the connection, which serves on.
    sandbox.faults.stallAfterBytes = null;
    expect(await server.stat(NAME)).toEqual(file);
    await settled(() => sandbox.stats.openHandles === 0);
  });

  test("closes its handle when it is destroyed halfway, and the connection serves on", async () => {
    // More than can be under way, however slow the machine makes the round trip seem.
    await write(randomBytes(32 * MIB));
    const server = await connect(options);
    const file = await fileOf(server);
    for await (const chunk of server.read(file)) {
      expect(chunk).toBeInstanceOf(Buffer);
      break;
    }
    expect(await server.stat(NAME)).toEqual(file);
    await settled(() => sandbox.stats.openHandles === 0);
    expect(sandbox.stats.connections).toBe(1);
    expect(sandbox.stats.bytesServed).toBeLessThan(32 * MIB);
  });

  test("ends with the connection when that is closed", async () => {
    await write(randomBytes(4 * MIB));
    const server = await connect(options);
    const stream = server.read(await fileOf(server));
    await once(stream, "readable");
    await server.close();
    await expect(buffer(stream)).rejects.toMatchObject({ name: "AbortError" });
    expect(sandbox.stats.connections).toBe(1);
  });

  test("waits in vain for a new connection no longer than until it is aborted", async () => {
    await write(randomBytes(MIB));
    const stop = new AbortController();
    const reason = new Error("enough");
    const log = (line: string) => (line.includes("connecting again") ? stop.abort(reason) : undefined);
    const server = await connect({ ...options, log, pace: { backoffMs: 60_000 } });
    const stream = server.read(await fileOf(server), stop.signal);
    sandbox.faults.dropAfterBytes = [0];
    await expect(buffer(stream)).rejects.toMatchObject({ name: "AbortError", cause: reason });
  });
});

describe("from a poor server", () => {
  async function serve(
    content: Buffer,
    talents: { most?: number; claimed?: number; patient?: boolean },
  ): Promise<{ poor: PoorServer; server: SftpServer }> {
    const folder = await mkdtemp(join(tmpdir(), "signalhouse-reader-"));
    started.push(() => rm(folder, { recursive: true }));
    const key = makeKeyPair();
    await writeFile(join(folder, "id"), key.privateKey, { mode: 0o600 });
    const poor = await startPoorServer(key.privateKey, content, talents);
    started.push(() => poor.close());
    const hostKeys = [fingerprint(Buffer.from(key.publicKey.split(" ")[1] ?? "", "base64"))];
    const server = await connect({
      ...sftpDefaults(),
      host: "127.0.0.1",
      port: poor.port,
      user: "analyst",
      hostKeys,
      keyFile: join(folder, "id"),
      root: "/",
    });
    return { poor, server };
  }

  test.each([1000, 20_000, 31_743])("that gives %i bytes at most", async (most) => {
    const content = randomBytes(200 * KIB);
    const { server } = await serve(content, { most });
    expect(content.equals(await buffer(server.read(await server.stat(NAME))))).toBe(true);
  });

  test("that has less than it says", async () => {
    const { server } = await serve(randomBytes(100 * KIB), { claimed: 100 * KIB + 1 });
    const error = await failureOf(buffer(server.read(await server.stat(NAME))));
    expect(error).toMatchObject({ code: "file_changed", message: expect.stringContaining(`byte ${100 * KIB},`) as string });
  });

  test("that takes one read at a time", async () => {
    const content = randomBytes(400 * KIB);
    const { poor, server } = await serve(content, { patient: false });
    expect(content.equals(await buffer(server.read(await server.stat(NAME))))).toBe(true);
    expect(poor.reads).toBeGreaterThan(400 / 31);
  });
});

describe.skipIf(sshdMissing)("from OpenSSH", () => {
  let sshd: Sshd;

  beforeEach(async () => {
    sshd = await startSshd();
    started.push(() => sshd.close());
  });

  async function throughProxy(given: Partial<SftpOptions> = {}) {
    const proxy = await startProxy(sshd.port);
    started.push(() => proxy.close());
    return { proxy, options: { ...sshd.options, port: proxy.port, hostKeys: sshd.fingerprints, ...given } };
  }

  test("whatever byte the connection is cut at, the content is the same", { tags: "long" }, async () => {
    const content = randomBytes(2 * MIB);
    await put(sshd.folder, content);
    const { proxy, options } = await throughProxy();
    const server = await connect(options);
    const file = await fileOf(server);
    const cut = fc.oneof(fc.integer({ min: 1, max: 8 * KIB }), fc.integer({ min: 1, max: 3 * MIB }));
    await fc.assert(
      fc.asyncProperty(fc.array(cut, { minLength: 1, maxLength: 6 }), async (cuts) => {
        proxy.cuts = [...cuts];
        expect(content.equals(await buffer(server.read(file)))).toBe(true);
      }),
      { numRuns: often(4, 12), endOnFailure: true },
    );
  });

  test("a connection that is cut while it is being made, at every step of that", { tags: "long" }, async () => {
    const content = randomBytes(300 * KIB);
    await put(sshd.folder, content);
    const { proxy, options } = await throughProxy();
    const server = await connect(options);
    const file = await fileOf(server);
    // The login takes about 2,500 bytes, then the SFTP session begins.
    for (let bytes = 2000; bytes < 3500; bytes += often(150, 50)) {
      proxy.cuts = [100 * KIB, bytes];
      expect(content.equals(await buffer(server.read(file)))).toBe(true);
      expect(proxy.cuts).toEqual([]);
    }
  });

  test("a connection that always breaks before a large request is answered", async () => {
    const content = randomBytes(MIB);
    await put(sshd.folder, content);
    const { proxy, options } = await throughProxy({ retries: 1 });
    const server = await connect(options);
    const file = await fileOf(server);
    proxy.cuts = Array.from({ length: 8 }, () => 100 * KIB);
    expect(content.equals(await buffer(server.read(file)))).toBe(true);
    expect(proxy.cuts).toEqual([]);
  });

  test("over several channels, whatever byte the connection is cut at", async () => {
    const content = randomBytes(2 * MIB);
    await put(sshd.folder, content);
    const { proxy, options } = await throughProxy({ pace: { backoffMs: 1, windowBytes: 256 * KIB } });
    proxy.delayMs = 10;
    const server = await connect(options);
    const file = await fileOf(server);
    proxy.cuts = [300_000, 7, 700_000, 5000];
    expect(content.equals(await buffer(server.read(file)))).toBe(true);
    expect(proxy.cuts).toEqual([]);
  });

  test.each([
    { name: "refuses more", settings: () => ["MaxSessions 1"] },
    { name: "runs its program once only", settings: () => [`Subsystem sftp mkdir ${join(scratchFolder(), "runs")} && exec ${SFTP_SERVER}`] },
  ])("through fewer channels than it would like, where the server $name", async ({ settings }) => {
    const few = await startSshd(["ed25519"], settings());
    started.push(() => few.close());
    const proxy = await startProxy(few.port);
    started.push(() => proxy.close());
    proxy.delayMs = 15;
    const content = randomBytes(MIB);
    await put(few.folder, content);
    const reached = { ...few.options, port: proxy.port, hostKeys: few.fingerprints, root: few.folder };
    const server = await connect({ ...reached, pace: { windowBytes: 64 * KIB }, retries: 0 });
    expect(content.equals(await buffer(server.read(await fileOf(server))))).toBe(true);
    expect(proxy.connections).toBe(1);
  });

  test("no faster than it is taken", async () => {
    const windowBytes = 256 * KIB;
    const content = randomBytes(8 * MIB);
    await put(sshd.folder, content);
    const { proxy, options } = await throughProxy({ pace: { windowBytes, maxChannels: 1 } });
    const server = await connect(options);
    const file = await fileOf(server);
    const before = proxy.received;
    const stream = server.read(file);
    const chunks: Buffer[] = [];
    for (let taken = 0; taken < 5; taken += 1) chunks.push(await next(stream));
    // OpenSSH answers in order: when this answer is here, so is everything that was asked before it.
    await server.stat(NAME);
    const taken = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    expect(proxy.received - before).toBeLessThan(taken + 2 * windowBytes);
    expect(content.equals(Buffer.concat([...chunks, await buffer(stream)]))).toBe(true);
  });

  test("a file that was deleted after it was listed", async () => {
    await put(sshd.folder, randomBytes(KIB));
    const server = await connect(sshd.options);
    const file = await fileOf(server);
    await rm(join(sshd.folder, NAME));
    expect(await failureOf(buffer(server.read(file)))).toMatchObject({ code: "file_missing" });
    expect(await failureOf(server.stat(NAME))).toMatchObject({ code: "file_missing" });
  });

  test("a file that grows while it is read", async () => {
    await put(sshd.folder, randomBytes(8 * MIB));
    const server = await connect({ ...sshd.options, pace: { windowBytes: 256 * KIB } });
    const stream = server.read(await fileOf(server));
    const first = await next(stream);
    expect(first.length).toBeGreaterThan(0);
    await appendFile(join(sshd.folder, NAME), "more");
    expect(await failureOf(buffer(stream))).toMatchObject({ code: "file_changed" });
  });

  test("and leaves no socket behind when it is destroyed", async () => {
    const sockets = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
    const before = sockets();
    await put(sshd.folder, randomBytes(8 * MIB));
    const server = await connectSftp(sshd.options);
    const stream = server.read(await fileOf(server));
    await next(stream);
    stream.destroy();
    await once(stream, "close");
    await server.close();
    await settled(() => sockets() <= before);
    expect(sockets()).toBe(before);
  });
});

/** The next chunk of a stream that is read by hand. */
async function next(stream: Readable): Promise<Buffer> {
  for (;;) {
    const chunk = stream.read() as Buffer | null;
    if (chunk) return chunk;
    await once(stream, "readable");
  }
}

/** Waits until something is so; where it never is, the test times out. */
async function settled(is: () => boolean): Promise<void> {
  while (!is()) await new Promise(setImmediate);
}
