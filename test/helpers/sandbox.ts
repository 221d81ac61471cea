/** A sandbox that serves export files, and a configuration that reaches it. */
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { type Config, readConfig } from "../../schemas/config.ts";
import { makeKeyPair, type Sandbox, startSandbox } from "../../samples/sandbox/sandbox.ts";
import { scratchFolder } from "./warehouse.ts";

/** Keys that log in and by which a sandbox is known: one of each is enough for all sandboxes of a test file. */
export const KEY_PAIR = makeKeyPair();
export const HOST_KEYS = [makeKeyPair().privateKey];

export interface ExportServer {
  sandbox: Sandbox;
  config: Config;
  /** What is served. */
  folder: string;
  /** Puts a file there, of this mtime (milliseconds). */
  put(path: string, bytes: string | Uint8Array, mtime: number): void;
}

/** Starts a sandbox with an empty Export/Signals; it ends with the test. */
export async function exportServer(): Promise<ExportServer> {
  const folder = scratchFolder();
  const served = join(folder, "served");
  mkdirSync(join(served, "Export/Signals"), { recursive: true });
  const keyFile = join(folder, "key");
  writeFileSync(keyFile, KEY_PAIR.privateKey, { mode: 0o600 });
  const sandbox = await startSandbox({ folder: served, authorizedKeys: [KEY_PAIR.publicKey], hostKeys: HOST_KEYS });
  onTestFinished(() => sandbox.close());
  const { host, port, user, fingerprints: hostKeys } = sandbox;
  return {
    sandbox,
    config: readConfig({ sftp: { host, port, user, keyFile, hostKeys, knownHosts: [] } }, "test"),
    folder: served,
    put: (path, bytes, mtime) => putFile(join(served, path), bytes, mtime),
  };
}

/** Writes a file and gives it an mtime (milliseconds); makes its folder where that is missing. */
export function putFile(path: string, bytes: string | Uint8Array, mtime: number): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  utimesSync(path, new Date(mtime), new Date(mtime));
}
