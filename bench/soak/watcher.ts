/** A `signalhouse watch` with a warehouse of its own. */
import type { ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConfigInput } from "../../schemas/config.ts";
import { endOf, startCommand } from "./command.ts";
import { type Sample, sampleOf } from "./growth.ts";
import type { Happenings } from "./happenings.ts";

const EVERY = "3s";
/** So long a watch may take to end in good order. */
const MOST_TO_END_MS = 60_000;

/** What a watch says of itself. */
interface Health {
  cycles: number;
  failed: number;
  filesLoaded: number;
  filesFailed: number;
}

const NOTHING: Health = { cycles: 0, failed: 0, filesLoaded: 0, filesFailed: 0 };

export class Watcher {
  readonly name: string;
  readonly folder: string;
  readonly warehouse: string;
  readonly log: string;
  /** Of all of its processes, in order. */
  readonly samples: Sample[] = [];
  starts = 0;
  /** The longest time between the ends of two cycles. */
  longestGapSeconds = 0;
  readonly #happened: Happenings;
  #child: ChildProcess | undefined;
  #before: Health = NOTHING;
  #lastHealth: Health = NOTHING;
  #lastCycleAt = 0;
  #isEnding = false;

  /** @param folder is made */
  constructor(name: string, folder: string, config: ConfigInput, happened: Happenings) {
    this.name = name;
    this.folder = folder;
    this.warehouse = join(folder, "signals.duckdb");
    this.log = `${folder}.log`;
    this.#happened = happened;
    mkdirSync(folder);
    writeFileSync(join(folder, "signalhouse.config.json"), JSON.stringify(config, null, 2));
  }

  start(): void {
    this.starts += 1;
    this.#before = this.totals;
    this.#lastHealth = NOTHING;
    this.#lastCycleAt = Date.now();
    this.#isEnding = false;
    const child = startCommand(["watch", "--every", EVERY, "--health", "health.json", "--metrics", "metrics.prom"], this.folder, this.log);
    child.once("exit", (code, signal) => {
      if (!this.#isEnding) this.#happened.find(`${this.name}: the watch ended by itself, with ${code ?? signal}; see ${this.log}`);
    });
    this.#child = child;
  }

  /** Ends it: with SIGTERM in good order, with SIGKILL at once. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#readHealth();
    this.#isEnding = true;
    child.kill(signal);
    const end = await endOf(child, MOST_TO_END_MS);
    if (signal === "SIGTERM" && end !== 0 && end !== 130)
      this.#happened.find(`${this.name}: after SIGTERM the watch ended with ${end}; see ${this.log}`);
  }

  /** Ends it at once, without waiting for that. */
  kill(): void {
    this.#isEnding = true;
    this.#child?.kill("SIGKILL");
  }

  /** How it is, in a line. */
  get state(): string {
    const { cycles, filesLoaded } = this.totals;
    return `${this.name}: ${cycles} cycles, ${filesLoaded} files, ${Math.round(this.samples.at(-1)?.rssMiB ?? 0)} MiB`;
  }

  /** Takes a sample, and looks whether it still goes round. @param mostSeconds that may be between two cycles */
  async look(mostSeconds: number): Promise<void> {
    const sample = this.#isEnding || this.#child?.pid === undefined ? undefined : await sampleOf(this.#child.pid);
    if (!sample) return;
    this.samples.push(sample);
    const before = this.#lastHealth.cycles;
    this.#readHealth();
    const gapSeconds = Math.round((Date.now() - this.#lastCycleAt) / 1000);
    if (gapSeconds > this.longestGapSeconds) this.longestGapSeconds = gapSeconds;
    if (this.#lastHealth.cycles !== before) this.#lastCycleAt = Date.now();
    else if (gapSeconds > mostSeconds) {
      this.#happened.find(`${this.name}: no cycle has ended for ${gapSeconds} s; see ${this.log}`);
      this.#lastCycleAt = Date.now();
    }
  }

  /** Of all of its processes; what one did between the last look at it and its end is not in it. */
  get totals(): Health {
    const sum = (name: keyof Health) => this.#before[name] + this.#lastHealth[name];
    return { cycles: sum("cycles"), failed: sum("failed"), filesLoaded: sum("filesLoaded"), filesFailed: sum("filesFailed") };
  }

  #readHealth(): void {
    let health: { pid: number };
    let metrics: string;
    try {
      health = JSON.parse(readFileSync(join(this.folder, "health.json"), "utf8")) as { pid: number };
      metrics = readFileSync(join(this.folder, "metrics.prom"), "utf8");
    } catch {
      return; // the first cycle is not over
    }
    if (health.pid !== this.#child?.pid) return;
    const figure = (name: string) => Number(new RegExp(`^signalhouse_${name} (\\d+)`, "m").exec(metrics)?.[1]);
    this.#lastHealth = {
      cycles: figure("cycles_total"),
      failed: figure("failed_cycles_total"),
      filesLoaded: figure("files_loaded_total"),
      filesFailed: figure("files_failed_total"),
    };
  }
}
