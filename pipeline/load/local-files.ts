/** Files on this machine, and standard input, as sources of a load. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { SignalhouseError } from "../../schemas/errors.ts";
import { whyNotRead } from "../../sinks/file-faults.ts";
import { kindOf } from "../../sinks/file-kind.ts";
import type { Source } from "./source.ts";

const CHUNK_BYTES = 256 * 1024;

/**
 * A local file. It fails with file_changed where it changes while it is read: its size, mtime or ctime, which nobody can put back.
 * @throws SignalhouseError file_missing
 */
export async function localFile(path: string): Promise<Source> {
  const absolute = resolve(path);
  const before = await identityOf(absolute);
  const { size, mtime } = before;
  return {
    path: absolute,
    size,
    mtime,
    async *open(signal) {
      // A stream that is made with a signal which is aborted already never closes its file.
      signal.throwIfAborted();
      try {
        yield* createReadStream(absolute, { highWaterMark: CHUNK_BYTES, signal });
      } catch (error) {
        signal.throwIfAborted();
        throw unreadable(absolute, error);
      }
      if (!isDeepStrictEqual(await identityOf(absolute), before)) {
        throw new SignalhouseError(
          "file_changed",
          `${absolute} changed while it was being read`,
          "It may still be being written; nothing of it was loaded. Load it again when it is complete.",
        );
      }
    },
  };
}

/** Times in milliseconds; the changed one to the nanosecond, as text. */
async function identityOf(path: string): Promise<{ size: number; mtime: number; changed: string }> {
  const found = await stat(path, { bigint: true }).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (!found.isFile()) {
    // `<(zcat …)` of a shell is one: it can be read once, and has no size to know it by.
    const todo = found.isFIFO() ? "Hand it over as standard input: signalhouse load - < FILE" : "Name a file.";
    throw new SignalhouseError("file_missing", `${path} is ${kindOf(found)}, not a file`, todo);
  }
  return { size: Number(found.size), mtime: Number(found.mtimeMs), changed: `${found.dev} ${found.ino} ${found.ctimeNs}` };
}

function unreadable(path: string, cause: unknown): SignalhouseError {
  return new SignalhouseError(
    "file_missing",
    `${path} cannot be read: ${whyNotRead(cause)}`,
    "Check the path, and that you may read the file.",
    cause,
  );
}

/** A stream of unknown size, such as standard input, under the name `stdin`. Its mtime is the moment of its load. */
export function streamSource(stream: AsyncIterable<Uint8Array>): Source {
  return { path: "stdin", size: 0, mtime: Date.now(), once: true, open: () => stream };
}
