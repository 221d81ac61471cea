/** What the sandbox does after it has answered: each piece of work begins after a while. */
import { setMaxListeners } from "node:events";
import { setTimeout as wait } from "node:timers/promises";

export class Works {
  readonly #delayMs: number;
  readonly #running = new Set<Promise<void>>();
  readonly #closing = new AbortController();

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
    setMaxListeners(0, this.#closing.signal); // one for each piece that waits
  }

  /** @param work never rejects */
  begin(work: () => Promise<void>): void {
    const late = wait(this.#delayMs, undefined, { signal: this.#closing.signal }).then(work, () => undefined); // closed: it is never done
    const done = late.finally(() => this.#running.delete(done));
    this.#running.add(done);
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
