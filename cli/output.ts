/**
 * Where everything is printed: results to stdout, everything else to stderr. It takes lines, and makes each safe as one: whatever a server, a file's name
 * or an error has put into it, it ends no line, forges none, and drives no terminal.
 */
import { clearLine, cursorTo } from "node:readline";
import { oneLine, safeLines } from "../schemas/characters.ts";
import { waitLine } from "./live-line.ts";
import type { Terminal, World } from "./world.ts";

/** From little to much. */
export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A look at what is waited for takes no longer. */
const LOOK_MS = 60_000;

type Streams = Pick<World, "stdout" | "stderr" | "clock">;

export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly #streams: Streams;
  readonly #level: LogLevel;
  #documentPrinted = false;
  #waitsFor: string | undefined;
  #waitsSince = 0;
  #waitSetDownAt = 0;
  #waitLine: ReturnType<typeof waitLine> | undefined;

  /** @param streams where it prints, and the clock that its log goes by */
  constructor(streams: Streams, options: { json: boolean; quiet: boolean; level: LogLevel }) {
    this.#streams = streams;
    this.json = options.json;
    this.quiet = options.quiet;
    this.#level = options.quiet ? "error" : options.level;
  }

  /** A command's result: as one JSON document with --json, else as lines. */
  result(document: unknown, lines: () => readonly string[]): void {
    if (this.json) this.#document(document);
    else this.print(lines());
  }

  /** Lines of a result; with --json nothing, as the document says it all. */
  print(lines: readonly string[]): void {
    if (!this.json) this.#streams.stdout.write(asText(lines));
  }

  /** The terminal that results go to; undefined where they go elsewhere. */
  get screen(): Terminal | undefined {
    const { stdout } = this.#streams;
    return stdout.isTTY ? stdout : undefined;
  }

  /**
   * A piece of a result that is data, whatever the options: as it is, so that programs get what there is; on a terminal, what would drive that is shown
   * as escapes. Waits where the reader is slow.
   */
  async write(text: string): Promise<void> {
    const { stdout } = this.#streams;
    if (!stdout.write(stdout.isTTY ? safeLines(text) : text)) await new Promise((resolve) => stdout.once("drain", resolve));
  }

  /** With --json, a failure is the document, unless there is one already. */
  failure(document: unknown): void {
    if (this.json && !this.#documentPrinted) this.#document(document);
  }

  #document(document: unknown): void {
    this.#documentPrinted = true;
    this.#streams.stdout.write(`${toJson(document)}\n`);
  }

  /** Whether lines of this level are printed. */
  tells(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(this.#level);
  }

  /** Where a progress bar may be drawn; undefined where lines are logged instead, or nothing is told on the way. */
  get terminal(): Terminal | undefined {
    const { stderr } = this.#streams;
    return stderr.isTTY && this.tells("info") ? stderr : undefined;
  }

  /**
   * What is waited for now, in words for a line; undefined when that is over. On a terminal it stands there with the time that it takes, a log
   * gets it once.
   */
  readonly waiting = (what: string | undefined): void => {
    const { terminal } = this;
    const now = performance.now();
    if (this.#waitLine) {
      this.#waitLine.stop();
      this.#waitLine = undefined;
      this.#waitSetDownAt = now;
    }
    if (what === undefined) return;
    const isAnew = what !== this.#waitsFor;
    // A wait that is set down for a look goes on behind it.
    if (isAnew || now - this.#waitSetDownAt > LOOK_MS) this.#waitsSince = now;
    this.#waitsFor = what;
    if (terminal) this.#waitLine = waitLine(terminal, what, this.#waitsSince);
    else if (isAnew) this.log("info", what);
  };

  /** Whether somebody is there to see what goes wrong. */
  get isWatched(): boolean {
    return this.#streams.stderr.isTTY === true;
  }

  /** What went wrong with a part of the work. It is printed whatever the options. */
  trouble(...lines: readonly string[]): void {
    this.#streams.stderr.write(asText(lines));
  }

  /** Something to know about a result. */
  note(...lines: readonly string[]): void {
    if (!this.quiet) this.trouble(...lines);
  }

  /** A line on what goes on. It starts with the time where it goes into a log. */
  log(level: LogLevel, line: string): void {
    if (!this.tells(level)) return;
    const { stderr, clock } = this.#streams;
    if (stderr.isTTY) {
      // A progress bar may stand in this line; it is drawn again below.
      cursorTo(stderr, 0);
      clearLine(stderr, 0);
      stderr.write(asText([line]));
    } else {
      stderr.write(asText([`${new Date(clock.now()).toISOString().replace(/\.\d+Z/, "Z")} ${line}`]));
    }
  }
}

const asText = (lines: readonly string[]): string => lines.map((line) => `${oneLine(line)}\n`).join("");

/** JSON for people and programs. Integers beyond what a double holds become text; what could drive a terminal is escaped, and reads the same. */
export function toJson(document: unknown): string {
  return safeLines(JSON.stringify(document, (_, value: unknown) => (typeof value === "bigint" ? safeNumber(value) : value), 2));
}

const safeNumber = (value: bigint) =>
  BigInt(Number.MIN_SAFE_INTEGER) <= value && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);
