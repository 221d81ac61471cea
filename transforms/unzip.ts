import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { SignalhouseError } from "../schemas/errors.ts";

/** gunzip hands out chunks of this size: three times as fast as with the 16 KiB that are its default. */
const CHUNK_BYTES = 256 * 1024;
/** The expansion ratio is looked at only beyond so many bytes: a short file may well be 1,000 times its gzip. */
const RATIO_FLOOR_BYTES = 64 * 1024 * 1024;

const startsWith = (bytes: Buffer, ...magic: number[]) => magic.every((byte, index) => bytes[index] === byte);

/**
 * The plain bytes of a file that may be gzip. gzip is told by its first bytes, never by a name; several members in a row are one file.
 * Memory: a few chunks.
 * @param source the file's bytes; it is destroyed when the result is left early
 * @throws SignalhouseError gzip_truncated, gzip_corrupt, gzip_bomb, file_empty, not_an_export (zip, UTF-16); errors of the source as they are
 */
export async function* unzip(source: AsyncIterable<Uint8Array>, maxExpansionRatio: number): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  try {
    const head = await readHead(chunks);
    if (head.length === 0)
      throw new SignalhouseError("file_empty", "the file has no bytes", "It may still be being written; the next run tries it again.");
    refuseForeign(head);
    yield* isGzip(head) ? gunzip(head, chunks, maxExpansionRatio) : following(head, chunks);
  } finally {
    await chunks.return?.();
  }
}

/** The first chunk or chunks, until the magic bytes can be told. */
async function readHead(chunks: AsyncIterator<Uint8Array>): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (head.length < 4) {
    const next = await chunks.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  return head;
}

/** No CSV starts with the first byte of gzip's two: a file of this one byte is a gzip that is still being written. */
const isGzip = (head: Buffer) => startsWith(head, 0x1f, 0x8b) || (head.length === 1 && startsWith(head, 0x1f));

/** A chunk and those after it. Leaving it leaves the chunks open: unzip() closes them. */
async function* following(first: Buffer, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<Buffer> {
  yield first;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    yield Buffer.from(next.value.buffer, next.value.byteOffset, next.value.length);
  }
}

function refuseForeign(head: Buffer): void {
  const refuse = (what: string, hint: string) => new SignalhouseError("not_an_export", `the file is ${what}`, hint);
  if (startsWith(head, 0x50, 0x4b, 3, 4)) throw refuse("a zip archive, not gzip or CSV", "Unpack it and load the CSV in it.");
  if (startsWith(head, 0xff, 0xfe) || startsWith(head, 0xfe, 0xff))
    throw refuse("UTF-16 text, not UTF-8", "Connect writes UTF-8: load the file as it was exported.");
}

async function* gunzip(head: Buffer, chunks: AsyncIterator<Uint8Array>, maxExpansionRatio: number): AsyncGenerator<Buffer> {
  const unzipped = createGunzip({ chunkSize: CHUNK_BYTES });
  const extent = new Extent();
  // The iteration below sees every error; the callback is there because pipeline() wants one.
  pipeline(Readable.from(extent.through(following(head, chunks)), { objectMode: false }), unzipped, () => undefined);
  let written = 0;
  try {
    for await (const chunk of unzipped as AsyncIterable<Buffer>) {
      written += chunk.length;
      if (written > RATIO_FLOOR_BYTES && written > unzipped.bytesWritten * maxExpansionRatio) {
        throw new SignalhouseError(
          "gzip_bomb",
          `the gzip file expands to more than ${maxExpansionRatio} times its size (${written} bytes out of ${unzipped.bytesWritten} so far)`,
          "If the file is what you expect, raise limits.maxExpansionRatio.",
        );
      }
      yield chunk;
    }
  } catch (error) {
    throw explained(error, written);
  }
  // zlib stops at zeros behind a member, which are padding. What comes behind them must not be lost silently.
  for await (const _ of extent.through(following(NOTHING, chunks)));
  if (extent.data > unzipped.bytesWritten) {
    throw new SignalhouseError(
      "gzip_corrupt",
      `the gzip file has data behind the zeros that end it, from byte ${unzipped.bytesWritten} on`,
      "Nothing of it was loaded. If the next run finds the same, export it again.",
    );
  }
}

const NOTHING = Buffer.alloc(0);

/** How far bytes that went by reach, and how far those among them that are not zeros at the end. */
class Extent {
  bytes = 0;
  data = 0;

  async *through(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      let end = chunk.length;
      while (end > 0 && chunk[end - 1] === 0) end -= 1;
      if (end > 0) this.data = this.bytes + end;
      this.bytes += chunk.length;
      yield chunk;
    }
  }
}

/** zlib's errors in plain words; all others as they are. Codes: https://nodejs.org/api/zlib.html */
function explained(error: unknown, written: number): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "Z_BUF_ERROR") {
    return new SignalhouseError(
      "gzip_truncated",
      `the gzip file ends too early, after ${written} unzipped bytes`,
      "It may still be being written; nothing of it was loaded and the next run tries it again.",
      error,
    );
  }
  if (typeof code === "string" && code.startsWith("Z_")) {
    return new SignalhouseError(
      "gzip_corrupt",
      `the gzip file is damaged after ${written} unzipped bytes (${(error as Error).message})`,
      "Nothing of it was loaded. If the next run finds the same, export it again.",
      error,
    );
  }
  return error;
}
