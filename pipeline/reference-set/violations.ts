/** Broken rules as they are found: all are counted, the first are kept. */
import type { Violation } from "../../schemas/reference-set.ts";

export class Violations {
  readonly told: Violation[] = [];
  count = 0;
  readonly #most: number;

  /** @param most how many are kept */
  constructor(most: number) {
    this.#most = most;
  }

  add(violation: Violation): void {
    this.count += 1;
    if (this.told.length < this.#most) this.told.push(violation);
  }
}
