import { setTimeout as wait } from "node:timers/promises";
import { isSignalhouseError, messageOf } from "../../schemas/errors.ts";

const LONGEST_WAIT_MS = 30_000;

/**
 * Counts fruitless attempts in a row, and waits between them: longer each time, and never exactly as long, so that many clients do not come back at
 * once. Not p-retry, because its count cannot start anew when bytes have flowed.
 */
export class Retries {
  readonly #limit: number;
  readonly #backoffMs: number;
  readonly #log: (line: string) => void;
  #fruitless = 0;

  constructor(limit: number, backoffMs: number, log: (line: string) => void) {
    this.#limit = limit;
    this.#backoffMs = backoffMs;
    this.#log = log;
  }

  /** Something came of this attempt. */
  progress(): void {
    this.#fruitless = 0;
  }

  /** Returns when it is time for the next attempt; throws `error` where it is none that passes, or there were too many; throws the signal's reason. */
  async again(error: unknown, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (!isSignalhouseError(error, "connection_lost", "server_stalled", "host_unreachable") || this.#fruitless >= this.#limit) throw error;
    const longest = Math.min(this.#backoffMs * 2 ** this.#fruitless, LONGEST_WAIT_MS);
    const waitMs = Math.round(longest * (0.5 + Math.random() / 2));
    this.#fruitless += 1;
    this.#log(`${messageOf(error)}; connecting again in ${waitMs} ms (${this.#fruitless} of ${this.#limit})`);
    await wait(waitMs, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
  }
}
