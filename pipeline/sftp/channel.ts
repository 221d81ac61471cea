import type { ClientChannel } from "ssh2";
import { serverWords } from "../../schemas/characters.ts";
import { SignalhouseError, messageOf } from "../../schemas/errors.ts";
import { refusal, somethingElse, undefinedAtEnd } from "./channel-faults.ts";
import {
  ANSWERS,
  Fields,
  NO_ATTRIBUTES,
  OPEN,
  PACKET,
  Packets,
  STATUS,
  packet,
  type Attributes,
  type Entry,
  type Field,
  type Request,
} from "./packets.ts";

export type { Attributes, Entry } from "./packets.ts";

/** What every SFTP server must answer, or take, in one packet, with room for its header. Source: draft-ietf-secsh-filexfer-02, section 3. */
const PACKET_LIMIT = 31 * 1024;

/** Asks how much a server answers and takes in one packet. Source: OpenSSH's PROTOCOL, section 4.8. */
const LIMITS = "limits@openssh.com";

/** The answer to our first packet has no id; requests count from 1. */
const VERSION_ID = 0;

/** Bytes that are kept of what a server says in place of SFTP. */
const SAID_BYTES = 400;

/** What a channel tells whoever has opened it. */
export interface ChannelEvents {
  /** Milliseconds without an answer after which `onSilence` is called; the clock runs only while something is asked. */
  silenceMs: number;
  /** The server does not answer. Expected to `fail` the channel. */
  onSilence: () => void;
  /** The session, once begun, is over, or the server does not keep to SFTP. Expected to `fail` the channel. */
  onLost: (error: SignalhouseError) => void;
}

/** A request whose answer is still to come. */
interface Waiting {
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

/** An answer, from behind its id on. */
interface Answer {
  type: number;
  fields: Fields;
}

/**
 * One SFTP session: requests as promises, with the server's silence noticed. Requests overlap; the server answers in any order.
 * Every method throws SignalhouseError file_missing, sftp_failed, server_stalled or connection_lost, or the signal's reason.
 */
export class Channel {
  /** Bytes that one read request may ask for. */
  readLimit = PACKET_LIMIT;
  /** Bytes that one write request may carry. */
  writeLimit = PACKET_LIMIT;
  readonly #stream: ClientChannel;
  readonly #events: ChannelEvents;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = VERSION_ID;
  #clock: NodeJS.Timeout | undefined;
  #failure: unknown;
  #begun = false;
  /** What was said before SFTP began, and with which code the server's program ended. */
  readonly #before = { out: "", exit: "" };

