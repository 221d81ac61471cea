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
  const rest: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => chunks };
  try {
    const head = await readHead(chunks);
    if (head.length === 0)
      throw new SignalhouseError("file_empty", "the file has no bytes", "It may still be being written; the next run tries it again.");
    refuseForeign(head);
    const bytes = prepend(head, rest);
    yield* startsWith(head, 0x1f, 0x8b) ? gunzip(bytes, maxExpansionRatio) : bytes;
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

async function* prepend(head: Buffer, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  yield head;
  for await (const chunk of rest) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
}

function refuseForeign(head: Buffer): void {
  const refuse = (what: string, hint: string) => new SignalhouseError("not_an_export", `the file is ${what}`, hint);
  if (startsWith(head, 0x50, 0x4b, 3, 4)) throw refuse("a zip archive, not gzip or CSV", "Unpack it and load the CSV in it.");
  if (startsWith(head, 0xff, 0xfe) || startsWith(head, 0xfe, 0xff))
    throw refuse("UTF-16 text, not UTF-8", "Connect writes UTF-8: load the file as it was exported.");
}

async function* gunzip(bytes: AsyncIterable<Buffer>, maxExpansionRatio: number): AsyncGenerator<Buffer> {
  const unzipped = createGunzip({ chunkSize: CHUNK_BYTES });
  // The iteration below sees every error; the callback is there because pipeline() wants one.
  pipeline(Readable.from(bytes, { objectMode: false }), unzipped, () => undefined);
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
