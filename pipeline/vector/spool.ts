/** Where blocks of CSV lie while DuckDB reads them: in memory, where there is a file system in memory. */
import { access, constants, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownFolder } from "../../sinks/own-folder.ts";
import type { Run } from "../../transforms/runs.ts";

const MEMORY = "/dev/shm";

export class Spool {
  readonly #folder: string;
  #number = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes one; those of processes that were killed go away. The caller closes it. @throws SignalhouseError warehouse_failed */
  static async make(): Promise<Spool> {
    const inMemory = await access(MEMORY, constants.W_OK).then(
      () => true,
      () => false,
    );
    return new Spool((await ownFolder(join(inMemory ? MEMORY : tmpdir(), "signalhouse-spool-"))).folder);
  }

  /** Puts a run there for as long as `work` takes. */
  async with<T>({ blocks }: Run, work: (file: string) => Promise<T>): Promise<T> {
    const file = join(this.#folder, `${(this.#number += 1)}.csv`);
    try {
      const handle = await open(file, "wx", 0o600);
      try {
        await handle.writev(blocks.map(({ bytes }) => bytes));
      } finally {
        await handle.close();
      }
      return await work(file);
    } finally {
      await rm(file, { force: true });
    }
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
