/** The command line as users have it: processes of its own, each in the folder of its configuration. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

/** Where a user's temporary files go. */
export const temporaryFolder = (folder: string): string => join(folder, "tmp");

/** What is done to a command before it begins. */
export interface Surroundings {
  /** A program that makes itself into the command, which stands behind it: `["nice"]`. */
  through?: readonly string[];
  env?: Readonly<Record<string, string>>;
}

/** Starts a command; what it prints goes to the end of `log`. */
export function startCommand(args: readonly string[], folder: string, log: string, { through = [], env = {} }: Surroundings = {}): ChildProcess {
  mkdirSync(temporaryFolder(folder), { recursive: true });
  const out = openSync(log, "a");
  try {
    const [program, ...words] = [...through, process.execPath, MAIN, ...args] as [string, ...string[]];
    return spawn(program, words, {
      cwd: folder,
      env: { PATH: process.env["PATH"] ?? "", HOME: folder, TMPDIR: temporaryFolder(folder), ...env },
      stdio: ["ignore", out, out],
    });
  } finally {
    closeSync(out);
  }
}

/**
 * Waits until a process ends, but not for ever: then it is killed.
 * @returns its exit code, or the signal that killed it; "hangs" where it took too long
 */
export async function endOf(child: ChildProcess, mostMs: number): Promise<number | string> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? String(child.signalCode);
  try {
    const [code, signal] = (await once(child, "exit", { signal: AbortSignal.timeout(mostMs) })) as [number | null, string | null];
    return code ?? String(signal);
  } catch {
    child.kill("SIGKILL");
    await once(child, "exit");
    return "hangs";
  }
}
