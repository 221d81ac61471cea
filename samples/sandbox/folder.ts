/** A folder on disk that behaves as AWS Transfer Family shows an S3 bucket. */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { lstat, mkdir, open, readdir, realpath, rename, rmdir, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join, posix, sep } from "node:path";
import type { Stats } from "node:fs";
import type { Attributes } from "ssh2";
import type { FaultBoard } from "./faults.ts";
import { denied, failed, noSuchFile, unsupported } from "./refusal.ts";

/** Where uploads grow until they are closed; clients never see it. */
const PARTS = ".sandbox-parts";
/** Neither this folder nor one above it can be removed or renamed. Source: vendor page "Export signals from Connect". */
const RESERVED = "Export/Signals";
const { S_IFDIR, S_IFREG } = constants;

/** A path as a client says it, and where that is. `key` is relative to the subscription's folder ("" is the folder itself). */
interface Located {
  shown: string;
  key: string;
  disk: string;
}

/** A file that is being read, or an upload that becomes a file when it is closed. */
export interface OpenFile {
  key: string;
  handle: FileHandle;
  /** Ends the handle; an upload is then to be seen under its name, however much of it has come. */
  close(): Promise<void>;
}

export class SandboxFolder {
  readonly #root: string;
  readonly #mount: string;
  readonly #faults: FaultBoard;

  /**
   * @param root the folder's real path, without symbolic links
   * @param mount where clients see it: "/", or "/sub_<id>" where the login lands above it
   */
  constructor(root: string, mount: string, faults: FaultBoard) {
    this.#root = root;
    this.#mount = mount;
    this.#faults = faults;
  }

  /** The absolute form of a client's path; `..` ends at "/". */
  realpath(path: string): string {
    return posix.resolve("/", path);
  }

  async stat(path: string): Promise<Attributes> {
    if (this.#isTop(path)) return this.attributes("", await lstat(this.#root));
    const place = await this.#existing(path);
    return this.attributes(place.key, await lstat(place.disk));
  }

  /** Names in a folder, sorted as S3 sorts them: by their bytes. */
  async list(path: string): Promise<string[]> {
    if (this.#faults.failsListing()) throw failed(`${path} cannot be listed now`);
    if (this.#isTop(path)) return [this.#mount.slice(1)];
    const place = await this.#existing(path);
    const entries = await readdir(place.disk, { withFileTypes: true });
    return entries
      .filter((entry) => (entry.isFile() || entry.isDirectory()) && !(place.key === "" && entry.name === PARTS))
      .map((entry) => entry.name)
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  async openForReading(path: string): Promise<OpenFile> {
    const place = await this.#existing(path);
    if (this.#faults.hasVanished(place.key)) throw noSuchFile(place.shown);
    const handle = await open(place.disk, "r");
    if ((await handle.stat()).isFile()) return { key: place.key, handle, close: () => handle.close() };
    await handle.close();
    throw failed(`${place.shown} is a folder`);
  }

  /** An object on S3 is written whole: what is there already is replaced at close, and only where the client says so (`truncates`). */
  async openForWriting(path: string, wants: { creates: boolean; truncates: boolean; exclusive: boolean }): Promise<OpenFile> {
    const place = await this.#inFolder(path);
    const present = await statOrNothing(place.disk);
    if (present && !present.isFile()) throw failed(`${place.shown} is not a file`);
    if (present && wants.exclusive) throw failed(`${place.shown} is there already`);
    if (present && !wants.truncates) throw unsupported("changing a part of a file");
    if (!present && !wants.creates) throw noSuchFile(place.shown);
    await mkdir(join(this.#root, PARTS), { recursive: true });
    const part = join(this.#root, PARTS, randomUUID());
    const handle = await open(part, "w+");
    const close = async (): Promise<void> => {
      await handle.close();
      await rename(part, place.disk).catch(async (error: unknown) => {
        await unlink(part);
        throw error;
      });
    };
    return { key: place.key, handle, close };
  }

  async makeFolder(path: string): Promise<void> {
    const place = await this.#inFolder(path);
    await mkdir(place.disk);
  }

  async removeFolder(path: string): Promise<void> {
    const place = await this.#changeable(path);
    if (!(await lstat(place.disk)).isDirectory()) throw failed(`${place.shown} is not a folder`);
    await rmdir(place.disk);
  }

  async removeFile(path: string): Promise<void> {
    const place = await this.#changeable(path);
    if (!(await lstat(place.disk)).isFile()) throw failed(`${place.shown} is not a file`);
    await unlink(place.disk);
  }

  async rename(from: string, to: string): Promise<void> {
    const source = await this.#changeable(from);
    if (!(await lstat(source.disk)).isFile()) throw failed(`${source.shown} is not a file: only files can be renamed`);
    const target = await this.#inFolder(to);
    if (await statOrNothing(target.disk)) throw failed(`${target.shown} is there already`);
    await rename(source.disk, target.disk);
  }

  /** Attributes as a client sees them. S3 keeps whole seconds and knows no owner. */
  attributes(key: string, stats: Stats): Attributes {
    const mtime = this.#faults.mtimeOf(key, Math.floor(stats.mtimeMs / 1000));
    const folder = stats.isDirectory();
    return {
      mode: folder ? S_IFDIR | 0o755 : S_IFREG | 0o644,
      size: folder ? 0 : this.#faults.sizeOf(key, stats.size),
      uid: 0,
      gid: 0,
      atime: mtime,
      mtime,
    };
  }

  /** To be called when all uploads are closed: takes their place away, unless another sandbox has uploads there. */
  async close(): Promise<void> {
    await rmdir(join(this.#root, PARTS)).catch(() => {});
  }

  #isTop(path: string): boolean {
    return this.#mount !== "/" && this.realpath(path) === "/";
  }

  #place(path: string): Located {
    const shown = this.realpath(path);
    if (this.#isTop(path)) throw denied(shown);
    if (this.#mount !== "/" && shown !== this.#mount && !shown.startsWith(`${this.#mount}/`)) throw noSuchFile(shown);
    const key = (this.#mount === "/" ? shown : shown.slice(this.#mount.length)).slice(1);
    const disk = join(this.#root, key);
    const inside = key === "" || disk.startsWith(this.#root.endsWith(sep) ? this.#root : this.#root + sep);
    if (!inside || key === PARTS || key.startsWith(`${PARTS}/`)) throw noSuchFile(shown);
    return { shown, key, disk: key === "" ? this.#root : disk };
  }

  /** Something that is there. A path over a symbolic link is not: S3 has none, and it could lead out of the folder. */
  async #existing(path: string): Promise<Located> {
    const place = this.#place(path);
    if ((await realpath(place.disk)) !== place.disk) throw noSuchFile(place.shown);
    return place;
  }

  /** Something that is there or may be made: in a folder that is there. */
  async #inFolder(path: string): Promise<Located> {
    const shown = this.realpath(path);
    const above = posix.dirname(shown);
    if (shown === "/" || this.#isTop(above)) throw denied(shown);
    const place = this.#place(path);
    const parent = await this.#existing(above);
    if (!(await lstat(parent.disk)).isDirectory()) throw noSuchFile(parent.shown);
    return place;
  }

  async #changeable(path: string): Promise<Located> {
    const place = await this.#existing(path);
    if (place.key === "" || RESERVED === place.key || RESERVED.startsWith(`${place.key}/`)) throw denied(place.shown);
    return place;
  }
}

async function statOrNothing(disk: string): Promise<Stats | undefined> {
  try {
    return await lstat(disk);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
