import { open } from "node:fs/promises";

/**
 * Reads a file that is for its owner alone, such as a key.
 * @returns the content; or, where other users can read or change the file, its mode as `chmod` has it (not on Windows, which has none)
 * @throws what the file system says
 */
export async function readOwnFile(path: string): Promise<{ content: Buffer } | { openMode: string }> {
  const file = await open(path, "r");
  try {
    // Mode and content are taken from the same open file, so that it cannot be swapped in between.
    const { mode } = await file.stat();
    if (process.platform !== "win32" && (mode & 0o077) !== 0) return { openMode: (mode & 0o777).toString(8).padStart(4, "0") };
    return { content: await file.readFile() };
  } finally {
    await file.close();
  }
}
