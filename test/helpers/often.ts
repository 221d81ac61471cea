/** How often something is tried at random, or at how many steps: some times in `npm test`, many in `npm run test:long`. */

/** Whether this is `npm run test:long`. */
export const isLong = process.env["TEST_LONG"] !== undefined;

export const often = (some: number, many: number): number => (isLong ? many : some);

/** All steps from 1 to `count`; in `npm test` so many of them, evenly, the first and the last among them. */
export function steps(count: number, some: number): number[] {
  const all = Array.from({ length: count }, (_, index) => index + 1);
  if (isLong || count <= some) return all;
  return Array.from({ length: some }, (_, index) => all[Math.round((index * (count - 1)) / (some - 1))] as number);
}
