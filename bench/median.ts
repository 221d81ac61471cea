/** How often each contender runs, where nothing else is said; BENCH_ROUNDS says otherwise. */
export const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 5);

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

export const rounded = (value: number, digits = 2): number => Math.round(value * 10 ** digits) / 10 ** digits;
