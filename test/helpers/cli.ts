/** The built command line, run as users run it: as a process of its own. `npm run build` makes it. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { generateExports } from "../../samples/generator/exports.ts";
import type { Truth } from "../../samples/generator/truth.ts";
import { makeKeyPair, type Sandbox, startSandbox } from "../../samples/sandbox/sandbox.ts";
import type { ConfigInput } from "../../schemas/config.ts";
import { scratchFolder } from "./warehouse.ts";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface Ended {
  /** Null where a signal killed it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  cwd: string;
  env?: Record<string, string>;
  /** Standard input; it stays open after it where `keepOpen` is set. */
  input?: string | Uint8Array;
  keepOpen?: boolean;
}

export interface Running {
  child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** When `pattern` has been printed, on stdout or stderr: all that was printed until then. */
  said: (pattern: RegExp) => Promise<string>;
  ended: Promise<Ended>;
}

/** Starts the command line; it is killed where it still runs when the test is over. */
export function startCli(args: readonly string[], { cwd, env = {}, input = "", keepOpen = false }: CliOptions): Running {
  // Nothing of this machine's own: no agent, no known_hosts, no npm.
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", HOME: cwd, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdin.on("error", () => undefined).write(input);
  if (!keepOpen) child.stdin.end();
  const printed = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (printed.stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (printed.stderr += chunk));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, ...printed }));
  const all = () => printed.stderr + printed.stdout;
  const said = async (pattern: RegExp) => {
    let over = false;
    while (!pattern.test(all())) {
      if (over) throw new Error(`it ended without saying ${pattern}: ${all()}`);
      over = await Promise.race([once(child.stdout, "data").then(() => false), once(child.stderr, "data").then(() => false), ended.then(() => true)]);
    }
    return all();
  };
  return { child, said, ended };
}

/** Runs the command line to its end. */
export function cli(args: readonly string[], options: CliOptions): Promise<Ended> {
  return startCli(args, options).ended;
}

export interface Workplace {
  /** Has the configuration, and the key. */
  folder: string;
  /** What the sandbox serves. */
  exports: string;
  sandbox: Sandbox;
  /** About what is served. */
  truth: Truth;
  config: ConfigInput;
}

/** A folder from which a sandbox with small exports is reached, as a user's would be. All of it is gone when the test is over. */
export async function workplace({
  files = 2,
  rows = 60,
  sftp = {},
}: { files?: number; rows?: number; sftp?: Partial<ConfigInput["sftp"]> } = {}): Promise<Workplace> {
  const folder = scratchFolder();
  const exports = join(folder, "server");
  mkdirSync(join(exports, "Export", "Signals"), { recursive: true });
  const truth = await generateExports({ rowsPerFile: rows, files, overlap: 10, seed: 7, folder: exports });
  const { privateKey, publicKey } = makeKeyPair();
  writeFileSync(join(folder, "key"), privateKey, { mode: 0o600 });
  const sandbox = await startSandbox({ folder: exports, authorizedKeys: [publicKey] });
  onTestFinished(() => sandbox.close());
  const { host, port, user, fingerprints } = sandbox;
  const config: ConfigInput = { sftp: { host, port, user, keyFile: "key", hostKeys: fingerprints, ...sftp } };
  writeConfig(folder, config);
  return { folder, exports, sandbox, truth, config };
}

export function writeConfig(folder: string, config: ConfigInput): void {
  writeFileSync(join(folder, "signalhouse.config.json"), JSON.stringify(config));
}
