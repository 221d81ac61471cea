import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { connectSftp, type SftpOptions, type SftpServer } from "../../../pipeline/sftp/server.ts";
import { makeKeyPair, type Sandbox, startSandbox } from "../../../samples/sandbox/sandbox.ts";
import { failureOf } from "../../helpers/errors.ts";
import { startProxy } from "../../helpers/proxy.ts";
import { sftpDefaults, sshdMissing, startSshd } from "../../helpers/sshd.ts";

/** What a test started, ended in turn. */
const started: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of started.splice(0).toReversed()) await end();
});

const CONTENT = randomBytes(3_000_001);
const sha = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** The content, in pieces that fit no request. */
async function* pieces(content: Buffer = CONTENT, size = 70_001): AsyncGenerator<Buffer, undefined> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

async function connect(options: SftpOptions): Promise<SftpServer> {
  const server = await connectSftp(options);
  started.push(() => server.close());
  return server;
}

async function sandboxed(): Promise<{ sandbox: Sandbox; options: SftpOptions; files: string }> {
  const folder = await mkdtemp(join(tmpdir(), "signalhouse-writer-"));
  started.push(() => rm(folder, { recursive: true }));
  const { privateKey, publicKey } = makeKeyPair();
  await writeFile(join(folder, "id"), privateKey, { mode: 0o600 });
  const files = join(folder, "files");
  await mkdir(files);
  const sandbox = await startSandbox({ folder: files, authorizedKeys: [publicKey] });
  started.push(() => sandbox.close());
  const { host, port, user, fingerprints } = sandbox;
  return { sandbox, files, options: { ...sftpDefaults(), host, port, user, keyFile: join(folder, "id"), hostKeys: fingerprints } };
}

describe("writing to the sandbox, which takes only what S3 takes", () => {
  test("makes the folders, and writes every byte in its place", async () => {
    const { options, files } = await sandboxed();
    const server = await connect(options);
    expect(await server.write("a/b/c.csv", () => pieces())).toBe(CONTENT.length);
    expect(sha(await readFile(join(files, "a/b/c.csv")))).toBe(sha(CONTENT));
    expect(await server.write("a/b/d.csv", () => pieces(CONTENT, 1000))).toBe(CONTENT.length);
    expect(await readdir(join(files, "a/b"))).toEqual(["c.csv", "d.csv"]);
  });

  test("writes an empty file", async () => {
    const { options, files } = await sandboxed();
    const server = await connect(options);
    expect(await server.write("empty.csv", () => pieces(Buffer.alloc(0)))).toBe(0);
    expect(await readFile(join(files, "empty.csv"))).toHaveLength(0);
  });

  test("begins anew where the line breaks", async () => {
    const { options, files } = await sandboxed();
    const proxy = await startProxy(options.port);
    started.push(() => proxy.close());
    const server = await connect({ ...options, port: proxy.port, retries: 3 });
    let attempts = 0;
    let cut = false;
    const source = async function* () {
      attempts += 1;
      for await (const piece of pieces()) {
        if (!cut) proxy.cuts.push(proxy.received + 1);
        cut = true;
        yield piece;
      }
    };
    expect(await server.write("c.csv", source)).toBe(CONTENT.length);
    expect(attempts).toBe(2);
    expect(sha(await readFile(join(files, "c.csv")))).toBe(sha(CONTENT));
  });

  test("gives what the source throws, and what was sent can be taken away", async () => {
    const { options, files } = await sandboxed();
    const server = await connect(options);
    const source = async function* () {
      yield CONTENT.subarray(0, 100);
      throw new Error("the source is broken");
    };
    await expect(server.write("c.csv", source)).rejects.toThrow("the source is broken");
    await server.remove("c.csv");
    await server.remove("c.csv"); // that there is none is as good
    expect((await readdir(files)).filter((name) => !name.startsWith("."))).toEqual([]);
  });

  test("stops where it is aborted", async () => {
    const { options } = await sandboxed();
    const server = await connect(options);
    const stop = new AbortController();
    const source = async function* () {
      yield CONTENT.subarray(0, 100);
      stop.abort(new Error("enough"));
      yield CONTENT;
    };
    await expect(server.write("c.csv", source, stop.signal)).rejects.toThrow("enough");
  });

  test("says where the file is not as long as what was sent", async () => {
    const { options, sandbox } = await sandboxed();
    const server = await connect(options);
    const source = async function* () {
      yield CONTENT;
      sandbox.faults.truncate.set("c.csv", 1000);
    };
    const failure = await failureOf(server.write("c.csv", source));
    expect(failure.code).toBe("upload_failed");
    expect(failure.message).toContain("c.csv has 1000 bytes on the server after 3000001 were sent");
  });
});

describe.skipIf(sshdMissing)("writing to OpenSSH", () => {
  test("the same bytes, in folders that it made", async () => {
    const sshd = await startSshd();
    started.push(() => sshd.close());
    const server = await connect({ ...sshd.options, hostKeys: sshd.fingerprints });
    expect(await server.write("Reference sets/a/c.csv", () => pieces())).toBe(CONTENT.length);
    expect(sha(await readFile(join(sshd.folder, "Reference sets/a/c.csv")))).toBe(sha(CONTENT));
    await server.remove("Reference sets/a/c.csv");
    expect(await readdir(join(sshd.folder, "Reference sets/a"))).toEqual([]);
  });
});
