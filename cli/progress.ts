/** Telling on stderr how a load goes on: a bar on a terminal, log lines elsewhere. */
import { basename } from "node:path/posix";
import type { ExpiredEvent, FileResult, LoadEvent, UnlistedEvent } from "../pipeline/load/load-files.ts";
import { bytes, clock, count, number } from "./format.ts";
import { type LiveLine, liveLine } from "./live-line.ts";
import { Meter } from "./meter.ts";
import type { Output } from "./output.ts";

/** Between two log lines on one file. */
const LOG_EVERY_MS = 5000;
const TICK_MS = 1000;

/** What stands behind the bar. */
interface Behind {
  left: string;
  amount: string;
  rate: string;
  file: string;
}

const BAR_COLUMNS = 16;

/** What still takes long comes first, and a file's name, which may be cut, last. */
function barText(progress: number, { left, amount, rate, file }: Behind): string {
  const bar = "=".repeat(Math.round(progress * BAR_COLUMNS)).padEnd(BAR_COLUMNS);
  return [`[${bar}] ${Math.floor(progress * 100)}%`, left, amount, rate, file].filter((part) => part !== "").join("  ");
}

/** Tells of files one by one, where nobody knows beforehand which come. */
export function progressOfEach(out: Output): (event: LoadEvent) => void {
  let progress: Progress | undefined;
  return (event) => {
    if (event.event === "unlisted") out.note(unlistedLine(event));
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
  readonly #bar: LiveLine<Behind> | undefined;
  #loggedAt = performance.now();
  #readAt = 0;
  #writing: NodeJS.Timeout | undefined;

  /** @param totalBytes of all files, 0 where it is not known */
  constructor(out: Output, totalBytes: number) {
    this.#out = out;
    this.#meter = new Meter(totalBytes, performance.now());
    const { terminal } = out;
    if (terminal) {
      this.#bar = liveLine<Behind>(terminal, barText);
      this.#bar.start(Math.max(totalBytes, 1), 0, { left: "", amount: "", rate: "", file: "" });
    }
  }

  onEvent(event: LoadEvent): void {
    if (event.event === "reading") this.#reading(event);
    else if (event.event === "writing") this.#beginWriting(event);
    else if (event.event === "done") this.#done(event.file);
    else if (event.event === "unlisted") this.#out.note(unlistedLine(event));
    else this.#out.log("info", expiredLine(event));
  }

  #reading({ path, bytes: read, size, records }: LoadEvent & { event: "reading" }): void {
    const now = performance.now();
    this.#readAt = now;
    this.#meter.read(path, read, records);
    const rate = `${number(Math.round(this.#meter.recordsPerSecond(now)))} records/s`;
    const left = this.#meter.left(now);
    if (this.#bar) {
      const total = this.#meter.totalBytes > 0 ? ` of ${bytes(this.#meter.totalBytes)}` : "";
      this.#bar.update(this.#meter.bytes, {
        amount: bytes(this.#meter.bytes) + total,
        rate,
        left: left === undefined ? "" : `${clock(left)} left`,
        file: basename(path),
      });
    } else if (now - this.#loggedAt >= LOG_EVERY_MS) {
      this.#loggedAt = now;
      const part = size > 0 ? ` of ${bytes(size)}` : "";
      const rest = left === undefined ? "" : `, ${clock(left)} left`;
      this.#out.log("info", `reading ${path}: ${bytes(read)}${part}, ${count(records, "record")}, ${rate}${rest}`);
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
        this.#bar.update({ left: `writing into the warehouse ${clock(now - begin)}`, file: basename(path) });
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

/** What was erased since it had been kept for as long as it may be, in one line. */
const expiredLine = ({ tables }: ExpiredEvent): string =>
  `erased, as retention says: ${Object.entries(tables)
    .map(([name, rows]) => `${name} ${number(rows)}`)
    .join(", ")}`;

/** What privacy lists no more, in one line. */
const unlistedLine = ({ names }: UnlistedEvent): string =>
  `The configuration's privacy does not list ${names.join(", ")} any more: records come with it from here on. Rows that are there stay as they are.`;

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
