import type { Clock } from "../../pipeline/common/clock.ts";

/** A clock that is told how late it is: whoever waits is done at once, and it is later. */
export class TestClock implements Clock {
  #now: number;
  /** What happens while somebody waits: the sandbox makes its files. */
  meanwhile: () => Promise<unknown> = () => Promise.resolve();

  constructor(now: string) {
    this.#now = Date.parse(now);
  }

  now(): number {
    return this.#now;
  }

  async wait(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.meanwhile();
    this.#now += ms;
  }
}
