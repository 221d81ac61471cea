import { setMaxListeners } from "node:events";
import { Readable, addAbortSignal } from "node:stream";
import { SignalhouseError, isSignalhouseError } from "../../schemas/errors.ts";
import type { Retries } from "../common/retries.ts";
import type { Channel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { changeOf, fileChanged, type RemoteFile } from "./file.ts";
import { isLost } from "./lost.ts";
import type { Pace } from "./options.ts";

/** The smallest request and the first one after trouble: what every server grants. */
const SMALL_BYTES = 31 * 1024;

/** What reading needs to know about the server. */
export interface ReadSource {
  /** The connection that is up, or a new one. */
  connection(signal: AbortSignal): Promise<Connection>;
  /** A file's path on the server. */
  place(file: RemoteFile): string;
  retries(): Retries;
  pace: Pace;
}

/**
 * The bytes of a file, in order. A lost connection is taken up again at the byte where it broke off.
 * Holds at most `pace.windowBytes` for each channel, whatever the file's size; a slow consumer stops the requests.
 * The stream fails with the file's `fault`, or SignalhouseError file_changed, file_missing, connection_lost, server_stalled, host_unreachable or sftp_failed; with the
 * signal's reason as its cause where it is aborted. Its end closes the handles on the server, the connection stays.
 */
export function readFile(source: ReadSource, file: RemoteFile, signal: AbortSignal): Readable {
  const stop = new AbortController();
  // Each request listens, and the window bounds how many there are.
  setMaxListeners(0, stop.signal);
  const chunks = chunksOf(source, file, stop.signal);
  const stream = new Readable({
    read() {
      chunks.next().then(
        ({ done, value }) => this.push(done ? null : value),
        (error: Error) => this.destroy(error),
      );
    },
    destroy(error, done) {
      stop.abort(error ?? new Error("reading was ended"));
      chunks.return(undefined).then(
        () => done(error),
        () => done(error),
      );
    },
  });
  return addAbortSignal(signal, stream);
}

/** Attempt after attempt, each from where the last one got to. */
async function* chunksOf(source: ReadSource, file: RemoteFile, signal: AbortSignal): AsyncGenerator<Buffer, undefined> {
  if (file.fault) throw file.fault;
  const retries = source.retries();
  const full = source.pace.windowBytes;
  const small = Math.min(SMALL_BYTES, full);
  let window = { first: full, most: full };
  let offset = 0;
  for (;;) {
    const from = offset;
    let connected = false;
    try {
      const connection = await source.connection(signal);
      connected = true;
      for await (const chunk of attempt(connection, source, file, offset, window, signal)) {
        offset += chunk.length;
        retries.progress();
        yield chunk;
      }
      return;
    } catch (error) {
      if (connected && isSignalhouseError(error, "sftp_failed") && window.most > small) {
        // Some servers cannot read out of order. One request at a time is what every server can do.
        window = { first: small, most: small };
        continue;
      }
      // Where not one request was answered before the line broke, smaller ones may be.
      if (connected && offset === from) window = { first: small, most: window.most };
      await retries.again(at(error, file, offset), signal);
    }
  }
}

/** A file that is open on a channel. */
interface OpenFile {
  channel: Channel;
  handle: Buffer;
  /** Bytes asked for and not yet here. */
  busy: number;
}

/**
 * Reads on one connection from `offset` to the end. At most `window` bytes a channel are asked for and not yet handed on; the window begins small
 * where the last attempt failed, and grows with what arrives.
 */
async function* attempt(
  connection: Connection,
  source: ReadSource,
  file: RemoteFile,
  offset: number,
  window: { first: number; most: number },
  signal: AbortSignal,
): AsyncGenerator<Buffer, undefined> {
  const path = source.place(file);
  const { pace } = source;
  const files: OpenFile[] = [];
  const openOne = async (number: number) => {
    const channel = await connection.channel(number);
    files.push({ channel, handle: await channel.open(path, signal), busy: 0 });
  };
  let width = window.first;
  const opening: Promise<void>[] = [];
  const widen = () => {
    const worthwhile = width < pace.windowBytes ? 1 : Math.min(connection.width, Math.ceil((file.size - offset) / pace.windowBytes));
    // A server that grants fewer channels is read through those that there are; the first one must be there.
    while (opening.length < Math.max(worthwhile, 1)) {
      const one = openOne(opening.length);
      one.catch(() => {});
      opening.push(one);
    }
  };
  try {
    widen();
    await opening[0];
    const channel = await connection.channel(0);
    const check = async () => {
      const change = changeOf(file, await channel.stat(path, signal));
      if (change) throw change;
    };
    // Asked together with the first bytes, and known before these are handed on.
    const unchanged = check();
    unchanged.catch(() => {});
    const queue: Promise<Buffer>[] = [];
    let asked = offset;
    while (offset < file.size) {
      widen();
      while (asked < file.size && asked - offset < width * files.length) {
        const open = files.reduce((least, other) => (other.busy < least.busy ? other : least));
        const length = Math.min(Math.max(SMALL_BYTES, width >> 3), pace.requestBytes, open.channel.readLimit, file.size - asked);
        queue.push(readOn(open, path, asked, length, signal));
        asked += length;
      }
      const chunk = await queue.shift()!;
      await unchanged;
      offset += chunk.length;
      width = Math.min(width + chunk.length, window.most);
      yield chunk;
    }
    await unchanged;
    await check();
  } finally {
    for (const one of opening) void one.then(closeAll, closeAll);
  }

  function closeAll(): void {
    for (const { channel, handle } of files.splice(0)) void channel.close(handle);
  }
}

function readOn(open: OpenFile, path: string, position: number, length: number, signal: AbortSignal): Promise<Buffer> {
  const read = async () => {
    open.busy += length;
    const bytes = await open.channel.read(path, open.handle, position, length, signal).finally(() => (open.busy -= length));
    if (bytes.length < length) throw fileChanged(`${path} now ends at byte ${position + bytes.length}, before the end that was listed`);
    return bytes;
  };
  const bytes = read();
  // It may fail before its turn comes; then whoever waits for an earlier one hears of it.
  bytes.catch(() => {});
  return bytes;
}

/** A lost connection, with where in the file it was lost. */
function at(error: unknown, file: RemoteFile, offset: number): unknown {
  if (!isLost(error)) return error;
  return new SignalhouseError(error.code, `${error.message}, at byte ${offset} of ${file.size} of ${file.path}`, error.hint, error);
}
