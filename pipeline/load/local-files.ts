/** Files on this machine, and standard input, as sources of a load. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { SignalhouseError } from "../../schemas/errors.ts";
import { whyNotRead } from "../../sinks/file-faults.ts";
import { kindOf } from "../../sinks/file-kind.ts";
import type { Source } from "./source.ts";

const CHUNK_BYTES = 256 * 1024;

/**
 * A local file. It fails with file_changed where its size or mtime moves while it is read.
 * @throws SignalhouseError file_missing
 */
export async function localFile(path: string): Promise<Source> {
  const absolute = resolve(path);
  const { size, mtime } = await identityOf(absolute);
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
      const now = await identityOf(absolute);
      if (now.size !== size || now.mtime !== mtime) {
        throw new SignalhouseError(
          "file_changed",
          `${absolute} changed while it was being read`,
          "It may still be being written; nothing of it was loaded. Load it again when it is complete.",
        );
      }
    },
  };
}

async function identityOf(path: string): Promise<{ size: number; mtime: number }> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (!found.isFile()) {
    // `<(zcat …)` of a shell is one: it can be read once, and has no size to know it by.
    const todo = found.isFIFO() ? "Hand it over as standard input: signalhouse load - < FILE" : "Name a file.";
    throw new SignalhouseError("file_missing", `${path} is ${kindOf(found)}, not a file`, todo);
  }
  return { size: found.size, mtime: Math.floor(found.mtimeMs) };
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
