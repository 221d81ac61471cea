import { posix } from "node:path";
import { isSignalhouseError, SignalhouseError } from "../../schemas/errors.ts";
import type { Channel } from "./channel.ts";
import type { Connection } from "./connection.ts";

/** Bytes that are on their way and not yet confirmed. */
const WINDOW_BYTES = 2 * 1024 * 1024;

/**
 * Writes a file on one channel, with many requests under way, and looks at its size afterwards. One upload over several channels can corrupt a file
 * on AWS Transfer Family without a word.
 * @param place the file's path and the subscription's folder, both absolute: folders are made between them
 * @returns the bytes written
 * @throws SignalhouseError upload_failed, and as Channel; what the source throws
 */
export async function writeFile(
  connection: Connection,
  { root, path }: { root: string; path: string },
  source: () => AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<number> {
  const channel = await connection.channel(0);
  await makeFolders(channel, root, posix.dirname(path), signal);
  const handle = await channel.create(path, signal);
  let written = 0;
  try {
    written = await writeAll(channel, path, handle, source(), signal);
  } catch (error) {
    await channel.close(handle);
    throw error;
  }
  await channel.finish(path, handle, signal);
  const { size } = await channel.stat(path, signal);
  if (size === written) return written;
  throw new SignalhouseError(
    "upload_failed",
    `${path} has ${size ?? "an unknown number of"} bytes on the server after ${written} were sent`,
    "Nothing was asked of Connect. Push again; where it stays so, the subscription's folder may be full (5 GB, 100 files).",
  );
}

/** Writes in order; the oldest request is waited for where the window is full. */
async function writeAll(channel: Channel, path: string, handle: Buffer, source: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<number> {
  const underWay: { length: number; done: Promise<void> }[] = [];
  let onWay = 0;
  let position = 0;
  for await (const chunk of source) {
    for (let from = 0; from < chunk.length; from += channel.writeLimit) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset + from, Math.min(channel.writeLimit, chunk.length - from));
      const done = channel.write(path, handle, bytes, position, signal);
      // It may fail before its turn comes; then whoever waits for an earlier one hears of it.
      done.catch(() => {});
      underWay.push({ length: bytes.length, done });
      onWay += bytes.length;
      position += bytes.length;
      while (onWay >= WINDOW_BYTES) {
        const oldest = underWay.shift()!;
        await oldest.done;
        onWay -= oldest.length;
      }
    }
  }
  for (const { done } of underWay) await done;
  return position;
}

/** Makes the folders from `root` down to `folder` that are not there. */
async function makeFolders(channel: Channel, root: string, folder: string, signal: AbortSignal): Promise<void> {
  const names = posix.relative(root, folder).split("/");
  let path = root;
  for (const name of names.filter((name) => name !== "")) {
    path = posix.join(path, name);
    if (await isThere(channel, path, signal)) continue;
    await channel.makeFolder(path, signal).catch(async (error: unknown) => {
      // Another process may have been quicker.
      if (isSignalhouseError(error, "connection_lost", "server_stalled") || !(await isThere(channel, path, signal))) throw error;
    });
  }
}

async function isThere(channel: Channel, path: string, signal: AbortSignal): Promise<boolean> {
  try {
    await channel.stat(path, signal);
    return true;
  } catch (error) {
    if (isSignalhouseError(error, "file_missing")) return false;
    throw error;
  }
}

/** Removes a file; that there is none is as good. @throws SignalhouseError as Channel */
export async function removeFile(channel: Channel, path: string, signal: AbortSignal): Promise<void> {
  await channel.removeFile(path, signal).catch((error: unknown) => {
    if (!isSignalhouseError(error, "file_missing")) throw error;
  });
}
