/** Lines of a terminal that are drawn anew in their place, for as long as something goes on. */
import { SingleBar } from "cli-progress";
import { oneLine } from "../schemas/characters.ts";
import { clock, fitted } from "./format.ts";
import type { Terminal } from "./world.ts";

/** Where a terminal does not say how wide it is. */
const COLUMNS = 80;

/** What a line is told: how much is done, and what else it says. */
export interface LiveLine<P extends object> {
  start(total: number, done: number, given: P): void;
  update(done: number, given: Partial<P>): void;
  update(given: Partial<P>): void;
  stop(): void;
}

/**
 * A line that says how far something is. It does not wrap, so what is beyond the terminal's width would not be seen: what matters stands first.
 * @param text of how much is done, from 0 to 1, and what update() was given. Whoever makes it calls start(), and stop(), which takes it away
 */
export function liveLine<P extends object>(stream: Terminal, text: (progress: number, given: P) => string): LiveLine<P> {
  return new SingleBar({
    stream,
    format: (_, { progress }, given: P) => fitted(oneLine(text(progress, given)), stream.columns ?? COLUMNS),
    hideCursor: false,
    clearOnComplete: true,
    gracefulExit: false, // signals are main's business
    etaBuffer: 1,
  });
}

/** A line that says what is waited for, and for how long by now, since a moment of performance.now(). Whoever makes it calls stop(), which takes it away. */
export function waitLine(stream: Terminal, what: string, since: number): Pick<LiveLine<object>, "stop"> {
  const line = liveLine(stream, () => `${clock(performance.now() - since)}  ${what}`);
  line.start(1, 0, {});
  return line;
}
