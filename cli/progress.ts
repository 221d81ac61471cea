/** Telling on stderr how a load goes on: a bar on a terminal, log lines elsewhere. */
import { basename } from "node:path/posix";
import { type Options, SingleBar } from "cli-progress";
import type { FileResult, LoadEvent } from "../pipeline/load/load-files.ts";
import { oneLine } from "../schemas/characters.ts";
import { bytes, clock, count, number } from "./format.ts";
import { Meter } from "./meter.ts";
import type { Output } from "./output.ts";

/** Between two log lines on one file. */
const LOG_EVERY_MS = 5000;
const TICK_MS = 1000;

const BAR: Omit<Options, "stream"> = {
  format: "[{bar}] {percentage}%  {amount}  {rate} records/s  {left}  {file}",
  barsize: 24,
  barCompleteChar: "=",
  barIncompleteChar: " ",
  hideCursor: false,
  clearOnComplete: true,
  gracefulExit: false, // signals are main's business
  etaBuffer: 1,
};

/** Tells of files one by one, where nobody knows beforehand which come. */
export function progressOfEach(out: Output): (event: LoadEvent) => void {
  let progress: Progress | undefined;
  return (event) => {
    if (event.event === "reading") progress ??= new Progress(out, event.size);
    progress?.onEvent(event);
    if (event.event !== "done") return;
    progress?.stop();
    progress = undefined;
  };
}

/** Of one run of several files. Whoever makes it calls stop() when the run is over. */
export class Progress {
  readonly #out: Output;
  readonly #meter: Meter;
  readonly #bar: SingleBar | undefined;
  #loggedAt = performance.now();
  #readAt = 0;
  #writing: NodeJS.Timeout | undefined;

  /** @param totalBytes of all files, 0 where it is not known */
  constructor(out: Output, totalBytes: number) {
    this.#out = out;
    this.#meter = new Meter(totalBytes, performance.now());
    const { terminal } = out;
    if (terminal) {
      this.#bar = new SingleBar({ ...BAR, stream: terminal });
      this.#bar.start(Math.max(totalBytes, 1), 0, { amount: "", rate: 0, left: "", file: "" });
    }
  }

  onEvent(event: LoadEvent): void {
    if (event.event === "reading") this.#reading(event);
    else if (event.event === "writing") this.#beginWriting(event);
    else this.#done(event.file);
  }

  #reading({ path, bytes: read, size, records }: LoadEvent & { event: "reading" }): void {
    const now = performance.now();
    this.#readAt = now;
    this.#meter.read(path, read, records);
    const rate = number(Math.round(this.#meter.recordsPerSecond(now)));
    const left = this.#meter.left(now);
    if (this.#bar) {
      const total = this.#meter.totalBytes > 0 ? ` of ${bytes(this.#meter.totalBytes)}` : "";
      this.#bar.update(this.#meter.bytes, {
        amount: bytes(this.#meter.bytes) + total,
        rate,
        left: left === undefined ? "" : `${clock(left)} left`,
        file: shownName(path),
      });
    } else if (now - this.#loggedAt >= LOG_EVERY_MS) {
      this.#loggedAt = now;
      const part = size > 0 ? ` of ${bytes(size)}` : "";
      const rest = left === undefined ? "" : `, ${clock(left)} left`;
      this.#out.log("info", `reading ${path}: ${bytes(read)}${part}, ${count(records, "record")}, ${rate} records/s${rest}`);
    }
  }

  /** All is read, and what comes takes as long again, without news of its own. The next file may be read meanwhile: that is to be seen. */
  #beginWriting({ path, records }: LoadEvent & { event: "writing" }): void {
    const begin = performance.now();
    let isLogged = false;
    this.#endWriting();
    const tell = () => {
      const now = performance.now();
      if (this.#bar && now - this.#readAt >= TICK_MS)
        this.#bar.update({ left: `writing into the warehouse ${clock(now - begin)}`, file: shownName(path) });
      if (this.#bar || isLogged || now - begin < LOG_EVERY_MS) return;
      isLogged = true;
      this.#out.log("info", `writing ${path} into the warehouse: ${count(records, "record")}`);
    };
    this.#writing = setInterval(tell, TICK_MS);
  }

  #endWriting(): void {
    clearInterval(this.#writing);
    this.#writing = undefined;
  }

  #done(file: FileResult): void {
    this.#endWriting();
    if (!this.#bar) this.#out.log(file.status === "failed" ? "warn" : "info", doneLine(file));
  }

  stop(): void {
    this.#endWriting();
    this.#bar?.stop();
  }
}

/** A file as it stands in a bar, which goes to the terminal by another way than lines. */
const shownName = (path: string): string => oneLine(basename(path));

/** What became of a file, in one line. */
function doneLine(file: FileResult): string {
  switch (file.status) {
    case "failed":
      return `failed ${file.path}: ${file.message}`;
    case "duplicate":
      return `known ${file.path}: the same bytes as ${file.duplicateOf ?? "another file"}`;
    default: {
      const rejected = file.rejected > 0 ? `, ${number(file.rejected)} rejected` : "";
      return `loaded ${file.path}: ${count(file.records, "record")}, ${number(file.inserted)} inserted, ${number(file.updated)} updated, ${number(file.unchanged)} unchanged${rejected}`;
    }
  }
}
