/** The loops in transforms/assembly/ as they were compiled, and the memory that they work in. */
import { messageOf, SignalhouseError } from "../schemas/errors.ts";
import { CODE } from "./assembly/code.ts";

/** What they export; places and sizes are in bytes, counted from the start of the memory. */
interface Exports {
  memory: { buffer: ArrayBuffer; grow: (pages: number) => number };
  records: { value: number };
  next: { value: number };
  mark: (
    start: number,
    end: number,
    atEnd: boolean,
    most: number,
    starts: number,
    firsts: number,
    mostRecords: number,
    ends: number,
    endsEnd: number,
  ) => number;
  setRows: (bytes: number, starts: number, ends: number, types: number, accepted: number, count: number) => void;
  refuseTimes: (field: number, isLast: boolean) => void;
  filled: { value: number };
  wanted: { value: number };
  addField: (from: number, field: number, isLast: boolean, target: number, targetEnd: number, present: number, firstRow: number) => number;
  addTimes: (from: number, field: number, isLast: boolean, target: number, targetEnd: number, present: number, firstRow: number) => number;
  addNames: (from: number, names: number, target: number, targetEnd: number, present: number, firstRow: number) => number;
  addTexts: (from: number, target: number, targetEnd: number, present: number, firstRow: number) => number;
  firstPlace: { value: number };
  setPlan: (
    slots: number,
    mask: number,
    count: number,
    actions: number,
    types: number,
    nodes: number,
    payloads: number,
    itemColumns: number,
    whole: number,
    extra: number,
    hash: number,
    work: number,
  ) => void;
  readContent: (
    field: number,
    isLast: boolean,
    id: number,
    texts: number,
    rewritten: number,
    rewrittenEnd: number,
    entries: number,
    entriesEnd: number,
  ) => void;
  hashContent: (start: number, end: number, scratch: number, scratchEnd: number, target: number) => number;
  setColumns: (columns: number, work: number) => void;
  firstEntry: (column: number) => number;
}

// Node has it, but its types have not.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: object };
};

/** Why marking stopped: transforms/assembly/records.ts has the same numbers. */
export const STATUS = { whole: 0, incomplete: -1, broken: -2, tooLarge: -3, full: -4 } as const;
/** What adding to a column gives where there is nothing more to add: the same. */
export const DONE = -1;

/** Bytes that must be there behind what is read or written: sixteen are looked at in one go. */
const SLACK = 16;

const PAGE = 64 * 1024;
let compiled: object | undefined;

function instantiate(): Exports {
  compiled ??= new WebAssembly.Module(Buffer.from(CODE, "base64"));
  try {
    return new WebAssembly.Instance(compiled).exports as Exports;
  } catch (error) {
    throw noMemory(error);
  }
}

const noMemory = (error: unknown) =>
  new SignalhouseError(
    "out_of_memory",
    `the process may not have the memory, or the range of addresses, that splitting records takes (${messageOf(error)})`,
    "WebAssembly reserves some 10 GiB of addresses, not of memory, three or four times a load: raise `ulimit -v`, or LimitAS of a systemd unit. A limit of memory proper, such as MemoryMax, does no harm.",
    error,
  );

/**
 * The compiled loops with a memory of their own, out of which places are handed one behind the other. It grows, and is never given back before the whole of it is.
 * Growing makes every view of it useless: `bytes` is to be asked for again.
 */
export class Assembly {
  readonly code: Exports;
  /** How often places were taken back. */
  clears = 0;
  #bytes: Buffer<ArrayBuffer>;
  #first: number;
  #next: number;

  /** @throws SignalhouseError out_of_memory where V8 cannot reserve addresses for it: that is some ten GiB of them, whatever the memory's size */
  constructor() {
    this.code = instantiate();
    this.#bytes = Buffer.from(this.code.memory.buffer);
    // Nothing has the place 0, and nothing the bytes just before the first place.
    this.#first = this.#next = Math.ceil((this.code.firstPlace.value + SLACK) / 8) * 8;
  }

  /** All of its memory. */
  get bytes(): Buffer<ArrayBuffer> {
    return this.#bytes;
  }

  /** A place for so many bytes, and SLACK behind them. What is there is not known. */
  place(size: number): number {
    const at = this.#next;
    this.#next = at + Math.ceil((size + SLACK) / 8) * 8;
    const missing = this.#next - this.#bytes.length;
    if (missing > 0) {
      try {
        this.code.memory.grow(Math.ceil(missing / PAGE));
      } catch (error) {
        throw noMemory(error);
      }
      this.#bytes = Buffer.from(this.code.memory.buffer);
    }
    return at;
  }

  /** A place for some values that stays when places are taken back; none may have been handed out yet but such. */
  keep({ buffer }: { buffer: ArrayBuffer }): number {
    const at = this.place(buffer.byteLength);
    this.#first = this.#next;
    this.#bytes.set(new Uint8Array(buffer), at);
    return at;
  }

  /** Keeps a name. */
  keepName(name: string): [at: number, length: number] {
    const bytes = new TextEncoder().encode(name);
    return [this.keep(bytes), bytes.length];
  }

  /** Keeps names. @returns where the place and the length of each are written */
  keepNames(names: readonly string[]): number {
    return this.keep(Uint32Array.from(names.flatMap((name) => this.keepName(name))));
  }

  /** Takes all places back that are not kept. */
  clear(): void {
    this.#next = this.#first;
    this.clears += 1;
  }

  /** Numbers that stand at a place, as a view. */
  numbers(at: number, count: number): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#bytes.buffer, at, count);
  }
}
