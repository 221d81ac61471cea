/** Where stretches lie until they are in the warehouse: in memory, where there is a file system in memory. */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { access, constants, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { SignalhouseError } from "../../schemas/errors.ts";
import { type OwnFolder, ownFolder } from "../../sinks/own-folder.ts";

const MEMORY = "/dev/shm";
/** Bytes that it must have free: three stretches as columns, and some more. A container often has 64 MB of it. */
const ROOM = 1024 ** 3;

export class Spool {
  readonly #folder: OwnFolder;
  #number = 0;

  private constructor(folder: OwnFolder) {
    this.#folder = folder;
  }

  /** Whether one would be in memory; else it is in the folder for temporary files, which may be on a disk. */
  static isInMemory(): Promise<boolean> {
    return hasRoom(MEMORY).catch(() => false);
  }

  /** Makes one; those of processes that were killed go away. The caller closes it. @throws SignalhouseError warehouse_failed */
  static async make(): Promise<Spool> {
    return new Spool(await ownFolder(join((await Spool.isInMemory()) ? MEMORY : tmpdir(), "signalhouse-spool-")));
  }

  /** Writes a file; when this returns that is done, so that the pieces' memory may be used again. The caller removes it, or close() does. @returns its path */
  put(pieces: Iterable<Uint8Array>): string {
    const file = this.place();
    const opened = openSync(file, "wx", 0o600);
    try {
      for (const piece of pieces) writeWhole(opened, piece, file);
    } finally {
      closeSync(opened);
    }
    return file;
  }

  /** Begins a text. The caller closes it. */
  text(): SpooledText {
    return new SpooledText(this.place());
  }

  /** A path for a file that somebody else writes, and removes, or close() does. */
  place(): string {
    return join(this.#folder.folder, String((this.#number += 1)));
  }

  close(): Promise<void> {
    return this.#folder.remove();
  }
}

/** Text that is put away and read again in places. */
export class SpooledText {
  readonly #path: string;
  #file: number | undefined;
  #length = 0;

  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, "wx+", 0o600);
  }

  /** @returns where it stands */
  add(bytes: Uint8Array): number {
    writeWhole(this.#opened, bytes, this.#path);
    this.#length += bytes.length;
    return this.#length - bytes.length;
  }

  read(start: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let read = 0; read < length;) {
      const some = readSync(this.#opened, bytes, read, length - read, start + read);
      if (some === 0) throw new Error(`${this.#path} has become shorter`);
      read += some;
    }
    return bytes;
  }

  get #opened(): number {
    if (this.#file === undefined) throw new Error(`${this.#path} is closed`);
    return this.#file;
  }

  /** Takes it away. May be called twice. */
  async close(): Promise<void> {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    await rm(this.#path, { force: true });
  }
}

/** A disk that is nearly full takes a part of it before it fails. @throws SignalhouseError disk_full */
function writeWhole(file: number, bytes: Uint8Array, path: string): void {
  try {
    for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    throw new SignalhouseError(
      "disk_full",
      `there is no room left in ${dirname(path)}, where parts of a file lie while it is loaded`,
      "Nothing of the file that was being loaded is in the warehouse. Free some room there, name another folder with TMPDIR where it is not /dev/shm, or load with --reader row, which needs none.",
      error,
    );
  }
}

async function hasRoom(folder: string): Promise<boolean> {
  await access(folder, constants.W_OK);
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize >= ROOM;
}
