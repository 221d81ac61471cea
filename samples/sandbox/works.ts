/** What the sandbox does after it has answered: each piece of work begins after a while. */
import { setMaxListeners } from "node:events";
import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../pipeline/common/clock.ts";

export class Works {
  readonly #delayMs: number;
  readonly #clock: Clock;
  readonly #running = new Set<Promise<void>>();
  readonly #closing = new AbortController();

  constructor(delayMs: number, clock: Clock) {
    this.#delayMs = delayMs;
    this.#clock = clock;
    setMaxListeners(0, this.#closing.signal); // one for each piece that waits
  }

  /** @param work never rejects */
  begin(work: () => Promise<void>): void {
    const late = this.#later().then(work, () => undefined); // closed: it is never done
    const done = late.finally(() => this.#running.delete(done));
    this.#running.add(done);
  }

  async #later(): Promise<void> {
    const { signal } = this.#closing;
    await setImmediate(undefined, { signal });
    if (this.#delayMs > 0) await this.#clock.wait(this.#delayMs, signal);
  }

  /** @returns when nothing is being done or waits for it */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Gives up what was not begun, waits for what was. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.idle();
  }
}
