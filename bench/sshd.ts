/** A real OpenSSH server, for benchmarks and tests. It listens on 127.0.0.1 only and lets the current user in, by key. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { mkdirSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { SftpOptions } from "../pipeline/sftp/options.ts";

export const SSHD = "/usr/sbin/sshd";

export interface Sshd {
  host: "127.0.0.1";
  port: number;
  user: string;
  /** Where everything is: keys, known_hosts, and the served folder. */
  dir: string;
  /** The folder where a login lands. */
  folder: string;
  /** The private key that may log in. */
  keyFile: string;
  /** Names the server's keys, in plain text. */
  knownHosts: string;
  /** The server's keys as `SHA256:…`. */
  fingerprints: string[];
  /** What the server says of itself, line by line. */
  log: readonly string[];
  /** Options that connect as they should. */
  options: SftpOptions;
  /** Ends the server and removes its folder. Sessions end when their clients do. */
  close(): Promise<void>;
}

/** Makes a key pair; `file` and `file.pub`. */
export function makeKey(file: string, type = "ed25519", passphrase = ""): void {
  execFileSync("ssh-keygen", ["-q", "-t", type, ...(type === "rsa" ? ["-b", "2048"] : []), "-N", passphrase, "-C", "test", "-f", file]);
}

/** `SHA256:…` of a public key file, as ssh-keygen says it. */
export function fingerprintOf(publicKeyFile: string): string {
  return execFileSync("ssh-keygen", ["-lf", publicKeyFile], { encoding: "utf8" }).split(" ")[1] ?? "";
}

/**
 * @param hostKeyTypes the kinds of host keys that the server has
 * @param settings more lines of sshd_config, in place of those of the same name
 */
export async function startSshd(hostKeyTypes: readonly string[] = ["ed25519"], settings: readonly string[] = []): Promise<Sshd> {
  const dir = await mkdtemp(join(tmpdir(), "signalhouse-sshd-"));
  const at = (name: string) => join(dir, name);
  await mkdir(at("files"));
  for (const type of hostKeyTypes) makeKey(at(`host_${type}`), type);
  makeKey(at("id"));
  await writeFile(at("authorized_keys"), await readFile(at("id.pub")));
  // sshd wants this folder when it runs as root.
  if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true });
  const port = await freePort();
  const defaults = [
    `ListenAddress 127.0.0.1:${port}`,
    ...hostKeyTypes.map((type) => `HostKey ${at(`host_${type}`)}`),
    `AuthorizedKeysFile ${at("authorized_keys")}`,
    `PidFile none`,
    "StrictModes no",
    "UsePAM no",
    "PermitRootLogin yes",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "MaxStartups 100",
    `Subsystem sftp internal-sftp -d ${at("files")}`,
  ];
  const nameOf = (line: string) => line.split(" ")[0];
  const config = [...settings, ...defaults.filter((line) => !settings.some((setting) => nameOf(setting) === nameOf(line)))];
  await writeFile(at("sshd_config"), `${config.join("\n")}\n`);
  const server = spawn(SSHD, ["-D", "-e", "-f", at("sshd_config")], { stdio: ["ignore", "ignore", "pipe"] });
  const log = await listening(server);
  const hostKeys = await Promise.all(hostKeyTypes.map((type) => readFile(at(`host_${type}.pub`), "utf8")));
  await writeFile(at("known_hosts"), hostKeys.map((key) => `[127.0.0.1]:${port} ${key}`).join(""));
  await chmod(at("id"), 0o600);
  const user = userInfo().username;
  const base = { host: "127.0.0.1", port, user } as const;
  return {
    ...base,
    dir,
    folder: at("files"),
    keyFile: at("id"),
    knownHosts: at("known_hosts"),
    fingerprints: hostKeyTypes.map((type) => fingerprintOf(at(`host_${type}.pub`))),
    log,
    options: { ...base, ...sftpDefaults(), keyFile: at("id"), knownHosts: [at("known_hosts")] },
    async close() {
      const ended = once(server, "exit");
      server.kill();
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** What a configuration has by default, but quicker to give up. */
export function sftpDefaults(): Pick<
  SftpOptions,
  "agent" | "identitiesOnly" | "hostKeys" | "knownHosts" | "folders" | "timeoutSeconds" | "retries" | "pace"
> {
  return {
    agent: false,
    identitiesOnly: false,
    hostKeys: [],
    knownHosts: [],
    folders: ["Export/Signals"],
    timeoutSeconds: 20,
    retries: 8,
    pace: { backoffMs: 1 },
  };
}

/** Waits until it listens. Returns its log, which goes on growing. */
async function listening(server: ChildProcess): Promise<readonly string[]> {
  const log: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: server.stderr! }).on("line", (line) => {
      log.push(line);
      if (line.includes("Server listening")) resolve();
    });
    server.once("error", reject).once("exit", () => reject(new Error(`sshd ended: ${log.join("; ")}`)));
  });
  return log;
}

/** sshd cannot choose a port itself. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
