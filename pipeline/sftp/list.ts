/** What is in folders of the server, and all below them. */
import { posix } from "node:path";
import { SignalhouseError, isSignalhouseError } from "../../schemas/errors.ts";
import type { Attributes, Channel, Entry } from "./channel.ts";
import { remoteFile, type RemoteFile } from "./file.ts";
import { below, ownName, relativePath } from "./paths.ts";

/** Directories that are listed at the same time. */
const WIDTH = 4;
/** Entries that are looked at at the same time. */
const LOOKS = 32;
/** Links in a row that are followed. */
const MOST_LINKS = 16;

/** What is there and is not listed as a file. */
export interface PassedOver {
  /** As a file's. */
  path: string;
  why: string;
}

export interface Listing {
  /** By path. */
  files: RemoteFile[];
  /** By path; never what is only a folder, or leads to a file that is listed. */
  passedOver: PassedOver[];
}

interface Folder {
  /** Relative to the subscription's folder. */
  path: string;
  /** Absolute, with no link in it. */
  real: string;
}

/**
 * All regular files below `folders`. Symbolic links are followed within the subscription's folder; where several ways lead to a file or a folder, it is
 * listed once, on the way without links where there is one.
 * @param root the subscription's folder; `folders` and the found paths are relative to it
 * @throws SignalhouseError folder_missing, naming the folders that are there; and as `Channel`
 */
export async function listFiles(channel: Channel, root: string, folders: readonly string[], signal?: AbortSignal): Promise<Listing> {
  /** By where they really are. */
  const files = new Map<string, RemoteFile>();
  const passedOver: PassedOver[] = [];
  const entered = new Set<string>();
  const pending: Folder[] = [];
  let links: string[] = [];

  const enter = (folder: Folder) => {
    if (entered.has(folder.real)) return;
    entered.add(folder.real);
    pending.push(folder);
  };
  const add = (real: string, file: RemoteFile) => {
    if (!files.has(real)) files.set(real, file);
  };
  const take = (folder: Folder, { found, passedOver: odd }: Entries) => {
    passedOver.push(...odd);
    for (const { name, attributes } of found) {
      const [path, real] = [below(folder.path, name), posix.join(folder.real, name)];
      if (attributes.type === "folder") enter({ path, real });
      else if (attributes.type === "link") links.push(path);
      else add(real, remoteFile(path, attributes));
    }
  };
  const listAll = async () => {
    while (pending.length > 0) {
      const batch = pending.splice(0, WIDTH);
      const listings = await Promise.all(batch.map(({ path }) => listFolder(channel, root, path, signal).catch(nothingIfGone)));
      for (const [index, entries] of listings.entries()) take(batch[index]!, entries);
    }
  };

  const asked = [...new Set(folders.map(relativePath))];
  const starts = await inTurns(asked, WIDTH, (path) => askedFolder(channel, root, path, signal));
  const fresh = starts.filter(({ real }) => !entered.has(real) && entered.add(real));
  for (const { entries, ...folder } of fresh) take(folder, entries);
  await listAll();
  while (links.length > 0) {
    const paths = links.sort();
    links = [];
    const realRoot = await channel.realpath(root, signal);
    const ends = await inTurns(paths, LOOKS, (path) => endOf(channel, below(root, path), realRoot, signal));
    for (const [index, end] of ends.entries()) {
      const path = paths[index]!;
      if ("why" in end) passedOver.push({ path, why: end.why });
      else if (end.attributes.type === "folder") enter({ path, real: end.real });
      else add(end.real, remoteFile(path, end.attributes));
    }
    await listAll();
  }
  return { files: [...files.values()].sort(byPath), passedOver: passedOver.sort(byPath) };
}

const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1);

/** A folder that was asked for, with what is in it. */
async function askedFolder(channel: Channel, root: string, path: string, signal?: AbortSignal): Promise<Folder & { entries: Entries }> {
  const place = below(root, path);
  try {
    const [real, entries] = await Promise.all([channel.realpath(place, signal), listFolder(channel, root, path, signal)]);
    return { path, real, entries };
  } catch (error) {
    if (!isSignalhouseError(error, "file_missing")) throw error;
    throw await folderMissing(channel, root, path, signal);
  }
}

/** What is in a folder, each with its own name and its type. */
interface Entries {
  found: Entry[];
  passedOver: PassedOver[];
}

/** On S3 a folder that was just listed vanishes with its last file. */
function nothingIfGone(error: unknown): Entries {
  if (isSignalhouseError(error, "file_missing")) return { found: [], passedOver: [] };
  throw error;
}

async function listFolder(channel: Channel, root: string, path: string, signal?: AbortSignal): Promise<Entries> {
  const place = below(root, path);
  const found: Entry[] = [];
  const passedOver: PassedOver[] = [];
  const named = namedIn(place, await channel.list(place, signal), (name) =>
    passedOver.push({ path: `${path}/${name}`, why: "its name is a path that is not in its folder" }),
  );
  const folders = new Set(named.flatMap(({ name, attributes }) => (attributes.type === "folder" ? [name] : [])));
  // The same zero bytes may be shown as a file beside the folder that they stand for.
  const own = named.filter(({ name, attributes }) => attributes.type === "folder" || !folders.has(name) || (attributes.size ?? 0) > 0);
  const looked = await inTurns(own, LOOKS, async ({ name, attributes }) => ({
    name,
    ...(await look(channel, below(place, name), attributes, signal)),
  }));
  for (const entry of looked) {
    if ("why" in entry) passedOver.push({ path: below(path, entry.name), why: entry.why });
    else found.push(entry);
  }
  return { found, passedOver };
}

