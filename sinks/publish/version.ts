/** Making a version: links to its files, its databases, its manifest, and then the switch. */
import { createHash } from "node:crypto";
import { chmod, copyFile, link, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeDatabase, writeIndex } from "./databases.ts";
import { type CopyFolder, currentVersion, makeFolder, removeVersion, SIGNALS, STORE, switchTo, syncPath, VERSIONS } from "./folder.ts";
import { filesOf, MANIFEST, type Manifest } from "./manifest.ts";
import { type CopyContents, liveStatements, signalsStatements, versionSql } from "./views.ts";

/** So long after its switch live.duckdb shows a version: no query then can have begun before it was there. */
const LIVE_AFTER_MS = 2_000;

/** What tells whether two versions have the same views. */
export const viewsHash = (contents: CopyContents, path: string): string =>
  createHash("sha256")
    .update(JSON.stringify([signalsStatements(contents, path, 0, ""), liveStatements(contents, path), contents.isCommented]))
    .digest("hex");

/** File systems without hard links, or with too many to a file. */
const NO_LINKS: readonly unknown[] = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV"];

/**
 * Makes a version and has `current` lead to it. Until then nobody sees anything of it; all of it is on the disk before.
 * @param step is told before each step; what it throws ends it
 */
export async function makeVersion(
  folder: CopyFolder,
  contents: CopyContents,
  described: Omit<Manifest, "live_from">,
  step: (name: string) => void,
): Promise<Manifest> {
  try {
    await writeVersion(folder, contents, described, step);
    return await switchToIt(folder, described, step);
  } catch (error) {
    // A disk that is full is to have room again; what a killed process has left, the next one takes away.
    if ((await currentVersion(folder.path)) !== described.version) await removeVersion(folder.path, described.version);
    throw error;
  }
}

/** All but its index and its manifest. */
async function writeVersion(
  folder: CopyFolder,
  contents: CopyContents,
  described: Omit<Manifest, "live_from">,
  step: (name: string) => void,
): Promise<void> {
  const { version } = described;
  const path = versionPath(folder, version);
  step("links");
  await makeFolder(path, folder.modes.folder);
  const folders = new Set([path]);
  for (const { path: file } of filesOf(described)) {
    const place = join(path, file);
    if (!folders.has(dirname(place))) {
      for (const made of [dirname(dirname(place)), dirname(place)]) {
        await makeFolder(made, folder.modes.folder);
        folders.add(made);
      }
    }
    await linkOrCopy(join(folder.path, STORE, file), place);
  }
  step("signals.duckdb");
  const values = versionSql(version, described.published_at, described.watermark);
  await makeDatabase(join(path, SIGNALS), signalsStatements(contents, folder.path, version, values), contents, folder.modes.file);
  for (const made of folders) await syncPath(made);
}

async function switchToIt(folder: CopyFolder, described: Omit<Manifest, "live_from">, step: (name: string) => void): Promise<Manifest> {
  const path = versionPath(folder, described.version);
  // Where a disk is so slow that the time has come before the switch, it is put off.
  for (let wait = LIVE_AFTER_MS; ; wait *= 2) {
    const liveFrom = folder.current === 0 ? 0 : Date.now() + wait;
    const manifest: Manifest = { ...described, live_from: liveFrom === 0 ? null : new Date(liveFrom).toISOString() };
    step("index");
    await writeIndex(folder, described, liveFrom);
    step("manifest.json");
    await writeFile(join(path, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
    await chmod(join(path, MANIFEST), folder.modes.file).catch(() => undefined);
    await syncPath(join(path, MANIFEST));
    for (const made of [path, dirname(path)]) await syncPath(made);
    if (liveFrom !== 0 && Date.now() + wait / 4 > liveFrom) continue;
    step("switch");
    await switchTo(folder.path, described.version);
    return manifest;
  }
}

const versionPath = ({ path }: CopyFolder, version: number) => join(path, VERSIONS, String(version));

/** A file of the store in a version, without taking room; where a file system has no hard links, a copy of it. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!NO_LINKS.includes((error as NodeJS.ErrnoException).code)) throw error;
    await copyFile(from, to);
    await syncPath(to);
  }
}
