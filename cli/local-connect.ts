/** A folder with everything for a sandbox that is reached as Connect is: key, configuration, sample exports. For `sandbox` and `demo`. */
import { copyFile, mkdir, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Clock } from "../pipeline/common/clock.ts";
import { makeKeyPair, type Sandbox, startSandbox } from "../samples/sandbox/sandbox.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import { isOwn } from "../sinks/is-own.ts";
import { replaceFile, writeRefused } from "../sinks/whole-file.ts";
import { CONFIG_FILE } from "./config-file.ts";
import { packageRoot } from "../pipeline/common/package.ts";

const ELSEWHERE = "Name another folder with --out.";

/**
 * Makes a folder the demo's or a sandbox's, which a marker file says. It is new, empty, or was so before: the demo then starts it anew,
 * a sandbox keeps what is there.
 * @throws SignalhouseError usage where it holds something else, is another user's, or cannot be made; disk_full
 */
export async function claimFolder(folder: string, use: "demo" | "sandbox"): Promise<void> {
  const marker = `.signalhouse-${use}`;
  try {
    await mkdir(folder, { recursive: true });
    const names = await readdir(folder);
    // Another user may have left a folder with a marker in it, and may exchange what is to be emptied.
    const fault = names.includes(marker)
      ? !isOwn(await stat(folder)) && "belongs to another user"
      : names.length > 0 && `was not made by signalhouse ${use}`;
    if (fault) throw new SignalhouseError("usage", `${folder} is there already, and ${fault}`, "Move it away, or name another folder with --out.");
    // The marker stays, so that a folder that was not wholly emptied can still be claimed.
    if (use === "demo") for (const name of names.filter((name) => name !== marker)) await rm(join(folder, name), { recursive: true });
    await replaceFile(
      join(folder, marker),
      `signalhouse ${use} made this folder${use === "demo" ? ", and empties it when it is run again" : ""}.\n`,
      0o644,
    );
  } catch (error) {
    throw writeRefused(folder, error, ELSEWHERE);
  }
}

/**
 * Copies the sample exports, with the times at which they were written: a checkout does not keep them.
 * @throws SignalhouseError usage where they cannot be written, disk_full
 */
export async function copySampleExports(to: string): Promise<void> {
  const from = join(packageRoot(), "samples", "exports");
  const { files } = JSON.parse(await readFile(join(from, "truth.json"), "utf8")) as { files: { path: string; mtime: string }[] };
  try {
    for (const { path, mtime } of files) {
      await mkdir(dirname(join(to, path)), { recursive: true });
      await copyFile(join(from, path), join(to, path));
      await utimes(join(to, path), new Date(mtime), new Date(mtime));
    }
  } catch (error) {
    throw writeRefused(to, error, ELSEWHERE);
  }
}

export interface LocalConnect {
  sandbox: Sandbox;
  api: NonNullable<Sandbox["api"]>;
  /** A configuration that reaches the sandbox. */
  configFile: string;
}

interface Pace {
  /** Of SFTP and of the API; free ones by default. */
  port?: number;
  apiPort?: number;
  /** The API's. */
  clock: Clock;
  /** After how long the file of an export comes. */
  delayMs: number;
  /** How often it is looked for. */
  pollSeconds: number;
}

/**
 * Starts a sandbox, and writes a key that may log in, the API key and a configuration with the pinned host key into `folder`, over those of an earlier start.
 * The caller closes the sandbox.
 * @param folder absolute, as is `exports`, the folder that is served
 * @throws SignalhouseError folder_missing, port_taken
 */
export async function startLocalConnect(
  folder: string,
  exports: string,
  { port = 0, apiPort = 0, clock, delayMs, pollSeconds }: Pace,
): Promise<LocalConnect> {
  const { privateKey, publicKey } = makeKeyPair();
  const sandbox = await startSandbox({
    folder: exports,
    port,
    authorizedKeys: [publicKey],
    api: { port: apiPort, clock, delayMs, rowsPerDay: 600 },
  });
  const api = sandbox.api as NonNullable<typeof sandbox.api>;
  const configFile = join(folder, CONFIG_FILE);
  const keyFile = join(folder, "id_ed25519");
  const apiKeyFile = join(folder, "api-key");
  const config = {
    sftp: { host: sandbox.host, port: sandbox.port, user: sandbox.user, keyFile: "id_ed25519", hostKeys: sandbox.fingerprints },
    api: { endpoint: api.url, keyFile: "api-key", keyFileOnly: true },
    exports: { pollSeconds },
    warehouse: "signals.duckdb",
  };
  try {
    await replaceFile(keyFile, privateKey, 0o600);
    await replaceFile(`${keyFile}.pub`, `${publicKey}\n`, 0o644);
    await replaceFile(apiKeyFile, `${api.key}\n`, 0o600);
    const text = `// For the sandbox that wrote it; key and host key are new whenever it starts.\n${JSON.stringify(config, null, 2)}\n`;
    await replaceFile(configFile, text, 0o644);
  } catch (error) {
    await sandbox.close();
    throw writeRefused(folder, error, ELSEWHERE);
  }
  return { sandbox, api, configFile };
}
