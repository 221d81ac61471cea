/** How a run ends, and the number by which a shell and signalhouse.runs know it. Whoever runs something says the word; only cli/ exits with a number. */
export const OUTCOMES = { done: 0, failed: 1, usage: 2, rejected: 3, interrupted: 130 } as const;
export type Outcome = keyof typeof OUTCOMES;
