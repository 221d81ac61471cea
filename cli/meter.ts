/** How far a run is: bytes and records so far, how fast, and how long it will still take. No clock of its own. */

interface Reading {
  bytes: number;
  records: number;
}

export class Meter {
  readonly #startedAt: number;
  readonly #files = new Map<string, Reading>();
  /** Bytes of all files; 0 where it is not known. */
  readonly totalBytes: number;

  /** @param now milliseconds, of any clock that goes on evenly */
  constructor(totalBytes: number, now: number) {
    this.totalBytes = totalBytes;
    this.#startedAt = now;
  }

  /** So much of a file has been read. */
  read(path: string, bytes: number, records: number): void {
    this.#files.set(path, { bytes, records });
  }

  get bytes(): number {
    return this.#sum("bytes");
  }

  get records(): number {
    return this.#sum("records");
  }

  recordsPerSecond(now: number): number {
    const seconds = (now - this.#startedAt) / 1000;
    return seconds > 0 ? this.records / seconds : 0;
  }

  /** Milliseconds until all bytes are read at the pace so far; undefined where that cannot be told. */
  left(now: number): number | undefined {
    const { bytes, totalBytes } = this;
    if (bytes === 0 || totalBytes === 0) return undefined;
    return Math.max(0, ((now - this.#startedAt) * (totalBytes - bytes)) / bytes);
  }

  #sum(what: keyof Reading): number {
    let sum = 0;
    for (const reading of this.#files.values()) sum += reading[what];
    return sum;
  }
}
