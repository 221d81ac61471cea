/** The loops in transforms/assembly/ as they were compiled, and the memory that they work in. */
import { MIRRORED_FIELDS } from "../schemas/content-fields.ts";
import { messageOf, SignalhouseError } from "../schemas/errors.ts";
import { DECIMAL_DIGITS, NULL_TEXT } from "../schemas/kinds.ts";
import { CODE } from "./assembly/code.ts";
import type { Exports } from "./assembly/exports.ts";
import { VECTOR } from "./assembly/sizes.ts";

// Node has it, but its types have not.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: object };
};

/** The fields of a content that say its signal's type. */
const TYPE_FIELDS = Object.entries(MIRRORED_FIELDS).flatMap(([name, header]) => (header === "SIGNAL_TYPE" ? [name] : []));

/** Bytes of a number, as numbers() reads it. */
export const NUMBER_BYTES = Uint32Array.BYTES_PER_ELEMENT;

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
    this.#first = this.#next = Math.ceil((this.code.firstPlace.value + VECTOR) / 8) * 8;
    this.code.setNull(...this.#keepName(NULL_TEXT));
    this.code.setDecimal(DECIMAL_DIGITS.whole, DECIMAL_DIGITS.places);
    this.code.setTypeFields(this.keepNames(TYPE_FIELDS), TYPE_FIELDS.length);
  }

  /** All of its memory. */
  get bytes(): Buffer<ArrayBuffer> {
    return this.#bytes;
  }

  /** A place for so many bytes, and VECTOR behind them, which may be read and written, too. What is there is not known. */
  place(size: number): number {
    const at = this.#next;
    this.#next = at + Math.ceil((size + VECTOR) / 8) * 8;
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

  #keepName(name: string): [at: number, length: number] {
    const bytes = new TextEncoder().encode(name);
    return [this.keep(bytes), bytes.length];
  }

  /** Keeps names. @returns where the place and the length of each are written */
  keepNames(names: readonly string[]): number {
    return this.keep(Uint32Array.from(names.flatMap((name) => this.#keepName(name))));
  }

  /** Keeps so many bytes, that are 0. */
  keepZeros(size: number): number {
    return this.keep(new Uint8Array(size));
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
