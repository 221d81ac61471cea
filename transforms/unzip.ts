import { pipeline, Readable } from "node:stream";
import { createGunzip, type Gunzip } from "node:zlib";
import { SignalhouseError } from "../schemas/errors.ts";
import { foreignKind, HEAD_BYTES } from "./foreign.ts";

/** gunzip hands out chunks of this size: three times as fast as with the 16 KiB that are its default. */
const CHUNK_BYTES = 256 * 1024;
/** The expansion ratio is looked at only beyond so many bytes: a short file may well be 1,000 times its gzip. */
const RATIO_FLOOR_BYTES = 64 * 1024 * 1024;

/** gzip within gzip is unpacked, so often at the most: some servers and tools pack what is packed already. */
const MOST_LAYERS = 4;

/**
 * The plain bytes of a file that may be gzip, or gzip within gzip. gzip is told by its first bytes, never by a name; several members in a row are one file.
 * Memory: a few chunks for each layer.
 * @param source the file's bytes; it is destroyed when the result is left early
 * @throws SignalhouseError gzip_truncated, gzip_corrupt, gzip_bomb, file_empty, not_an_export (archives, other encodings, other formats); errors of the source as they are
 */
export async function* unzip(source: AsyncIterable<Uint8Array>, maxExpansionRatio: number): AsyncGenerator<Buffer> {
  yield* plain(source[Symbol.asyncIterator](), { maxExpansionRatio, layers: 0, packed: undefined });
}

/** What was unpacked already. */
interface Unpacked {
  maxExpansionRatio: number;
  layers: number;
  /** How many bytes of the file itself were read so far; undefined where nothing was unpacked. */
  packed: (() => number) | undefined;
}

async function* plain(chunks: AsyncIterator<Uint8Array>, unpacked: Unpacked): AsyncGenerator<Buffer> {
  const { layers } = unpacked;
  try {
    const head = await readHead(chunks);
    if (head.length === 0 && layers === 0)
      throw new SignalhouseError("file_empty", "the file has no bytes", "It may still be being written; the next run tries it again.");
    if (!isGzip(head)) {
      const foreign = foreignKind(head);
      if (foreign)
        throw new SignalhouseError("not_an_export", `${layers === 0 ? "the file" : "what is in the gzip file"} is ${foreign.what}`, foreign.hint);
      yield* following(head, chunks);
    } else if (layers === MOST_LAYERS) {
      throw new SignalhouseError(
        "not_an_export",
        `the file is gzip within gzip, more than ${MOST_LAYERS} times`,
        "Unpack it, and load the CSV in it.",
      );
    } else yield* gunzip(head, chunks, unpacked);
  } finally {
    await chunks.return?.();
  }
}

/** The first chunk or chunks, until they tell what the file is. */
async function readHead(chunks: AsyncIterator<Uint8Array>): Promise<Buffer> {
  const head: Uint8Array[] = [];
  for (let length = 0; length < HEAD_BYTES;) {
    const next = await chunks.next();
    if (next.done) break;
    head.push(next.value);
    length += next.value.length;
  }
  const [first] = head;
  return head.length === 1 && first ? Buffer.from(first.buffer, first.byteOffset, first.length) : Buffer.concat(head);
}

/** No CSV starts with the first byte of gzip's two: a file of this one byte is a gzip that is still being written. */
const isGzip = (head: Buffer) => head[0] === 0x1f && (head[1] === 0x8b || head.length === 1);

/** A chunk and those after it. Leaving it leaves the chunks open: plain() closes them. */
async function* following(first: Buffer, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    yield Buffer.from(next.value.buffer, next.value.byteOffset, next.value.length);
  }
}

async function* gunzip(head: Buffer, chunks: AsyncIterator<Uint8Array>, unpacked: Unpacked): AsyncGenerator<Buffer> {
  const unzipped = createGunzip({ chunkSize: CHUNK_BYTES });
  const packed = unpacked.packed ?? (() => unzipped.bytesWritten);
  yield* plain(inflated(unzipped, head, chunks, { ...unpacked, packed }), { ...unpacked, layers: unpacked.layers + 1, packed });
}

/** What a layer of gzip holds. @param packed as for Unpacked: the limit is one for all layers together */
async function* inflated(
  unzipped: Gunzip,
  head: Buffer,
  chunks: AsyncIterator<Uint8Array>,
  { maxExpansionRatio, packed }: { maxExpansionRatio: number; packed: () => number },
): AsyncGenerator<Buffer> {
  const extent = new Extent();
  // The iteration below sees every error; the callback is there because pipeline() wants one.
  pipeline(Readable.from(extent.through(following(head, chunks)), { objectMode: false }), unzipped, () => undefined);
  let written = 0;
  try {
    for await (const chunk of unzipped as AsyncIterable<Buffer>) {
      written += chunk.length;
      if (written > RATIO_FLOOR_BYTES && written > packed() * maxExpansionRatio) {
        throw new SignalhouseError(
          "gzip_bomb",
          `the gzip file expands to more than ${maxExpansionRatio} times its size (${written} bytes out of ${packed()} so far)`,
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
