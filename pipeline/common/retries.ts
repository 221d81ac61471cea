/** Trying again what failed in passing. */
import { setTimeout as wait } from "node:timers/promises";
import { messageOf } from "../../schemas/errors.ts";

const LONGEST_WAIT_MS = 30_000;

interface RetryOptions {
  /** How often it is tried again before it fails. */
  limit: number;
  /** Milliseconds before the first time; doubles with each, up to 30 s. */
  backoffMs: number;
  /** What is done again, such as "connecting". */
  doing: string;
  /** Whether a failure may pass. */
  passes: (error: unknown) => boolean;
  /** Takes a line about each attempt. */
  log: (line: string) => void;
}

/**
 * Counts fruitless attempts in a row, and waits between them: longer each time, and never exactly as long, so that many clients do not come back at
 * once. Not p-retry, because its count cannot start anew when bytes have flowed.
 */
export class Retries {
  readonly #options: RetryOptions;
  #fruitless = 0;

  constructor(options: RetryOptions) {
    this.#options = options;
  }

  /** Something came of this attempt. */
  progress(): void {
    this.#fruitless = 0;
  }

  /** Returns when it is time for the next attempt; throws `error` where it is none that passes, or there were too many; throws the signal's reason. */
  async again(error: unknown, signal?: AbortSignal): Promise<void> {
    const { limit, backoffMs, doing, passes, log } = this.#options;
    signal?.throwIfAborted();
    if (!passes(error) || this.#fruitless >= limit) throw error;
    const longest = Math.min(backoffMs * 2 ** this.#fruitless, LONGEST_WAIT_MS);
    const waitMs = Math.round(longest * (0.5 + Math.random() / 2));
    this.#fruitless += 1;
    log(`${messageOf(error)}; ${doing} again in ${waitMs} ms (${this.#fruitless} of ${limit})`);
    await wait(waitMs, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
  }
}
