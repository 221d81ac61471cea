/** How often each contender runs, where nothing else is said. */
export const ROUNDS = 3;

/** Runs each contender so many times. They take turns, so that a busy moment of the machine does not fall on one of them alone. @returns what each gave, by its name */
export async function inTurn<T>(contenders: Readonly<Record<string, () => T | Promise<T>>>, rounds = ROUNDS): Promise<Map<string, T[]>> {
  const taken = new Map<string, T[]>(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, run] of Object.entries(contenders)) taken.get(name)?.push(await run());
  }
  return taken;
}

/** The middle one of some values. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