  /** @param stream a channel of the subsystem sftp, on which nothing was said yet; `begin` comes before all else */
  constructor(stream: ClientChannel, events: ChannelEvents) {
    this.#stream = stream;
    this.#events = events;
    const packets = new Packets((whole) => this.#take(whole));
    stream
      .on("data", (chunk: Buffer) => {
        if (!this.#begun) this.#before.out = (this.#before.out + chunk.toString("latin1")).slice(0, SAID_BYTES);
        try {
          packets.push(chunk);
        } catch (error) {
          this.#noSftp(error);
        }
      })
      .on("exit", (code: number | null, name?: string) => (this.#before.exit = ` (${code === null ? (name ?? "killed") : `exit code ${code}`})`))
      .on("error", (error: Error) => this.#end(messageOf(error)))
      .on("close", () => this.#end("the server closed it"));
    // OpenSSH hands on nothing of it; of others nothing must pile up.
    stream.stderr.resume();
  }

  /**
   * Begins the session, and asks for the server's limits.
   * @throws SignalhouseError server_unfit where something else than an SFTP server is there; and as the other methods
   */
  async begin(): Promise<void> {
    const { fields } = await this.#send(VERSION_ID, packet(PACKET.init, 3));
    try {
      fields.uint32();
      const extensions = new Map<string, string>();
      while (!fields.ended) extensions.set(fields.text(), fields.text());
      if (extensions.get(LIMITS) === "1") await this.#readLimits();
    } catch (error) {
      throw this.#noSftp(error);
    }
  }

  /** Rejects whatever is asked, now and later. */
  fail(error: unknown): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
  }

  realpath(path: string, signal?: AbortSignal): Promise<string> {
    return this.#ask(PACKET.realpath, path, [path], onlyName, signal);
  }

  /** What a path is, where links have been followed. */
  stat(path: string, signal?: AbortSignal): Promise<Attributes> {
    return this.#ask(PACKET.stat, path, [path], attributes, signal);
  }

  /** What a path is, be it a link. */
  lstat(path: string, signal?: AbortSignal): Promise<Attributes> {
    return this.#ask(PACKET.lstat, path, [path], attributes, signal);
  }

  /** Where a link leads, as it says itself. */
  readLink(path: string, signal?: AbortSignal): Promise<string> {
    return this.#ask(PACKET.readlink, path, [path], onlyName, signal);
  }

  /** A handle for reading; the caller closes it. */
  open(path: string, signal?: AbortSignal): Promise<Buffer> {
    return this.#ask(PACKET.open, path, [path, OPEN.read, NO_ATTRIBUTES], bytes, signal);
  }

  /** A handle for writing a file from its start, new or in place of what is there; the caller closes it. S3 knows no other way to write. */
  create(path: string, signal?: AbortSignal): Promise<Buffer> {
    return this.#ask(PACKET.open, path, [path, OPEN.write | OPEN.create | OPEN.truncate, NO_ATTRIBUTES], bytes, signal);
  }

  /** Writes all of `data`, of which there are at most `writeLimit` bytes, at `position`. */
  write(path: string, handle: Buffer, data: Buffer, position: number, signal?: AbortSignal): Promise<void> {
    return this.#ask(PACKET.write, path, [handle, BigInt(position), data], nothing, signal);
  }

  /** Ends a written file. Unlike `close` it throws: what the server could not keep it says here. */
  finish(path: string, handle: Buffer, signal?: AbortSignal): Promise<void> {
    return this.#ask(PACKET.close, path, [handle], nothing, signal);
  }

  makeFolder(path: string, signal?: AbortSignal): Promise<void> {
    return this.#ask(PACKET.mkdir, path, [path, NO_ATTRIBUTES], nothing, signal);
  }

  removeFile(path: string, signal?: AbortSignal): Promise<void> {
    return this.#ask(PACKET.remove, path, [path], nothing, signal);
  }

  /** Never throws: a handle that cannot be closed goes with its connection. */
  async close(handle: Buffer): Promise<void> {
    await this.#ask(PACKET.close, "", [handle], nothing).catch(() => {});
  }

  /** `length` bytes from `position`; fewer only where the file ends before. `length` is at most `readLimit`. */
  async read(path: string, handle: Buffer, position: number, length: number, signal?: AbortSignal): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let filled = 0;
    while (filled < length) {
      const piece = await this.#ask(PACKET.read, path, [handle, BigInt(position + filled), length - filled], bytes, signal).catch(undefinedAtEnd);
      if (piece === undefined || piece.length === 0) break;
      // A server that gives more than it was asked for is not believed.
      pieces.push(piece.subarray(0, length - filled));
      filled += piece.length;
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  /** The entries of a directory, as the server gives them. */
  async list(path: string, signal?: AbortSignal): Promise<Entry[]> {
    const handle = await this.#ask(PACKET.opendir, path, [path], bytes, signal);
    const entries: Entry[] = [];
    try {
      for (;;) {
        const more = await this.#ask(PACKET.readdir, path, [handle], (fields) => fields.entries(), signal).catch(undefinedAtEnd);
        // Its end may come as no names, too.
        if (!more?.length) return entries;
        for (const entry of more) entries.push(entry);
      }
    } finally {
      void this.close(handle);
    }
  }

  async #readLimits(): Promise<void> {
    const [, read, write] = await this.#ask(PACKET.extended, LIMITS, [LIMITS], (fields) => [fields.uint64(), fields.uint64(), fields.uint64()]);
    // 0 stands for none.
    this.readLimit = Number(read) || PACKET_LIMIT;
    this.writeLimit = Number(write) || PACKET_LIMIT;
  }

  /** Asks, and reads the answer's fields. */
  async #ask<T>(type: Request, path: string, fields: readonly Field[], read: (fields: Fields) => T, signal?: AbortSignal): Promise<T> {
    const id = (this.#lastId = (this.#lastId + 1) % 2 ** 32);
    const answer = await this.#send(id, packet(type, id, ...fields), signal);
    try {
      if (answer.type === PACKET.status) {
        const code = answer.fields.uint32();
        // Some servers leave out the words.
        if (code !== STATUS.ok) throw refusal(code, answer.fields.ended ? "" : serverWords(answer.fields.text()), path);
      }
      if (answer.type !== (ANSWERS[type] ?? PACKET.status)) throw new RangeError(`a packet of type ${answer.type}`);
      return read(answer.fields);
    } catch (error) {
      throw this.#noSftp(error);
    }
  }

  #send(id: number, request: Buffer, signal?: AbortSignal): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      if (signal?.aborted) return reject(signal.reason);
      const settle = () => {
        this.#waiting.delete(id);
        signal?.removeEventListener("abort", stop);
        this.#watch();
      };
      const lose = (error: unknown) => (settle(), reject(error));
      const stop = () => lose(signal?.reason);
      this.#waiting.set(id, { resolve: (answer) => (settle(), resolve(answer)), reject: lose });
      signal?.addEventListener("abort", stop, { once: true });
      if (this.#waiting.size === 1) this.#watch();
      this.#stream.write(request);
    });
  }

  /** @throws RangeError where it is none of SFTP */
  #take(whole: Buffer): void {
    const type = whole[0]!;
    if ((type === PACKET.version) === this.#begun) throw new RangeError(`a packet of type ${type}`);
    const fields = new Fields(whole, 1);
    const id = type === PACKET.version ? VERSION_ID : fields.uint32();
    if (type === PACKET.version) this.#begun = true;
    // An answer that nobody waits for any more is to a request that was given up.
    this.#waiting.get(id)?.resolve({ type, fields });
  }

  /** Sets the clock to zero; it runs only while something is asked. */
  #watch(): void {
    clearTimeout(this.#clock);
    if (this.#waiting.size > 0) this.#clock = setTimeout(this.#onSilence, this.#events.silenceMs);
  }

  /** Whoever has said something before SFTP, and nothing since, is no server that stalls. */
  readonly #onSilence = () => {
    if (this.#begun || this.#before.out === "") this.#events.onSilence();
    else this.#end("it waits for something else");
  };

  /** Ends the session where a RangeError says that a packet cannot be read. Returns what to throw. */
  #noSftp(error: unknown): unknown {
    if (!(error instanceof RangeError)) return error;
    this.#end(`the server sent what is no SFTP: ${error.message}`);
    return this.#failure;
  }

  /** Where SFTP never began, whatever there is in its place will be there the next time. */
  #end(why: string): void {
    if (this.#failure !== undefined) return;
    const { out, exit } = this.#before;
    const lost = this.#begun || (out === "" && exit === "");
    const error = lost ? new SignalhouseError("connection_lost", `The SFTP session was lost: ${why}`, "Try again later.") : somethingElse(out, exit);
    this.fail(error);
    // Else `begin` throws it: what one more channel is refused is no fault of the others.
    if (this.#begun) this.#events.onLost(error);
  }
}

const attributes = (fields: Fields) => fields.attributes();
const bytes = (fields: Fields) => fields.bytes();
const nothing = () => {};

function onlyName(fields: Fields): string {
  const [entry] = fields.entries();
  if (!entry) throw new RangeError("no name");
  return entry.name;
}
