/**
 * SFTP version 3 as bytes. Source: draft-ietf-secsh-filexfer-02. Ours, because ssh2's client reads names as UTF-8, which loses the bytes of others, and
 * does not hand out what a server says before, or in place of, SFTP.
 */
import { bytesOf, nameOf } from "./names.ts";

/** The kinds of packets that we send or understand. */
export const PACKET = {
  init: 1,
  version: 2,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  opendir: 11,
  readdir: 12,
  remove: 13,
  mkdir: 14,
  realpath: 16,
  stat: 17,
  readlink: 19,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attrs: 105,
  extended: 200,
  extendedReply: 201,
} as const;

/** A kind of packet. */
export type Request = (typeof PACKET)[keyof typeof PACKET];

/** What a request is answered with where it went well; a status where none stands here. */
export const ANSWERS: Readonly<Partial<Record<Request, Request>>> = {
  [PACKET.open]: PACKET.handle,
  [PACKET.read]: PACKET.data,
  [PACKET.lstat]: PACKET.attrs,
  [PACKET.opendir]: PACKET.handle,
  [PACKET.readdir]: PACKET.name,
  [PACKET.realpath]: PACKET.name,
  [PACKET.stat]: PACKET.attrs,
  [PACKET.readlink]: PACKET.name,
  [PACKET.extended]: PACKET.extendedReply,
};

/** Status codes. Same source, section 7. */
export const STATUS = { ok: 0, eof: 1, noSuchFile: 2, permissionDenied: 3, noConnection: 6, connectionLost: 7 } as const;

/** How a file is opened. Same source, section 6.3. */
export const OPEN = { read: 0x01, write: 0x02, create: 0x08, truncate: 0x10 } as const;

/** What a server may leave out is undefined. */
export interface Attributes {
  /** Bytes. */
  size: number | undefined;
  /** Seconds since the epoch. */
  mtime: number | undefined;
  type: "file" | "folder" | "link" | "other" | undefined;
}

/** An entry of a directory. */
export interface Entry {
  /** As `nameOf` gives it. */
  name: string;
  attributes: Attributes;
}

/** Numbers are uint32, bigints uint64; texts (names and paths) and bytes are strings with their length before them. */
export type Field = number | bigint | string | Uint8Array;

/** A packet: its type, then its fields. */
export function packet(type: Request, ...fields: Field[]): Buffer {
  const parts = fields.map((field) => {
    if (typeof field === "number") return uint32(field);
    if (typeof field === "bigint") return uint64(field);
    const bytes = typeof field === "string" ? bytesOf(field) : field;
    return Buffer.concat([uint32(bytes.length), bytes]);
  });
  const length = parts.reduce((sum, part) => sum + part.length, 1);
  return Buffer.concat([uint32(length), Buffer.of(type), ...parts]);
}

/** No attributes: a server then takes its own. */
export const NO_ATTRIBUTES = 0;

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function uint64(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

/** The fields of a packet, one after the other. Every method throws RangeError where the packet ends before. */
export class Fields {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length;
  }

  uint32(): number {
    const value = this.#bytes.readUInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  uint64(): bigint {
    const value = this.#bytes.readBigUInt64BE(this.#at);
    this.#at += 8;
    return value;
  }

  /** Not copied. */
  bytes(): Buffer {
    const length = this.uint32();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError("a packet ends within a field");
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  text(): string {
    return nameOf(this.bytes());
  }

  /** Same source, section 5. */
  attributes(): Attributes {
    const flags = this.uint32();
    const size = flags & 0x1 ? Number(this.uint64()) : undefined;
    if (flags & 0x2) this.#at += 8;
    const mode = flags & 0x4 ? this.uint32() : 0;
    let mtime: number | undefined;
    if (flags & 0x8) {
      this.#at += 4;
      mtime = this.uint32();
    }
    // Pairs of strings: extensions, of which we know none.
    for (let left = flags & 0x8000_0000 ? 2 * this.uint32() : 0; left > 0; left -= 1) this.bytes();
    return { size: Number.isSafeInteger(size) ? size : undefined, mtime, type: typeOf(mode) };
  }

  /** The answer to a request for names. */
  entries(): Entry[] {
    const entries: Entry[] = [];
    for (let left = this.uint32(); left > 0; left -= 1) {
      const name = this.text();
      this.bytes();
      entries.push({ name, attributes: this.attributes() });
    }
    return entries;
  }
}

/** The type in POSIX permissions, where there is one. */
function typeOf(mode: number): Attributes["type"] {
  switch (mode & 0o170_000) {
    case 0:
      return undefined;
    case 0o100_000:
      return "file";
    case 0o040_000:
      return "folder";
    case 0o120_000:
      return "link";
    default:
      return "other";
  }
}

/** What no packet that we ask for comes near to. */
const LONGEST = 4 * 1024 * 1024;

/** Puts packets together from the pieces in which they arrive. Each byte is copied once at most. */
export class Packets {
  readonly #take: (packet: Buffer) => void;
  readonly #length = Buffer.alloc(4);
  #packet: Buffer | undefined;
  #filled = 0;

  /** @param take gets each packet, from its type on */
  constructor(take: (packet: Buffer) => void) {
    this.#take = take;
  }

  /** @throws RangeError where a packet has no bytes or more than any can have: that is not SFTP */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#packet === undefined) {
        const count = chunk.copy(this.#length, this.#filled, at, at + 4 - this.#filled);
        at += count;
        this.#filled += count;
        if (this.#filled < 4) return;
        const length = this.#length.readUInt32BE();
        if (length === 0 || length > LONGEST) throw new RangeError(`a packet of ${length} bytes`);
        this.#filled = 0;
        if (chunk.length - at >= length) {
          this.#take(chunk.subarray(at, at + length));
          at += length;
        } else {
          this.#packet = Buffer.allocUnsafeSlow(length);
        }
      } else {
        const count = chunk.copy(this.#packet, this.#filled, at);
        at += count;
        this.#filled += count;
        if (this.#filled < this.#packet.length) return;
        const whole = this.#packet;
        this.#packet = undefined;
        this.#filled = 0;
        this.#take(whole);
      }
    }
  }
}
