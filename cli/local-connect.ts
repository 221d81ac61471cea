/** A folder with everything for a sandbox that is reached as Connect is: key, configuration, sample exports. For `sandbox` and `demo`. */
import { copyFile, mkdir, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { makeKeyPair, type Sandbox, startSandbox } from "../samples/sandbox/sandbox.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import { CONFIG_FILE } from "./config-file.ts";
import { packageRoot } from "./package.ts";

/** Says that a folder was made by signalhouse, and so may be written to again. */
const MARKER = ".signalhouse";

/**
 * Makes a folder ours: it is new, empty, or was ours before.
 * @param keep what to do with what is there from before
 * @throws SignalhouseError usage where it holds something else
 */
export async function claimFolder(folder: string, keep: "keep" | "start anew"): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = await readdir(folder);
  if (names.length > 0 && !names.includes(MARKER)) {
    throw new SignalhouseError("usage", `${folder} is there already, and is not signalhouse's`, "Move it away, or name another folder with --out.");
  }
  // The marker goes last, so that a folder that was not wholly emptied is still ours.
  if (keep === "start anew") for (const name of names.filter((name) => name !== MARKER)) await rm(join(folder, name), { recursive: true });
  await writeFile(join(folder, MARKER), "This folder was made by signalhouse. `signalhouse demo` empties it when it is run again.\n");
}

/** Copies the sample exports, with the times at which they were written: a checkout does not keep them. */
export async function copySampleExports(to: string): Promise<void> {
  const from = join(packageRoot(), "samples", "exports");
  const { files } = JSON.parse(await readFile(join(from, "truth.json"), "utf8")) as { files: { path: string; mtime: string }[] };
  for (const { path, mtime } of files) {
    await mkdir(dirname(join(to, path)), { recursive: true });
    await copyFile(join(from, path), join(to, path));
    await utimes(join(to, path), new Date(mtime), new Date(mtime));
  }
}

export interface LocalConnect {
  sandbox: Sandbox;
  /** A configuration that reaches the sandbox. */
  configFile: string;
}

/**
 * Starts a sandbox, and writes a key that may log in and a configuration with the pinned host key into `folder`, over those of an earlier start.
 * The caller closes the sandbox.
 * @param exports the folder that is served
 * @throws SignalhouseError folder_missing, port_taken
 */
export async function startLocalConnect(folder: string, exports: string, port: number): Promise<LocalConnect> {
  const { privateKey, publicKey } = makeKeyPair();
  const sandbox = await startSandbox({ folder: resolve(exports), port, authorizedKeys: [publicKey] });
  const configFile = join(folder, CONFIG_FILE);
  const keyFile = join(folder, "id_ed25519");
  const config = {
    sftp: { host: sandbox.host, port: sandbox.port, user: sandbox.user, keyFile: "id_ed25519", hostKeys: sandbox.fingerprints },
    warehouse: "signals.duckdb",
  };
  try {
    await rm(keyFile, { force: true });
    await writeFile(keyFile, privateKey, { mode: 0o600 });
    await writeFile(`${keyFile}.pub`, `${publicKey}\n`);
    await writeFile(configFile, `// For the sandbox that wrote it; key and host key are new whenever it starts.\n${JSON.stringify(config, null, 2)}\n`);
  } catch (error) {
    await sandbox.close();
    throw error;
  }
  return { sandbox, configFile };
}
