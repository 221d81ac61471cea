/** Random numbers that are the same on every platform and in every run. */
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import { skipN } from "pure-rand/utils/skipN";

/** What a stream of random numbers is for. Streams with another purpose or number have nothing in common. */
const PURPOSES = { contact: 1, block: 2, revision: 3, soak: 4, faults: 5, fuzz: 6 } as const;

const HEX4 = Array.from({ length: 0x1_0000 }, (_, number) => number.toString(16).padStart(4, "0"));

/** A stream of random numbers that is fixed by its seed, purpose and number. */
export class Random {
  readonly #source: ReturnType<typeof xoroshiro128plusFromState>;

  constructor(seed: number, purpose: keyof typeof PURPOSES, number: number) {
    this.#source = xoroshiro128plusFromState([seed | 0, number | 0, PURPOSES[purpose], 0x5eed]);
    skipN(this.#source, 20); // states that differ in a few bits only need some steps to part
  }

  /** A whole number from `from` to `to`, both included. */
  int(from: number, to: number): number {
    return uniformInt(this.#source, from, to);
  }

  /** True in `percent` of 100 cases. */
  chance(percent: number): boolean {
    return this.int(1, 100) <= percent;
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)] as T;
  }

  /** A copy of the list in random order. */
  shuffled<T>(list: readonly T[]): T[] {
    const copy = [...list];
    for (let last = copy.length - 1; last > 0; last--) {
      const other = this.int(0, last);
      [copy[last], copy[other]] = [copy[other] as T, copy[last] as T];
    }
    return copy;
  }

  /** A UUID of which the last group is `number`: where numbers differ, UUIDs do. */
  uuid(number: number): string {
    const [a, b, c] = [this.#hex8(), this.#hex8(), this.#hex8()];
    return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-a${c.slice(0, 3)}-${number.toString(16).padStart(12, "0")}`;
  }

  #hex8(): string {
    const bits = this.#source.next();
    return `${HEX4[bits >>> 16]}${HEX4[bits & 0xffff]}`;
  }
}
