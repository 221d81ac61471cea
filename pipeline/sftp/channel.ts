import type { FileEntryWithStats, SFTPWrapper, Stats } from "ssh2";
import { serverWords } from "../../schemas/characters.ts";
import { SignalhouseError, messageOf } from "../../schemas/errors.ts";

/** Status codes of SFTP version 3. Source: draft-ietf-secsh-filexfer-02, section 7. */
const STATUS = { eof: 1, noSuchFile: 2, permissionDenied: 3, noConnection: 6, connectionLost: 7 } as const;

/** What every SFTP server must answer, or take, in one packet, with room for its header. Same source, section 3. */
const PACKET_LIMIT = 31 * 1024;

type Answer<T> = (error: Error | null | undefined, value: T) => void;

/**
 * One SFTP session: requests as promises, with the server's silence noticed. Requests overlap; the server answers in any order.
 * Every method throws SignalhouseError file_missing, sftp_failed, server_stalled or connection_lost, or the signal's reason.
 */
export class Channel {
  /** Bytes that one read request may ask for. */
  readonly readLimit: number;
  /** Bytes that one write request may carry. */
  readonly writeLimit: number;
  readonly #sftp: SFTPWrapper;
  readonly #silence: { limitMs: number; onLimit: () => void };
  readonly #waiting = new Set<(error: unknown) => void>();
  #clock: NodeJS.Timeout | undefined;
  #failure: unknown;

  /**
   * @param silence `onLimit` is called where there are requests and none was answered for `limitMs` milliseconds; it is expected to `fail` the channel
   */
  constructor(sftp: SFTPWrapper, silence: { limitMs: number; onLimit: () => void }) {
    this.#sftp = sftp;
    this.#silence = silence;
    // ssh2 asks for limits@openssh.com and keeps the answer to itself; it cuts what is larger into requests that wait for each other.
    const limit = (name: string) => {
      const given: unknown = Reflect.get(sftp, name);
      return typeof given === "number" && given > 0 ? given : PACKET_LIMIT;
    };
    this.readLimit = limit("_maxReadLen");
    this.writeLimit = limit("_maxWriteLen");
  }

  /** Rejects whatever is asked, now and later. */
  fail(error: unknown): void {
    this.#failure ??= error;
    for (const lose of this.#waiting) lose(error);
  }

  realpath(path: string, signal?: AbortSignal): Promise<string> {
    return this.#ask(path, (done: Answer<string>) => this.#sftp.realpath(path, done), signal);
  }

  stat(path: string, signal?: AbortSignal): Promise<Stats> {
    return this.#ask(path, (done: Answer<Stats>) => this.#sftp.stat(path, done), signal);
  }

  /** A handle for reading; the caller closes it. */
  open(path: string, signal?: AbortSignal): Promise<Buffer> {
    return this.#ask(path, (done: Answer<Buffer>) => this.#sftp.open(path, "r", done), signal);
  }

  /** A handle for writing a file from its start, new or in place of what is there; the caller closes it. S3 knows no other way to write. */
  create(path: string, signal?: AbortSignal): Promise<Buffer> {
    return this.#ask(path, (done: Answer<Buffer>) => this.#sftp.open(path, "w", done), signal);
  }

  /** Writes all of `bytes`, of which there are at most `writeLimit`, at `position`. */
  write(path: string, handle: Buffer, bytes: Buffer, position: number, signal?: AbortSignal): Promise<void> {
    return this.#ask(
      path,
      (done: Answer<undefined>) => this.#sftp.write(handle, bytes, 0, bytes.length, position, (error) => done(error, undefined)),
      signal,
    );
  }

  /** Ends a written file. Unlike `close` it throws: what the server could not keep it says here. */
  async finish(path: string, handle: Buffer, signal?: AbortSignal): Promise<void> {
    await this.#ask(path, (done: Answer<undefined>) => this.#sftp.close(handle, (error) => done(error, undefined)), signal);
  }

