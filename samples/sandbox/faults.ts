/** What can be made to go wrong in the sandbox, at any time while it runs. */

/** Paths are relative to the subscription's folder (`Export/Signals/a.csv.gz`), with or without a leading slash. */
export interface Faults {
  /** Every answer is later by so many milliseconds; answers keep their order. */
  latencyMs: number;
  /** File bytes per second of all connections together; 0 = no limit. */
  bytesPerSecond: number;
  /** The connection is cut once so many file bytes were served since the last cut, or since the entry was given where that was later. Each entry is used once. */
  dropAfterBytes: number[];
  /** Once so many file bytes were served since this was set, the connection gets no more answers: until this is null, which it becomes when the connection closes. */
  stallAfterBytes: number | null;
  /** Bytes by path: the file looks this short, as while it is being written. */
  truncate: Map<string, number>;
  /** Paths that are listed, but that open does not find. */
  vanish: Set<string>;
  /** Paths whose modification time is a minute later once their first byte was read. */
  changeWhileReading: Set<string>;
  /** So many of the next logins are refused. */
  refuseLogins: number;
  /** So many of the next listings of a folder fail. */
  failListings: number;
}

/** How much of an answer's file data may be sent, and what happens then. */
interface Allowance {
  bytes: number;
  next: "go on" | "cut" | "stall";
}

/** The faults as the sandbox itself sees them: with the counts and moments that belong to them. */
export class FaultBoard implements Faults {
  latencyMs = 0;
  bytesPerSecond = 0;
  dropAfterBytes: number[] = [];
  truncate = new Map<string, number>();
  vanish = new Set<string>();
  changeWhileReading = new Set<string>();
  refuseLogins = 0;
  failListings = 0;

  #stallAfterBytes: number | null = null;
  #servedTowardsStall = 0;
  #servedTowardsDrop = 0;
  #stalled: { over: Promise<void>; end: () => void } | undefined;
  #lineFreeAt = 0;
  readonly #changed = new Set<string>();

  constructor(faults: Partial<Faults>) {
    Object.assign(this, faults);
  }

  get stallAfterBytes(): number | null {
    return this.#stallAfterBytes;
  }

  set stallAfterBytes(bytes: number | null) {
    this.#stallAfterBytes = bytes;
    this.#servedTowardsStall = 0;
    this.#stalled?.end();
    this.#stalled = undefined;
  }

  /** Whether this login is one that is refused; counts it. */
  refusesLogin(): boolean {
    if (this.refuseLogins <= 0) return false;
    this.refuseLogins -= 1;
    return true;
  }

  /** Whether this listing is one that fails; counts it. */
  failsListing(): boolean {
    if (this.failListings <= 0) return false;
    this.failListings -= 1;
    return true;
  }

  /** The size that a file of `size` bytes seems to have. */
  sizeOf(key: string, size: number): number {
    if (this.truncate.size === 0) return size;
    return Math.min(size, this.truncate.get(key) ?? this.truncate.get(`/${key}`) ?? size);
  }

  hasVanished(key: string): boolean {
    return has(this.vanish, key);
  }

  /** To be called with every file whose bytes are read. */
  noteRead(key: string): void {
    if (has(this.changeWhileReading, key)) this.#changed.add(key);
  }

  /** Unix seconds that a file of modification time `mtime` seems to have. */
  mtimeOf(key: string, mtime: number): number {
    return this.#changed.has(key) && has(this.changeWhileReading, key) ? mtime + 60 : mtime;
  }

  /** Milliseconds on the clock of performance.now() at which an answer that was ready at `readyAt` arrives. */
  arrival(readyAt: number, bytes: number): number {
    if (this.bytesPerSecond <= 0 || bytes === 0) return readyAt + this.latencyMs;
    this.#lineFreeAt = Math.max(this.#lineFreeAt, readyAt) + (bytes / this.bytesPerSecond) * 1000;
    return this.#lineFreeAt + this.latencyMs;
  }

  /** How much of `bytes` file bytes goes out before the connection is cut or stalls; counts what goes out. */
  allow(bytes: number): Allowance {
    const drop = this.dropAfterBytes[0];
    const stall = this.#stalled ? null : this.#stallAfterBytes;
    const untilDrop = drop === undefined ? Infinity : Math.max(0, drop - this.#servedTowardsDrop);
    const untilStall = stall === null ? Infinity : Math.max(0, stall - this.#servedTowardsStall);
    const allowed = Math.min(bytes, untilDrop, untilStall);
    this.#servedTowardsDrop = drop === undefined ? 0 : this.#servedTowardsDrop + allowed;
    this.#servedTowardsStall += allowed;
    if (untilDrop === allowed) {
      this.dropAfterBytes.shift();
      this.#servedTowardsDrop = 0;
      return { bytes: allowed, next: "cut" };
    }
    return { bytes: allowed, next: untilStall === allowed ? "stall" : "go on" };
  }

  /** Begins the stall that `allow` announced; ends with `stallAfterBytes = null`. */
  stall(): Promise<void> {
    let end = (): void => {};
    const over = new Promise<void>((resolve) => (end = resolve));
    this.#stalled = { over, end };
    return over;
  }
}

function has(paths: Set<string>, key: string): boolean {
  return paths.size > 0 && (paths.has(key) || paths.has(`/${key}`));
}
