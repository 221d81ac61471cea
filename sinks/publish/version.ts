/** Making a version: links to its files, its databases, its manifest, and then the switch. */
import { chmod, copyFile, link, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeSignals } from "./databases.ts";
import { INDEX, indexText } from "./files-index.ts";
import { type CopyFolder, currentVersion, makeFolder, removeVersion, STORE, switchTo, syncPath, versionPath } from "./folder.ts";
import { filesOf, MANIFEST, type Manifest, readManifest } from "./manifest.ts";
import type { CopyContents } from "./views.ts";

/** So long after its switch live.duckdb shows a version: no query then can have begun before it was there. */
const LIVE_AFTER_MS = 2_000;

/** A version as it is said before it is made. */
export type Intended = Omit<Manifest, "live_from" | "signals_sha256">;

/** File systems without hard links, or with too many to a file. */
const NO_LINKS: readonly unknown[] = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV"];

/**
 * Makes a version and has `current` lead to it. Until then nobody sees anything of it; all of it is on the disk before.
 * @param before the manifest of the version before
 * @param step is told before each step; what it throws ends it
 */
export async function makeVersion(
  folder: CopyFolder,
  contents: CopyContents,
  intended: Intended,
  before: Manifest | undefined,
  step: (name: string) => void,
): Promise<Manifest> {
  try {
    await linkFiles(folder, intended, step);
    step("signals.duckdb");
    const signals_sha256 = await makeSignals(folder, contents, intended, before);
    return await switchToIt(folder, { ...intended, signals_sha256 }, step);
  } catch (error) {
    // A disk that is full is to have room again; what a killed process has left, the next one takes away.
    if ((await currentVersion(folder.path)) !== intended.version) await removeVersion(folder.path, intended.version);
    throw error;
  }
}

async function linkFiles(folder: CopyFolder, intended: Intended, step: (name: string) => void): Promise<void> {
  const path = versionPath(folder.path, intended.version);
  step("links");
  await makeFolder(path, folder.modes.folder);
  const folders = new Set([path]);
  for (const { path: file } of filesOf(intended)) {
    const place = join(path, file);
    if (!folders.has(dirname(place))) {
      for (const made of [dirname(dirname(place)), dirname(place)]) {
        await makeFolder(made, folder.modes.folder);
        folders.add(made);
      }
    }
    await linkOrCopy(join(folder.path, STORE, file), place);
  }
  for (const made of folders) await syncPath(made);
}

async function switchToIt(folder: CopyFolder, made: Omit<Manifest, "live_from">, step: (name: string) => void): Promise<Manifest> {
  const path = versionPath(folder.path, made.version);
  const others = await Promise.all(made.kept.map((version) => readManifest(versionPath(folder.path, version))));
  const kept = others.filter((manifest) => manifest !== undefined);
  // Where a disk is so slow that the time has come before the switch, it is put off.
  for (let wait = LIVE_AFTER_MS; ; wait *= 2) {
    const liveFrom = folder.current === 0 ? null : Date.now() + wait;
    const manifest: Manifest = { ...made, live_from: liveFrom === null ? null : new Date(liveFrom).toISOString() };
    step("index");
    await writeText(folder, join(path, INDEX), indexText([...kept, manifest]));
    step("manifest.json");
    await writeText(folder, join(path, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
    for (const changed of [path, dirname(path)]) await syncPath(changed);
    if (liveFrom !== null && Date.now() + wait / 4 > liveFrom) continue;
    step("switch");
    await switchTo(folder.path, made.version);
    return manifest;
  }
}

async function writeText({ modes }: CopyFolder, path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, modes.file).catch(() => undefined);
  await syncPath(path);
}

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
