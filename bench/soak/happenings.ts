/** What happened in a soak: how often each thing went wrong as it was to, and what went wrong that must not. */
export class Happenings {
  readonly #counts = new Map<string, number>();
  /** What must not be, in the order in which it was found. */
  readonly findings: string[] = [];

  count(kind: string): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }

  find(what: string): void {
    this.findings.push(what);
    console.error(`FOUND: ${what}`);
  }

  /** By kind, in the order of their names. */
  get counts(): [kind: string, times: number][] {
    return [...this.#counts].toSorted(([one], [other]) => (one < other ? -1 : 1));
  }
}
