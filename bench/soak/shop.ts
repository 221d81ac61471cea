/** The export files that come onto the server, all the time and badly: what they say in the end is known from the start. */
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Random } from "../../samples/generator/random.ts";
import type { FileTruth } from "../../samples/generator/truth.ts";
import type { Sandbox } from "../../samples/sandbox/sandbox.ts";
import type { Happenings } from "./happenings.ts";

/** Ways in which a file comes. Each ends with the file as it is meant to be. */
const WAYS = [
  "comes whole",
  "grows",
  "looks cut off for a while",
  "goes away and comes back",
  "is listed, but not found",
  "changes while it is read",
  "has a copy",
  "gets another time",
] as const;
/** How many files that are none, or will never be whole, are there at a time. */
const MOST_RUBBISH = 5;
/** Files come in the order of their times, but for so many that are waited with. */
const OUT_OF_ORDER = 4;

export class Shop {
  readonly #pool: string;
  readonly #served: string;
  readonly #faults: Sandbox["faults"];
  readonly #random: Random;
  readonly #happened: Happenings;
  readonly #waiting: FileTruth[];
  readonly #coming = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  /** Those that must never be loaded, by path, whether they are still there or not. */
  readonly rubbish = new Set<string>();
  #lying: string[] = [];
  #made = 0;
  /** The file that came last. */
  #newest: string;

  /**
   * @param pool the folder that has the files, as they are meant to be
   * @param served the folder that the server shows
   */
  constructor(pool: string, served: string, files: readonly FileTruth[], faults: Sandbox["faults"], random: Random, happened: Happenings) {
    this.#pool = pool;
    this.#served = served;
    this.#waiting = [...files];
    this.#newest = files[0]?.path ?? "";
    this.#faults = faults;
    this.#random = random;
    this.#happened = happened;
  }

