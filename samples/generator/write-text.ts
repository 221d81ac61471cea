/** Puts the text of an export on the disk. */
import { createWriteStream } from "node:fs";
import { mkdir, utimes } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import { createGzip } from "node:zlib";

/** The same blocks, each made only after the one before went on its way: gzip packs in its own thread meanwhile. */
async function* whilePacking(blocks: Iterable<string>): AsyncGenerator<string> {
  for (const block of blocks) {
    yield block;
    await setImmediate();
  }
}

/** Writes `blocks`, packed where the name `out` ends in ".gz", and gives the file its mtime. Missing folders are made. Memory: some blocks. */
export async function writeText(out: string, blocks: Iterable<string>, mtime: string): Promise<void> {
  await mkdir(dirname(out), { recursive: true });
  const text = Readable.from(whilePacking(blocks), { highWaterMark: 2 });
  const written = createWriteStream(out);
  await (out.endsWith(".gz") ? pipeline(text, createGzip({ level: 6, chunkSize: 256 * 1024 }), written) : pipeline(text, written));
  await utimes(out, new Date(mtime), new Date(mtime));
}
