/** Trying again what failed in passing. */
import { messageOf } from "../../schemas/errors.ts";
import { type Clock, realClock } from "./clock.ts";

const LONGEST_WAIT_MS = 30_000;

/** Who wants to be asked again later than that is not waited for. */
const LONGEST_WISH_MS = 5 * 60_000;

const NEVER = new AbortController().signal;

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
  /** The machine's by default. */
  clock?: Clock;
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

  /**
   * Returns when it is time for the next attempt.
   * @param notBeforeMs how long the other side wants to be left alone, where it says so
   * @throws `error` where it is none that passes, there were too many, or the other side wants minutes; the signal's reason
   */
  async again(error: unknown, signal: AbortSignal = NEVER, notBeforeMs = 0): Promise<void> {
    const { limit, backoffMs, doing, passes, log, clock = realClock } = this.#options;
    signal.throwIfAborted();
    if (!passes(error) || this.#fruitless >= limit || notBeforeMs > LONGEST_WISH_MS) throw error;
    const longest = Math.min(backoffMs * 2 ** this.#fruitless, LONGEST_WAIT_MS);
    const waitMs = Math.max(Math.round(longest * (0.5 + Math.random() / 2)), notBeforeMs);
    this.#fruitless += 1;
    log(
      `${messageOf(error)}; ${doing} again in ${waitMs < 10_000 ? `${waitMs} ms` : `${Math.round(waitMs / 1000)} s`} (${this.#fruitless} of ${limit})`,
    );
    await clock.wait(waitMs, signal);
  }
}