  async makeFolder(path: string, signal?: AbortSignal): Promise<void> {
    await this.#ask(path, (done: Answer<undefined>) => this.#sftp.mkdir(path, (error) => done(error, undefined)), signal);
  }

  async removeFile(path: string, signal?: AbortSignal): Promise<void> {
    await this.#ask(path, (done: Answer<undefined>) => this.#sftp.unlink(path, (error) => done(error, undefined)), signal);
  }

  /** Never throws: a handle that cannot be closed goes with its connection. */
  async close(handle: Buffer): Promise<void> {
    await this.#ask("", (done: Answer<undefined>) => this.#sftp.close(handle, (error) => done(error, undefined))).catch(() => {});
  }

  /** `length` bytes from `position`; fewer only where the file ends before. `length` is at most `readLimit`. */
  async read(path: string, handle: Buffer, position: number, length: number, signal?: AbortSignal): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      const send = (done: Answer<number>) => this.#sftp.read(handle, bytes, filled, length - filled, position + filled, done);
      const count = await this.#ask(path, send, signal);
      if (count === 0) return bytes.subarray(0, filled);
      filled += count;
    }
    return bytes;
  }

  /** The entries of a directory, without `.` and `..`. */
  async list(path: string, signal?: AbortSignal): Promise<FileEntryWithStats[]> {
    const handle = await this.#ask(path, (done: Answer<Buffer>) => this.#sftp.opendir(path, done), signal);
    const entries: FileEntryWithStats[] = [];
    try {
      for (;;) {
        const more = await this.#ask(
          path,
          (done: Answer<FileEntryWithStats[] | undefined>) => this.#sftp.readdir(handle, nothingAtEnd(done)),
          signal,
        );
        if (!more) return entries;
        entries.push(...more);
      }
    } finally {
      void this.close(handle);
    }
  }

  #ask<T>(path: string, send: (done: Answer<T>) => void, signal?: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      if (signal?.aborted) return reject(signal.reason);
      const settle = () => {
        this.#waiting.delete(lose);
        signal?.removeEventListener("abort", stop);
        this.#watch();
      };
      const lose = (error: unknown) => (settle(), reject(error));
      const stop = () => lose(signal?.reason);
      this.#waiting.add(lose);
      signal?.addEventListener("abort", stop, { once: true });
      if (this.#waiting.size === 1) this.#watch();
      send((error, value) => (settle(), error ? reject(refusal(error, path)) : resolve(value)));
    });
  }

  /** Sets the clock to zero; it runs only while something is asked. */
  #watch(): void {
    clearTimeout(this.#clock);
    if (this.#waiting.size > 0) this.#clock = setTimeout(this.#silence.onLimit, this.#silence.limitMs);
  }
}

/** What an answer that is an error means. Without a status it is ssh2's, for a channel that is gone. */
function refusal(error: Error, path: string): SignalhouseError {
  const { code } = error as { code?: unknown };
  switch (code) {
    case STATUS.noSuchFile:
      return new SignalhouseError(
        "file_missing",
        `${path} is not on the server`,
        "Connect deletes export files after 28 days, and an import's file when it is done; list again, and ask for a new export where it is gone.",
        error,
      );
    case STATUS.permissionDenied:
      return new SignalhouseError("sftp_failed", `The server denies access to ${path}`, "Check sftp.root and sftp.folders.", error);
    case undefined:
    case STATUS.noConnection:
    case STATUS.connectionLost:
      return new SignalhouseError("connection_lost", `The connection was lost: ${serverWords(messageOf(error))}`, "Try again later.", error);
    default:
      return new SignalhouseError(
        "sftp_failed",
        `The server refused a request for ${path}: ${serverWords(messageOf(error))} (status ${String(code)})`,
        "Try again later.",
        error,
      );
  }
}

/** A directory's end comes as an error; this makes it `undefined`. */
function nothingAtEnd<T>(done: Answer<T | undefined>): Answer<T> {
  return (error, value) => (error && (error as { code?: unknown }).code === STATUS.eof ? done(undefined, undefined) : done(error, value));
}
