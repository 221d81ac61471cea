/** Folders that a process makes for itself, and that are taken away where it was killed. */
import { randomBytes } from "node:crypto";
import { constants, existsSync, type Stats } from "node:fs";
import { type FileHandle, lstat, mkdir, open, readdir, rmdir, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isSignalhouseError, messageOf, SignalhouseError } from "../schemas/errors.ts";
import { DuckDBInstance } from "./duckdb.ts";
import { explainDuckdb, lockHolder } from "./duckdb-errors.ts";

export interface OwnFolder {
  /** Which only the user can look into. */
  folder: string;
  /** Those of the same prefix whose process is alive. */
  others: { holder: string; folder: string }[];
  /** Takes it away, with all that is in it. */
  remove(): Promise<void>;
}

/**
 * The file in a folder that says whether its process is alive: that holds DuckDB's lock on it, which the kernel gives back when a process ends, however it ends. A process's number
 * says nothing: the next one may have it, and in a container all have the number 1.
 */
const ALIVE = "alive";
/** Those of this process, which would not be kept out by a lock of its own. */
const mine = new Set<string>();
/** Whoever looks for folders that were left behind may take one in the moment between its making and its lock. */
const ATTEMPTS = 5;

/**
 * Makes a folder for this process, which the caller removes, and takes away those that killed processes of this user have left. Nothing else of that name is touched: in a folder
 * that all users share somebody else may have put it there, and may exchange what is in it at any moment.
 * @param prefix the path, to which the process's number and what nobody can guess are added
 * @throws SignalhouseError warehouse_failed where none can be made there, disk_full
 */
export async function ownFolder(prefix: string): Promise<OwnFolder> {
  const { folder, looks, unlock } = await makeLocked(prefix);
  const remove = async () => {
    unlock();
    await withOwn(folder, looks, removeFolder);
    mine.delete(basename(folder));
  };
  return { folder, others: await clean(prefix, basename(folder), looks), remove };
}

/**
 * How a folder looks that is this user's alone: as the one does that was just made in the same place, with the user's number and 0700. A file system without users, such as exFAT,
 * shows its own idea of them.
 */
interface Looks {
  uid: number;
  mode: number;
}

/** Set-group-ID comes from the folder above, and lets nobody in. */
const looksOf = ({ uid, mode }: Stats): Looks => ({ uid, mode: mode & 0o777 });

async function makeLocked(prefix: string): Promise<{ folder: string; looks: Looks; unlock: () => void }> {
  for (let attempt = 1; ; attempt += 1) {
    const folder = `${prefix}${process.pid}-${randomBytes(12).toString("hex")}`;
    mine.add(basename(folder));
    try {
      await mkdir(folder, { mode: 0o700 });
      const lock = await DuckDBInstance.create(join(folder, ALIVE), { threads: "1" });
      if (await isThere(join(folder, ALIVE))) return { folder, looks: looksOf(await lstat(folder)), unlock: () => lock.closeSync() };
      lock.closeSync();
    } catch (error) {
      const isTaken = lockHolder(error) !== undefined || !(await isThere(folder));
      if (!isTaken || attempt === ATTEMPTS) {
        mine.delete(basename(folder));
        const made = await lstat(folder).catch(() => undefined);
        if (made) await withOwn(folder, looksOf(made), removeFolder);
        throw refused(prefix, error);
      }
    }
    mine.delete(basename(folder));
  }
}

function refused(prefix: string, error: unknown): unknown {
  const explained = explainDuckdb(error, dirname(prefix));
  if (isSignalhouseError(explained, "disk_full")) return explained;
  return new SignalhouseError(
    "warehouse_failed",
    `no folder can be made at ${prefix}…: ${messageOf(error)}`,
    "Check the folder above it and its rights.",
    error,
  );
}

/** Takes away what killed processes have left. @returns what living ones have, but for `made` */
async function clean(prefix: string, made: string, looks: Looks): Promise<OwnFolder["others"]> {
  const parent = dirname(prefix);
  const living: OwnFolder["others"] = [];
  // A folder that may be written to need not be one that may be read.
  for (const name of await readdir(parent).catch(() => [])) {
    if (!name.startsWith(basename(prefix)) || name === made) continue;
    const folder = join(parent, name);
    if (mine.has(name)) {
      living.push({ holder: `process ${process.pid}, which is this one,`, folder });
      continue;
    }
    await withOwn(folder, looks, async (inside) => {
      const holder = await holderOf(join(inside, ALIVE));
      if (holder !== undefined) living.push({ holder, folder });
      else await removeFolder(inside, folder);
    });
  }
  return living;
}

/** Who holds the lock; nobody where there is none. */
async function holderOf(file: string): Promise<string | undefined> {
  if (!(await isThere(file))) return undefined;
  try {
    (await DuckDBInstance.create(file, { access_mode: "READ_ONLY", threads: "1" })).closeSync();
    return undefined;
  } catch (error) {
    // The lock comes first: a file that was not written to its end has none.
    return lockHolder(error);
  }
}

/**
 * Does something in a folder if it is this user's alone. It is held open meanwhile, and reached by that: whatever its name comes to stand for, it is the same folder.
 * @param work gets the way into it, and its path
 */
async function withOwn(
  folder: string,
  looks: Pick<Looks, "uid"> & Partial<Looks>,
  work: (inside: string, folder: string) => Promise<void>,
): Promise<void> {
  const opened = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW).catch(() => undefined);
  if (!opened) return;
  try {
    const { uid, mode } = looksOf(await opened.stat());
    if (uid === looks.uid && mode === (looks.mode ?? mode)) await work(insideOf(opened, folder), folder);
  } finally {
    await opened.close();
  }
}

/** Where there is no such way (macOS), the sticky bit of the folder above keeps others from exchanging what is this user's. */
function insideOf({ fd }: FileHandle, folder: string): string {
  const inside = `/proc/self/fd/${fd}`;
  return existsSync(inside) ? inside : folder;
}

/** Its lock goes last: until then it is known for what it is. What cannot be taken away now is left to the next process. */
async function removeFolder(inside: string, folder: string): Promise<void> {
  try {
    // One without a lock was left before anything was in it; or it is none of ours.
    if (await isThere(join(inside, ALIVE))) {
      await empty(inside, ALIVE);
      await unlink(join(inside, ALIVE));
    }
    await rmdir(folder);
  } catch {
    // It stays.
  }
}

/** Node's own removal goes by paths, which others might exchange. */
async function empty(folder: string, except?: string): Promise<void> {
  const { uid } = await lstat(join(folder, "."));
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (name === except) continue;
    if ((await lstat(path)).isDirectory()) {
      await withOwn(path, { uid }, (inside) => empty(inside));
      await rmdir(path);
    } else await unlink(path);
  }
}

const isThere = (path: string) =>
  lstat(path).then(
    () => true,
    () => false,
  );