/** The entries of a directory by their own names, without the directory itself and the one above it. */
function namedIn(place: string, entries: readonly Entry[], passOver: (name: string) => void): Entry[] {
  return entries.flatMap(({ name, attributes }) => {
    const own = ownName(place, name);
    if (own === undefined) passOver(name);
    if (!own || own === "." || own === "..") return [];
    return [{ name: own, attributes: name.endsWith("/") ? { ...attributes, type: "folder" } : attributes }];
  });
}

/** An entry with its type, and with all that the server says of a file; or why it is none that we list. */
async function look(
  channel: Channel,
  place: string,
  listed: Attributes,
  signal?: AbortSignal,
): Promise<{ attributes: Attributes } | { why: string }> {
  const { type, size, mtime } = listed;
  if (type === "other") return { why: "it is no file, no folder and no link" };
  if (type === "folder" || type === "link" || (type === "file" && size !== undefined && mtime !== undefined)) return { attributes: listed };
  try {
    const now = await channel.stat(place, signal);
    const attributes = { size: size ?? now.size, mtime: mtime ?? now.mtime, type: type ?? now.type ?? (await typeByOpening(channel, place, signal)) };
    return attributes.type === "other" ? { why: "it is no file, no folder and no link" } : { attributes };
  } catch (error) {
    if (!isSignalhouseError(error, "file_missing", "sftp_failed")) throw error;
    if (type === "file") return { attributes: listed };
    return { why: error.code === "file_missing" ? "it leads nowhere, or is gone" : `the server does not say what it is: ${error.message}` };
  }
}

/** Of what has no type at all, a folder is what can be listed. */
async function typeByOpening(channel: Channel, place: string, signal?: AbortSignal): Promise<"file" | "folder"> {
  return await channel.list(place, signal).then(
    () => "folder",
    (error: unknown) => {
      if (isSignalhouseError(error, "file_missing", "sftp_failed")) return "file";
      throw error;
    },
  );
}

/** Where a link leads in the end, or why it is not followed. */
async function endOf(
  channel: Channel,
  link: string,
  realRoot: string,
  signal?: AbortSignal,
): Promise<{ real: string; attributes: Attributes } | { why: string }> {
  try {
    let real = link;
    for (let links = 0; ; links += 1) {
      // Not every server resolves links here.
      real = await channel.realpath(real, signal);
      if (real !== realRoot && !real.startsWith(realRoot === "/" ? "/" : `${realRoot}/`))
        return { why: `it is a link that leads out of the subscription's folder, to ${real}` };
      const attributes = await channel.lstat(real, signal);
      if (attributes.type !== "link") {
        const end = await look(channel, real, attributes, signal);
        return "why" in end ? { why: `it is a link to ${real}: ${end.why}` } : { real, ...end };
      }
      if (links === MOST_LINKS) return { why: "it is a link that leads in a circle" };
      real = posix.resolve(posix.dirname(real), await channel.readLink(real, signal));
    }
  } catch (error) {
    if (isSignalhouseError(error, "file_missing")) return { why: "it is a link that leads nowhere" };
    if (isSignalhouseError(error, "sftp_failed")) return { why: "it is a link, and the server does not say where it leads" };
    throw error;
  }
}

/** `work` for each, of which so many go on at the same time; what it gives, in order. */
async function inTurns<T, R>(items: readonly T[], width: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += width) results.push(...(await Promise.all(items.slice(from, from + width).map(work))));
  return results;
}

/**
 * The names of the folders in a directory, and of links to some.
 * @param path as it is asked for
 * @param place the same as an absolute path
 */
export async function folderNames(channel: Channel, path: string, place: string | Promise<string> = path, signal?: AbortSignal): Promise<string[]> {
  const [entries, absolute] = await Promise.all([channel.list(path, signal), place]);
  const named = namedIn(absolute, entries, () => {});
  const types = await inTurns(named, LOOKS, async ({ name, attributes }) => {
    if (attributes.type !== undefined && attributes.type !== "link") return attributes.type;
    return await channel.stat(below(absolute, name), signal).then(
      ({ type }) => type,
      (error: unknown) => {
        if (!isSignalhouseError(error, "file_missing", "sftp_failed")) throw error;
        return undefined;
      },
    );
  });
  return named.flatMap(({ name }, index) => (types[index] === "folder" ? [name] : [])).sort();
}

/** Says what there is, in the nearest folder above that there is. */
async function folderMissing(channel: Channel, root: string, folder: string, signal?: AbortSignal): Promise<SignalhouseError> {
  let above = folder;
  let names: string[] | undefined;
  while (!names && above !== "") {
    above = relativePath(`${above}/..`);
    const place = below(root, above);
    names = await folderNames(channel, place, place, signal).catch((error: unknown) => {
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