  /** Has the next file come, which takes a while. */
  publish(): void {
    const index = Math.min(this.#random.int(0, OUT_OF_ORDER), this.#waiting.length - 1);
    const [file] = this.#waiting.splice(index, 1);
    if (!file) return;
    if (index > 0) this.#happened.count("file: comes out of order");
    const way = this.#random.chance(30) ? "comes whole" : this.#random.pick(WAYS);
    this.#happened.count(`file: ${way}`);
    const coming = this.#come(file, way).finally(() => this.#coming.delete(coming));
    this.#coming.add(coming);
  }

  /** Everything that is left comes whole, and nothing is under way any more. */
  async finish(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#coming);
    for (const file of this.#waiting.splice(0)) this.#put(file.path, this.#bytes(file), mtimeOf(file));
  }

  /** A file that is none, or that will never be whole. Some of them stay. */
  litter(): void {
    const random = this.#random;
    this.#made += 1;
    const [name, bytes] = this.#junk(random.int(0, 6), `rubbish-${this.#made}`);
    this.#happened.count(`file: ${name.replace(/^\S+? is /, "is ")}`);
    const path = `Export/Signals/${name.split(" ")[0]}`;
    this.rubbish.add(path);
    this.#lying.push(path);
    this.#put(path, bytes, Date.now());
    while (this.#lying.length > MOST_RUBBISH) rmSync(join(this.#served, this.#lying.splice(random.int(0, MOST_RUBBISH), 1)[0] ?? ""));
  }

  /** @returns the file's name and what it is, and its bytes */
  #junk(kind: number, name: string): [string, Buffer | string] {
    const random = this.#random;
    const real = readFileSync(join(this.#pool, this.#newest));
    const inTheMiddle = random.int(1000, real.length - 1000);
    switch (kind) {
      case 0:
        real[inTheMiddle] = (real[inTheMiddle] ?? 0) ^ 0xff;
        return [`${name}.csv.gz is damaged`, real];
      case 1:
        return [`${name}.csv.gz is cut off for good`, real.subarray(0, inTheMiddle)];
      case 2:
        return [`${name}.csv is a page of HTML`, "<!doctype html><title>Not found</title>\n<p>No such file.\n"];
      case 3:
        return [`${name}.gz is noise`, Buffer.from(Array.from({ length: 3000 }, () => random.int(0, 255)))];
      case 4:
        return [`${name}.csv.gz is empty`, ""];
      case 5:
        return [`${name}.csv is another table`, "id,price\n1,9.99\n2,4.50\n"];
      default:
        return [`${name}.txt is a note`, "do not delete\n"];
    }
  }

  async #come(file: FileTruth, way: (typeof WAYS)[number]): Promise<void> {
    const bytes = this.#bytes(file);
    const { path } = file;
    const mtime = mtimeOf(file);
    this.#newest = path;
    const random = this.#random;
    const [first, second, cut, shift] = [random.int(1, 15), random.int(1, 8), random.int(1, bytes.length - 1), random.int(-3600, 3600)];
    switch (way) {
      case "comes whole":
        break;
      case "grows": {
        const pieces = random.int(2, 8);
        for (let piece = 0; piece < pieces; piece += 1) {
          const at = (part: number) => Math.floor((bytes.length * part) / pieces);
          const last = piece === pieces - 1;
          this.#grow(path, bytes.subarray(at(piece), at(piece + 1)), last ? mtime : Date.now());
          if (!last) await this.#wait(random.int(1, 5));
        }
        return;
      }
      case "looks cut off for a while":
        this.#faults.truncate.set(path, cut);
        this.#put(path, bytes, mtime);
        await this.#wait(first);
        this.#faults.truncate.delete(path);
        return;
      case "goes away and comes back":
        this.#put(path, bytes, mtime);
        await this.#wait(first / 5);
        rmSync(join(this.#served, path));
        await this.#wait(second);
        break;
      case "is listed, but not found":
        this.#faults.vanish.add(path);
        this.#put(path, bytes, mtime);
        await this.#wait(first);
        this.#faults.vanish.delete(path);
        return;
      case "changes while it is read":
        this.#faults.changeWhileReading.add(path);
        this.#put(path, bytes, mtime);
        await this.#wait(first);
        this.#faults.changeWhileReading.delete(path);
        return;
      case "has a copy": {
        // Of the same day: what the copy says is not later than what the next file says.
        const copy = path.replace(/([^/]+)$/, random.pick(["Copy_of_$1", "zz_$1", "old/$1"]));
        this.#put(random.chance(50) ? path : copy, bytes, mtime + (random.chance(50) ? 0 : shift * 1000));
        await this.#wait(second);
        this.#put(copy, bytes, mtime + shift * 1000);
        break;
      }
      case "gets another time":
        this.#put(path, bytes, mtime + shift * 1000);
        await this.#wait(second);
        break;
    }
    this.#put(path, bytes, mtime);
  }

  /** Puts a file in its place, whole from the first moment. */
  #put(path: string, bytes: Buffer | string, mtime: number): void {
    const place = this.#placeOf(path);
    const part = join(this.#pool, "part");
    writeFileSync(part, bytes);
    utimesSync(part, mtime / 1000, mtime / 1000);
    renameSync(part, place);
  }

  #grow(path: string, bytes: Buffer, mtime: number): void {
    const place = this.#placeOf(path);
    appendFileSync(place, bytes);
    utimesSync(place, mtime / 1000, mtime / 1000);
  }

  #placeOf(path: string): string {
    const place = join(this.#served, path);
    mkdirSync(dirname(place), { recursive: true });
    return place;
  }

  #bytes({ path }: FileTruth): Buffer {
    return readFileSync(join(this.#pool, path));
  }

  /** So many seconds, but not beyond the end of the soak. */
  async #wait(seconds: number): Promise<void> {
    await wait(seconds * 1000, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }
}

const mtimeOf = ({ mtime }: FileTruth) => Date.parse(mtime);
