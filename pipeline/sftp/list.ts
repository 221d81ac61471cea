import type { FileEntryWithStats } from "ssh2";
import { SignalhouseError, isSignalhouseError } from "../../schemas/errors.ts";
import type { Channel } from "./channel.ts";
import type { RemoteFile } from "./file.ts";
import { below, relativePath } from "./paths.ts";

/** What we look at in a directory's entry. */
type Entry = Pick<FileEntryWithStats, "filename"> & { attrs: Pick<FileEntryWithStats["attrs"], "size" | "mtime" | "isFile" | "isDirectory"> };

/** Directories that are listed at the same time. */
const WIDTH = 4;

/**
 * All regular files below `folders`, by path. Symbolic links are not followed.
 * @param root the subscription's folder; `folders` and the found paths are relative to it
 * @throws SignalhouseError folder_missing, naming the folders that are there; and as `Channel`
 */
export async function listFiles(channel: Channel, root: string, folders: readonly string[], signal?: AbortSignal): Promise<RemoteFile[]> {
  const asked = new Set(folders.map(relativePath));
  const files = new Map<string, RemoteFile>();
  const pending = [...asked];
  while (pending.length > 0) {
    const batch = pending.splice(0, WIDTH);
    const listings = await Promise.all(batch.map((folder) => listFolder(channel, root, folder, asked.has(folder), signal)));
    for (const { files: found, folders: inner } of listings) {
      for (const file of found) files.set(file.path, file);
      pending.push(...inner.filter((folder) => !asked.has(folder)));
    }
  }
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function listFolder(channel: Channel, root: string, folder: string, asked: boolean, signal?: AbortSignal) {
  const entries = await channel.list(below(root, folder), signal).catch(async (error: unknown) => {
    if (!isSignalhouseError(error, "file_missing")) throw error;
    // On S3 a folder that was just listed vanishes with its last file.
    if (!asked) return [];
    throw await folderMissing(channel, root, folder, signal);
  });
  return readEntries(folder, entries);
}

/** What a directory's entries are. */
export function readEntries(folder: string, entries: readonly Entry[]): { files: RemoteFile[]; folders: string[] } {
  const pathOf = ({ filename }: Entry) => below(folder, filename);
  const named = entries.filter(({ filename }) => isName(filename));
  const folders = named.filter(isFolder).map(pathOf);
  const files = named
    .filter(({ attrs }) => attrs.isFile())
    .map((entry) => ({ path: pathOf(entry), size: entry.attrs.size, mtime: entry.attrs.mtime * 1000 }))
    // The same zero bytes may be shown as a file beside the folder that they stand for.
    .filter(({ path, size }) => size > 0 || !folders.includes(path));
  return { files, folders };
}

/** The names of the folders in a directory. */
export async function folderNames(channel: Channel, path: string, signal?: AbortSignal): Promise<string[]> {
  const entries = await channel.list(path, signal);
  return entries
    .filter((entry) => isName(entry.filename) && isFolder(entry))
    .map(({ filename }) => filename)
    .sort();
}

/** S3 makes a folder of an empty object called `folder/`, which can be listed as such. A slash in a name never is a file of ours, nor safe. */
function isName(filename: string): boolean {
  return filename !== "" && filename !== "." && filename !== ".." && !filename.includes("/");
}

function isFolder({ attrs }: Entry): boolean {
  return attrs.isDirectory();
}

/** Says what there is, in the nearest folder above that there is. */
async function folderMissing(channel: Channel, root: string, folder: string, signal?: AbortSignal): Promise<SignalhouseError> {
  let above = folder;
  let names: string[] | undefined;
  while (!names && above !== "") {
    above = relativePath(`${above}/..`);
    names = await folderNames(channel, below(root, above), signal).catch((error: unknown) => {
      if (isSignalhouseError(error, "file_missing", "sftp_failed")) return undefined;
      throw error;
    });
  }
  const there = names && names.length > 0 ? `${below(root, above)} has the folders ${names.join(", ")}` : `${below(root, above)} has no folders`;
  return new SignalhouseError(
    "folder_missing",
    `There is no folder ${below(root, folder)} on the server; ${there}`,
    "Correct sftp.folders or sftp.root. Export/Signals appears with the first export.",
  );
}
