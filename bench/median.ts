/** How often each contender runs; the contenders take turns, so that a busy moment of the machine does not fall on one of them alone. */
export const ROUNDS = 3;

/** The middle one of some values. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
