/** Where runs of CSV lie while DuckDB reads them: in memory, where there is a file system in memory. */
import { writeFileSync } from "node:fs";
import { access, constants, readdir, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownFolder } from "../../sinks/own-folder.ts";

const MEMORY = "/dev/shm";
/** Bytes that it must have free. A container often has 64 MB of it. */
const ROOM = 1024 ** 3;

export class Spool {
  readonly #folder: string;
  #number = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes one; those of processes that were killed go away. The caller closes it. @throws SignalhouseError warehouse_failed */
  static async make(): Promise<Spool> {
    const inMemory = await hasRoom(MEMORY).catch(() => false);
    return new Spool((await ownFolder(join(inMemory ? MEMORY : tmpdir(), "signalhouse-spool-"))).folder);
  }

  /** Puts bytes there; when this returns they are written, so that their memory may be used again. close() takes them away, and files beside them that begin with their name. */
  put(bytes: Uint8Array): { file: string; close: () => Promise<void> } {
    const name = `${(this.#number += 1)}.csv`;
    const file = join(this.#folder, name);
    writeFileSync(file, bytes, { flag: "wx", mode: 0o600 });
    const close = async () => {
      const mine = (await readdir(this.#folder)).filter((other) => other.startsWith(name));
      await Promise.all(mine.map((other) => rm(join(this.#folder, other), { force: true })));
    };
    return { file, close };
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function hasRoom(folder: string): Promise<boolean> {
  await access(folder, constants.W_OK);
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize >= ROOM;
}
