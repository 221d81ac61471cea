/** How often something is tried at random, or at how many steps: some times in `npm test`, many in `npm run test:long`. */

/** Whether this is `npm run test:long`. */
export const isLong = process.env["TEST_LONG"] !== undefined;

export const often = (few: number, many: number): number => (isLong ? many : few);

/** All of some cases; in `npm test` the first few of them. */
export const some = <T>(all: readonly T[], few: number): readonly T[] => (isLong ? all : all.slice(0, few));

/** All steps from 1 to `count`; in `npm test` so many of them, evenly, the first and the last among them. */
export function steps(count: number, few: number): number[] {
  const all = Array.from({ length: count }, (_, index) => index + 1);
  if (isLong || count <= few) return all;
  return Array.from({ length: few }, (_, index) => all[Math.round((index * (count - 1)) / (few - 1))] as number);
}
