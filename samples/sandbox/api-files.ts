import { lstat, mkdir, mkdtemp, realpath, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { failed } from "./refusal.ts";

/** The served folder, as exports come into it: each is there only when it is whole, as on S3. */
export class ExportFiles {
  readonly #root: string;
  /** Beside the served folder, where no client looks, but on the same disk: a file can be renamed from there. */
  #parts: Promise<string> | undefined;

  /** @param root the folder's real path */
  constructor(root: string) {
    this.#root = root;
  }

  async has(path: string): Promise<boolean> {
    return await lstat(join(this.#root, path)).then(
      () => true,
      () => false,
    );
  }

  /**
   * Puts a file in its place, also where there is one already.
   * @param id names it while it grows
   * @param write writes it to where it grows
   * @param mtime milliseconds since 1970
   * @returns its bytes
   */
  async put(path: string, id: string, write: (out: string) => Promise<unknown>, mtime: number): Promise<number> {
    this.#parts ??= mkdtemp(join(dirname(this.#root), ".sandbox-exports-"));
    const part = join(await this.#parts, `${id}.csv.gz`);
    await write(part);
    const { size } = await stat(part);
    await utimes(part, mtime / 1000, mtime / 1000);
    const place = join(this.#root, path);
    await mkdir(dirname(place), { recursive: true });
    // A symbolic link would lead out of the folder; S3 has none.
    if ((await realpath(dirname(place))) !== dirname(place)) throw failed(`${dirname(path)} is not a folder`);
    await rename(part, place);
    return size;
  }

  /** To be called when nothing is being put: takes away what was begun. */
  async close(): Promise<void> {
    const parts = await this.#parts?.catch(() => undefined);
    if (parts !== undefined) await rm(parts, { recursive: true, force: true });
  }
}
