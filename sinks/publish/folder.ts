/** The folder of a published copy: what lies where, who may write to it, and what is taken away. */
import { chmod, lstat, mkdir, open, readdir, readlink, realpath, rename, rm, stat, symlink, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SignalhouseError } from "../../schemas/errors.ts";
import { claimFile } from "../claims.ts";
import { DuckDBInstance } from "../duckdb.ts";
import { lockHolder } from "../duckdb-errors.ts";
import { explainPublish } from "./failures.ts";
import { filesOf, MANIFEST, type ManifestTable, readManifest } from "./manifest.ts";

/** The link to the version that is to be read. */
export const CURRENT = "current";
/** Has a folder for each version. */
export const VERSIONS = "versions";
/** Has each file of a version that is kept, once. */
export const STORE = "store";
/** For readers that reopen, in the folder of each version. */
export const SIGNALS = "signals.duckdb";
/** For readers that stay. */
export const LIVE = "live.duckdb";
/** What is being written has such a name, and goes away where its process was killed. */
export const UNFINISHED = ".unfinished";
/** The file on which whoever publishes holds DuckDB's lock: the kernel gives it back when a process ends, however it ends. */
const LOCK = ".publishing";

/** An open folder. Whoever opened it closes it. */
export interface CopyFolder {
  /** Absolute, without links. */
  readonly path: string;
  /** Number of the version that is read now; 0 where there is none yet. */
  readonly current: number;
  /** Mode of what is made in it: whoever may look into the folder may read what is in it. */
  readonly modes: { file: number; folder: number };
  close(): void;
}

/**
 * Opens the folder to publish there, for this process alone, and takes away what killed ones have left. It is made where it is not there.
 * @throws SignalhouseError publish_under_way, publish_failed
 */
export async function openCopyFolder(to: string): Promise<CopyFolder> {
  try {
    await makeFolders(to);
    const path = await realpath(to);
    assertPath(path);
    await assertOurs(path);
    const unlock = await lock(path);
    try {
      const mode = (await stat(path)).mode & 0o777;
      const current = await currentVersion(path);
      // A folder within a checkout is to stay out of it.
      if (current === 0) await writeFile(join(path, ".gitignore"), "*\n", { mode: mode & 0o666 });
      await removeUnfinished(path, current);
      for (const folder of [VERSIONS, STORE]) await makeFolder(join(path, folder), mode);
      await assertLinks(path);
      return { path, current, modes: { file: mode & 0o666, folder: mode }, close: unlock };
    } catch (error) {
      unlock();
      throw error;
    }
  } catch (error) {
    throw explainPublish(error, to);
  }
}

/** Makes a folder, and those above it that are not there. Node's own way tries without end where the system makes none, as in /proc (20 and 24). */
async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || (await isThere(dirname(path)))) throw error;
    await makeFolders(dirname(path));
    await mkdir(path, { mode: 0o700 });
  }
}

/** Somebody else's folder with files in it is none to make a copy in, and to take files away from, whatever their names are: a copy has the file of its lock from the start. */
async function assertOurs(path: string): Promise<void> {
  const names = await readdir(path);
  if (names.length === 0 || names.includes(LOCK)) return;
  throw new SignalhouseError(
    "publish_failed",
    `${path} has files in it, and no published copy`,
    "Name an empty folder, or one that is not there: signalhouse publish --to FOLDER.",
  );
}

/** DuckDB takes what comes behind a question mark in a path for something else. */
function assertPath(path: string): void {
  if (!path.includes("?")) return;
  throw new SignalhouseError("publish_failed", `nothing can be published to ${path}: its path has a question mark`, "Name another folder.");
}

async function lock(path: string): Promise<() => void> {
  const file = join(path, LOCK);
  const underWay = (holder: string, error: unknown) =>
    new SignalhouseError(
      "publish_under_way",
      `${holder} publishes to ${path}`,
      "Wait for it to end; what it publishes is as new, or the next one is.",
      error,
    );
  const release = await claimFile(file, false).catch((error: unknown) => {
    throw underWay("this process", error);
  });
  try {
    const held = await DuckDBInstance.create(file, { threads: "1" });
    return () => {
      held.closeSync();
      release();
    };
  } catch (error) {
    release();
    const holder = lockHolder(error);
    throw holder === undefined ? error : underWay(holder, error);
  }
}

/** A file system without links fails here, before the work. */
async function assertLinks(path: string): Promise<void> {
  const trial = join(path, `${CURRENT}${UNFINISHED}`);
  await symlink(VERSIONS, trial).catch((error: unknown) => {
    throw new SignalhouseError(
      "publish_failed",
      `the file system of ${path} has no symbolic links (${(error as NodeJS.ErrnoException).code}), by which a version takes the place of the one before`,
      "Publish to another file system; exFAT and some network shares have none.",
      error,
    );
  });
  await unlink(trial);
}

/** The folder of a version. */
export const versionPath = (path: string, version: number): string => join(path, VERSIONS, String(version));

