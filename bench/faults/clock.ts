/** Another clock for a process, by libfaketime, where that is installed. */
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const LIBRARY = "faketime/libfaketimeMT.so.1";

/** Debian puts it below a folder that is called after the machine's kind. */
const library = readdirSync("/usr/lib")
  .map((folder) => join("/usr/lib", folder, LIBRARY))
  .find((path) => existsSync(path));

export const hasClock = library !== undefined;

/** A clock that can be moved while a process goes by it. */
export class Clock {
  readonly #file: string;

  /** @param file is made */
  constructor(file: string) {
    this.#file = file;
    this.move(0);
  }

  /** By so many seconds, from the machine's own. */
  move(seconds: number): void {
    writeFileSync(this.#file, `${seconds < 0 ? "-" : "+"}${Math.abs(seconds)}`);
  }

  /** What a process that goes by it is started with. Only what says which time it is moves: what measures time, and the times of files, are as they are, as where somebody sets a machine's clock. */
  get env(): Record<string, string> {
    return {
      LD_PRELOAD: library ?? "",
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      DONT_FAKE_MONOTONIC: "1",
      NO_FAKE_STAT: "1",
    };
  }
}
