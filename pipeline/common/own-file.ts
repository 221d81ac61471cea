/** Small files of the user's: keys, configurations, lists of known hosts. */
import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { kindOf } from "../../sinks/file-kind.ts";

/** More than any key, configuration or known_hosts file has, and little enough to be read at once. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * Reads a file that is for its owner alone, such as a key.
 * @returns the content; or, where other users can read or change the file, its mode as `chmod` has it (not on Windows, which has none)
 * @throws what the file system says; an Error where it is no file, or larger than any such
 */
export async function readOwnFile(path: string): Promise<{ content: Buffer } | { openMode: string }> {
  // Mode and content are taken from the same open file, so that it cannot be swapped in between.
  const { mode, content } = await readWhole(path);
  if (process.platform !== "win32" && (mode & 0o077) !== 0) return { openMode: (mode & 0o777).toString(8).padStart(4, "0") };
  return { content };
}

/**
 * Reads a text file that others may read too.
 * @throws what the file system says; an Error where it is no file, or larger than any such
 */
export async function readPlainFile(path: string): Promise<string> {
  return (await readWhole(path)).content.toString("utf8");
}

/** Makes sure that a path is a file, which can be read to an end. @throws what the file system says; an Error where it is something else */
export async function assertPlainFile(path: string): Promise<void> {
  const found = await stat(path);
  if (!found.isFile()) throw new Error(`it is ${kindOf(found)}, not a file`);
}

/** A named pipe gives nothing until somebody writes to it, and a device may never end: neither is even opened, or waited for where it has taken a file's place in between. */
async function readWhole(path: string): Promise<{ mode: number; content: Buffer }> {
  await assertPlainFile(path);
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new Error(`it is ${kindOf(found)}, not a file`);
    if (found.size > MOST_BYTES) throw new Error(`it has ${found.size} bytes, more than any such file`);
    return { mode: found.mode, content: await file.readFile() };
  } finally {
    await file.close();
  }
}
