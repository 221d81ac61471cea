/** The lines that were typed at a shell, kept for the next one. */
import { chmod, mkdir } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { readPlainFile } from "../pipeline/common/own-file.ts";
import { whyNotRead, whyNotWritten } from "../sinks/file-faults.ts";
import { appendWhole, replaceFile } from "../sinks/whole-file.ts";
import type { Context } from "./command.ts";

/** Of them so many are kept. */
export const MOST_LINES = 1000;
/** Whoever sets it wants none to be kept. */
export const NO_HISTORY = "SIGNALHOUSE_NO_HISTORY";

export interface History {
  /** The newest first. */
  lines: string[];
  /** Keeps a line. One that begins with a blank is not for keeping. */
  keep: (line: string) => void;
  /** When all that was to be kept is. */
  kept: () => Promise<void>;
}

/**
 * The history in the user's folder for what programs keep (XDG_STATE_HOME, or ~/.local/state). It may hold personal data: it is the user's alone. Where it cannot be read or
 * written, a note says so, and the shell goes on.
 */
export async function historyOf({ env, home, out }: Pick<Context, "env" | "home" | "out">, isForgetful: boolean): Promise<History> {
  const none: History = { lines: [], keep: () => undefined, kept: async () => undefined };
  if (isForgetful || env[NO_HISTORY] || home === "") return none;
  const { XDG_STATE_HOME: state = "" } = env;
  const path = join(isAbsolute(state) ? state : join(home, ".local/state"), "signalhouse/history");
  const tell = (why: string) => out.note(`lines are not kept: ${path} ${why}`);
  let lines: string[];
  try {
    lines = await readLines(path);
  } catch (error) {
    tell(`cannot be read: ${whyNotRead(error)}`);
    return none;
  }
  let written = Promise.resolve();
  let isBroken = false;
  const keep = (line: string) => {
    if (line.trim() === "" || /^\s/.test(line) || isBroken) return;
    written = written
      .then(() => appendWhole(path, `${line}\n`, 0o600))
      .catch((error: unknown) => {
        isBroken = true;
        tell(`cannot be written: ${whyNotWritten(error)}`);
      });
  };
  return { lines: lines.slice(-MOST_LINES).toReversed(), keep, kept: () => written };
}

/** Reads the file, makes sure that only its owner can, and takes out the oldest lines where they are many. */
async function readLines(path: string): Promise<string[]> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const text = await readPlainFile(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return [];
  await chmod(path, 0o600);
  const lines = text.split("\n").filter((line) => line !== "");
  if (lines.length > 2 * MOST_LINES) await replaceFile(path, `${lines.slice(-MOST_LINES).join("\n")}\n`, 0o600);
  return lines;
}
