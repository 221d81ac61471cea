import { setTimeout as timeout } from "node:timers/promises";

/** Time, passed in wherever a flow waits for minutes or days, so that a test need not. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Returns after so many milliseconds; throws the signal's reason where that comes first. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** setTimeout takes no more than 2^31 milliseconds, and a machine that slept in between is late anyway: long waits are cut. */
const LONGEST_MS = 60 * 60 * 1000;

export const realClock: Clock = {
  now: () => Date.now(),
  async wait(ms, signal) {
    const end = Date.now() + ms;
    for (let left = ms; left > 0; left = end - Date.now()) {
      await timeout(Math.min(left, LONGEST_MS), undefined, { signal }).catch(() => signal.throwIfAborted());
    }
    signal.throwIfAborted();
  },
};
