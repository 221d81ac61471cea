import { SingleBar } from "cli-progress";
import { clock } from "./format.ts";
import type { Terminal } from "./world.ts";

/** A line on a terminal that says what is waited for, and for how long by now. Whoever makes it calls stop(), which takes it away. */
export class WaitLine {
  readonly #line: SingleBar;

  constructor(stream: Terminal, what: string) {
    const begin = performance.now();
    this.#line = new SingleBar({ stream, format: () => `${what}  ${clock(performance.now() - begin)}`, clearOnComplete: true, gracefulExit: false });
    this.#line.start(1, 0);
  }

  stop(): void {
    this.#line.stop();
  }
}
