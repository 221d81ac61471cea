/** Writing files whole: whoever reads one finds the old content or the new one, never a half. */
import { randomBytes } from "node:crypto";
import { type FileHandle, lstat, open, readdir, realpath, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type ErrorCode, SignalhouseError } from "../schemas/errors.ts";
import { whyNotWritten } from "./file-faults.ts";
import { kindOf } from "./file-kind.ts";
import { isOwn } from "./is-own.ts";

/** The file system's refusals of what has no room. */
const FULL: readonly unknown[] = ["ENOSPC", "EDQUOT"];

/**
 * Why a file could not be written.
 * @param hint what to do where another place would help
 * @param otherwise the code where it is not disk_full
 */
export function writeRefused(path: string, error: unknown, hint: string, otherwise: ErrorCode = "usage"): SignalhouseError {
  if (error instanceof SignalhouseError) return error;
  const { code } = error as NodeJS.ErrnoException;
  const message = `${path} cannot be written: ${whyNotWritten(error)}`;
  if (FULL.includes(code)) return new SignalhouseError("disk_full", message, "Free some room there, and run it again.", error);
  return new SignalhouseError(otherwise, message, code === "EIO" ? "See what the system's log says of the disk." : hint, error);
}

/**
 * Writes a file that is not there yet. One that cannot be written whole is taken away again.
 * @throws what the file system says: EEXIST where there is something already
 */
export async function writeNewFile(path: string, content: string, mode: number): Promise<void> {
  await writeNew(path, mode, (file) => file.writeFile(content));
}

/** Writes a file over the one before, if there is one. @throws as replaceBy */
export async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  await replaceBy(path, mode, (file) => file.writeFile(content));
}

/** Adds to the end of a file, which is made where it is not there. Where that fails, nothing was added. @throws what the file system says */
export async function appendWhole(path: string, content: string, mode: number): Promise<void> {
  const file = await open(path, "a", mode);
  try {
    const { size } = await file.stat();
    await file
      .writeFile(content)
      .then(() => file.sync())
      .catch(async (error: unknown) => {
        await file.truncate(size).catch(() => undefined);
        throw error;
      });
  } finally {
    await file.close();
  }
}

/**
 * Puts a file in the place of the one before, if there is one. Where that fails, the old one is still there.
 * It is written beside its place, under a name that nobody can have taken in advance, such as for a link to another file; what a killed process left of that goes away.
 * @param write gets the file, and the path where it is meanwhile; whoever is told the path may open it, too
 * @throws what the file system says; an Error where something else than a file is there; what `write` throws
 */
export async function replaceBy<T>(path: string, mode: number, write: (file: FileHandle, at: string) => Promise<T>): Promise<T> {
  const place = await behind(path);
  const found = await stat(place).catch(() => undefined);
  if (found && !found.isFile()) throw new Error(`it is ${kindOf(found)}, not a file`);
  await removeLeft(place);
  const beside = join(dirname(place), `${temporary(place)}${randomBytes(12).toString("hex")}`);
  const written = await writeNew(beside, mode, (file) => write(file, beside));
  try {
    await rename(beside, place);
  } catch (error) {
    await unlink(beside).catch(() => undefined);
    throw error;
  }
  return written;
}

/**
 * Where a file is: a link of the user's own, or of the system's, stays one. One that somebody else has put there, as in a folder that all users share, may
 * lead to any file of the user's.
 */
async function behind(path: string): Promise<string> {
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isSymbolicLink()) return path;
  if (found.uid !== 0 && !isOwn(found)) throw new Error("it is a symbolic link of another user's");
  // One that leads nowhere makes room for the file.
  return realpath(path).catch(() => path);
}

async function writeNew<T>(path: string, mode: number, write: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, "wx", mode);
  try {
    const written = await write(file);
    // What the process's mask has taken away. A file system without modes refuses.
    await file.chmod(mode).catch(() => undefined);
    // A disk that is full may say so only now.
    await file.sync();
    await file.close();
    return written;
  } catch (error) {
    await file.close().catch(() => undefined);
    await unlink(path).catch(() => undefined);
    throw error;
  }
}

/** Short enough for any file system, however long the name is. */
const temporary = (path: string) => `.${basename(path).slice(0, 50)}.tmp-`;

/** So old is nothing that is being written. */
const LEFT_MS = 60 * 60 * 1000;

/** Of this user's files alone, which are taken by name: a link is removed, not followed. */
async function removeLeft(path: string): Promise<void> {
  const folder = dirname(path);
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(temporary(path))) continue;
    const found = await lstat(join(folder, name)).catch(() => undefined);
    if (found?.isFile() && isOwn(found) && Date.now() - found.mtimeMs > LEFT_MS) await unlink(join(folder, name)).catch(() => undefined);
  }
}
