/**
 * How fast a file comes over SFTP: signalhouse's reader beside OpenSSH's own `sftp get` and ssh2's createReadStream, all from the same sshd,
 * each with its connection and login. Nobody writes to a disk.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { SFTPWrapper } from "ssh2";
import { readHostTrust } from "../pipeline/sftp/host-keys.ts";
import { readCredentials } from "../pipeline/sftp/keys.ts";
import { login } from "../pipeline/sftp/login.ts";
import { connectSftp, type SftpOptions } from "../pipeline/sftp/server.ts";
import { startDelayProxy } from "./delay-proxy.ts";
import { inTurn, median } from "./median.ts";
import { startSshd } from "./sshd.ts";

const MIB = 1024 * 1024;
const FOLDER = "Export/Signals";
const FILE = `${FOLDER}/bench.csv.gz`;

const CONTENDERS = { "sftp get": sftpGet, createReadStream, signalhouse };

type Contender = keyof typeof CONTENDERS;

/** A way to a server, and how much comes over it. */
interface Link {
  name: string;
  options: SftpOptions;
  /** Bytes of the file. */
  size: number;
  /** Bytes of it that createReadStream reads: with one request in flight it would take minutes over the long way. */
  sample: number;
}

/** A link and, for each contender, the median of its rounds in MB/s (10^6 bytes). */
export type SftpResult = { link: string; file: string } & Record<Contender, number>;

/** Runs it all, in about a minute. Needs sshd and sftp (apt-get install openssh-server), and 256 MiB in the folder for temporary files. */
export async function benchSftp(): Promise<SftpResult[]> {
  const sshd = await startSshd();
  try {
    const near = await compare(sshd.folder, { name: "loopback", options: sshd.options, size: 256 * MIB, sample: 256 * MIB });
    const proxy = await startDelayProxy(sshd.port, 80);
    try {
      const far = { ...sshd.options, port: proxy.port, hostKeys: sshd.fingerprints };
      return [near, await compare(sshd.folder, { name: "80 ms round trip", options: far, size: 64 * MIB, sample: 8 * MIB })];
    } finally {
      await proxy.close();
    }
  } finally {
    await sshd.close();
  }
}

async function compare(folder: string, link: Link): Promise<SftpResult> {
  const path = join(folder, FILE);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, Readable.from(random(link.size)));
  const timed = (run: (link: Link) => Promise<number>) => async () => {
    const start = performance.now();
    const bytes = await run(link);
    return bytes / 1000 / (performance.now() - start);
  };
  const speeds = await inTurn(Object.fromEntries(Object.entries(CONTENDERS).map(([name, run]) => [name, timed(run)])));
  const medians = [...speeds].map(([name, all]) => [name, Math.round(median(all) * 10) / 10] as const);
  return { link: link.name, file: `${link.size / MIB} MiB`, ...(Object.fromEntries(medians) as Record<Contender, number>) };
}

async function signalhouse({ options, size }: Link): Promise<number> {
  const server = await connectSftp(options);
  try {
    const [file] = await server.list([FOLDER]);
    if (file?.size !== size) throw new Error(`${FILE} is not there`);
    await pipeline(server.read(file), discard());
    return size;
  } finally {
    await server.close();
  }
}

async function createReadStream({ options, sample }: Link): Promise<number> {
  const { client, socket } = await login(options, await readCredentials(options), await readHostTrust(options));
  try {
    const sftp = await promisify<SFTPWrapper>((done) => client.sftp(done))();
    await pipeline(sftp.createReadStream(FILE, { end: sample - 1 }), discard());
    return sample;
  } finally {
    socket.destroy();
  }
}

async function sftpGet({ options: { host, port, user, keyFile }, size }: Link): Promise<number> {
  const settings = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"].flatMap((setting) => ["-o", setting]);
  const running = promisify(execFile)("sftp", [
    "-q",
    "-b",
    "-",
    "-F",
    "none",
    "-i",
    keyFile ?? "",
    ...settings,
    "-P",
    String(port),
    `${user}@${host}`,
  ]);
  running.child.stdin?.end(`get ${FILE} /dev/null\n`);
  await running;
  return size;
}

function discard(): Writable {
  return new Writable({ write: (_bytes, _encoding, done) => done() });
}

function* random(size: number): Generator<Buffer> {
  for (let left = size; left > 0; left -= MIB) yield randomBytes(Math.min(left, MIB));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) console.table(await benchSftp());
