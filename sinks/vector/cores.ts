/** Counts the cores that DuckDB is at work on, so that others can keep off them. */
export class Cores {
  readonly #cores: number;
  #busy = 0;
  #waiting: (() => void)[] = [];

  /** @param cores how many there are */
  constructor(cores: number) {
    this.#cores = cores;
  }

  /** Runs what keeps a core busy. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    this.#busy += 1;
    try {
      return await work();
    } finally {
      this.#busy -= 1;
      for (const wake of this.#waiting.splice(0)) wake();
    }
  }

  /** Settles when there is one that nobody uses. */
  async free(): Promise<void> {
    while (this.#busy >= this.#cores) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