/** Number of the version that `current` leads to; 0 where it leads to none. */
export async function currentVersion(path: string): Promise<number> {
  const target = await readlink(join(path, CURRENT)).catch(() => "");
  return Number(/^versions\/([1-9]\d*)$/.exec(target)?.[1] ?? 0);
}

export async function makeFolder(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true, mode });
  await chmod(path, mode).catch(() => undefined);
}

/** Numbers of the versions that there are, in order. */
export async function versionsOf(path: string): Promise<number[]> {
  const names = await readdir(join(path, VERSIONS)).catch(() => []);
  return names.flatMap((name) => (/^[1-9]\d*$/.test(name) ? [Number(name)] : [])).sort((a, b) => a - b);
}

/** Has `current` lead to a version: what it led to before, or that, and never nothing. */
export async function switchTo(path: string, version: number): Promise<void> {
  const link = join(path, `${CURRENT}${UNFINISHED}`);
  await symlink(`${VERSIONS}/${version}`, link);
  await rename(link, join(path, CURRENT));
  await syncPath(path);
}

/** What is written is on the disk from now on: a file's content, or which files a folder has. */
export async function syncPath(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    // Windows syncs no folders.
    await file.sync().catch((error: unknown) => {
      if (!["EPERM", "EISDIR", "EINVAL"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    });
  } finally {
    await file.close();
  }
}

/** What processes that were killed have left: versions behind the current one, and files that are not whole. */
async function removeUnfinished(path: string, current: number): Promise<void> {
  for (const version of await versionsOf(path)) if (version > current) await removeVersion(path, version);
  for (const name of await readdir(path)) if (name.includes(UNFINISHED)) await rm(join(path, name), { force: true });
  for (const file of await storedFiles(path)) if (file.endsWith(UNFINISHED)) await rm(join(path, STORE, file), { force: true });
}

/** Its manifest goes first: without it, it is no version. */
export async function removeVersion(path: string, version: number): Promise<void> {
  const folder = versionPath(path, version);
  await rm(join(folder, MANIFEST), { force: true });
  await rm(folder, { recursive: true, force: true });
}

/** All files of the store, relative to it. */
async function storedFiles(path: string): Promise<string[]> {
  const store = join(path, STORE);
  const found: string[] = [];
  for (const table of await readdir(store).catch(() => []))
    for (const month of await readdir(join(store, table)).catch(() => []))
      for (const file of await readdir(join(store, table, month)).catch(() => [])) found.push(`${table}/${month}/${file}`);
  return found;
}

/** How long versions are kept. */
export interface Keeping {
  /** So many of the newest, however old they are. */
  keepVersions: number;
  /** Each for so many hours after the next one took its place. */
  keepHours: number;
}

/** A version is read for a moment after the next one took its place, whatever is said: by queries that have begun before. */
const LEAST_MS = 60_000;

/** The version that is read from now on. */
export interface Newest {
  version: number;
  /** Milliseconds since the epoch. */
  publishedAt: number;
  tables: readonly ManifestTable[];
  /** The last of signalhouse.changes by which somebody was forgotten. */
  erasedAt: number;
}

/**
 * Which of the versions before the newest one stay beside it. One that shows what the newest one leaves out or hashes, or has what was erased since, stays no longer than queries that have begun may take.
 * @param now milliseconds since the epoch
 */
export async function staying(path: string, { keepVersions, keepHours }: Keeping, newest: Newest, now: number): Promise<number[]> {
  const kept: number[] = [];
  let replacedAt = newest.publishedAt;
  const before = (await versionsOf(path)).filter((version) => version < newest.version).toReversed();
  for (const [index, version] of before.entries()) {
    const manifest = await readManifest(versionPath(path, version));
    if (!manifest) continue;
    const isOpen = showsMore(manifest.tables, newest.tables) || manifest.watermark.change_id < newest.erasedAt;
    // The newest one is the first of those that are kept.
    const isNew = !isOpen && index + 1 < keepVersions;
    if (isNew || now - replacedAt < Math.max(isOpen ? 0 : keepHours * 3_600_000, LEAST_MS)) kept.unshift(version);
    replacedAt = Date.parse(manifest.published_at);
  }
  return kept;
}

/** Whether some tables show a column that others leave out or hash. */
function showsMore(tables: readonly ManifestTable[], others: readonly ManifestTable[]): boolean {
  return others.some((other) => {
    const table = tables.find(({ name }) => name === other.name);
    if (!table) return false;
    return other.left_out.some((column) => !table.left_out.includes(column)) || other.hashed.some((column) => !table.hashed.includes(column));
  });
}

/** Takes away the versions that are neither the current one nor kept, and the files that no version has. */
export async function removeOld(path: string, current: number, kept: readonly number[]): Promise<void> {
  const files = new Set<string>();
  for (const version of await versionsOf(path)) {
    const manifest = await readManifest(versionPath(path, version));
    if (version !== current && !kept.includes(version)) await removeVersion(path, version);
    else for (const file of manifest ? filesOf(manifest) : []) files.add(file.path);
  }
  for (const file of await storedFiles(path)) if (!files.has(file)) await rm(join(path, STORE, file), { force: true });
}

/** Whether something is there, a link that leads nowhere included. */
export const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );
