/** How a watch is doing, for monitoring: as JSON and in Prometheus' text format. */
import type { UseWarehouse } from "../pipeline/common/door.ts";
import { utcDay } from "../pipeline/jobs/quota.ts";
import type { Cycle } from "../pipeline/watch.ts";
import type { DailyLimits } from "../schemas/connect.ts";
import { OPEN_EXPORTS } from "../schemas/jobs.ts";
import { exportJobs, usedOfDay } from "../sinks/jobs.ts";
import { newestOf, signalTypes } from "../sinks/status.ts";
import { GUESSED_BYTES_PER_ROW } from "../pipeline/export/ask.ts";
import { toJson } from "./output.ts";

interface About {
  pid: number;
  startedAt: number;
  everyMs: number;
  limits: DailyLimits;
}

export class Health {
  readonly #about: About;
  #cycles = 0;
  #failures = 0;
  #failuresInARow = 0;
  #records = 0;
  #rejected = 0;
  #filesLoaded = 0;
  #filesFailed = 0;
  #last: Cycle | undefined;
  #lastGoodAt: number | undefined;
  #jobsOpen = 0;
  #newestSignal: number | undefined;
  #used = { jobs: 0, rows: 0 };

  constructor(about: About) {
    this.#about = about;
  }

  /** Counts a cycle, and looks into the warehouse where it can be opened. */
  async note(cycle: Cycle, use: UseWarehouse): Promise<void> {
    this.#last = cycle;
    this.#cycles += 1;
    const failed = cycle.error !== undefined || cycle.files.some(({ status }) => status === "failed") || cycle.exports.some(({ error }) => error);
    this.#failures += failed ? 1 : 0;
    this.#failuresInARow = failed ? this.#failuresInARow + 1 : 0;
    if (!failed) this.#lastGoodAt = cycle.finishedAt;
    for (const file of cycle.files) {
      if (file.status === "failed") this.#filesFailed += 1;
      else {
        this.#filesLoaded += 1;
        this.#records += file.records;
        this.#rejected += file.rejected;
      }
    }
    if (cycle.error) return;
    await use(async ({ connection }) => {
      this.#jobsOpen = (await exportJobs(connection, ...OPEN_EXPORTS)).length;
      this.#used = await usedOfDay(connection, Date.parse(utcDay(cycle.finishedAt)), GUESSED_BYTES_PER_ROW);
      this.#newestSignal = newestOf(await signalTypes(connection))?.getTime();
    });
  }

  json(): string {
    const { pid, startedAt, everyMs } = this.#about;
    const time = (at: number | undefined) => (at === undefined ? null : new Date(at).toISOString());
    const document = {
      ok: this.#failuresInARow === 0,
      pid,
      started_at: time(startedAt),
      last_cycle_at: time(this.#last?.finishedAt),
      last_good_cycle_at: time(this.#lastGoodAt),
      next_cycle_at: time(this.#last && Math.max(this.#last.startedAt + everyMs, this.#last.finishedAt)),
      cycles: this.#cycles,
      failures_in_a_row: this.#failuresInARow,
      newest_signal: time(this.#newestSignal),
      exports_open: this.#jobsOpen,
      error: this.#last?.error ?? null,
    };
    return `${toJson(document)}\n`;
  }

  prometheus(): string {
    const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000);
    const figures: [name: string, type: "counter" | "gauge", help: string, value: number | undefined][] = [
      ["cycles_total", "counter", "Cycles since the start", this.#cycles],
      ["failed_cycles_total", "counter", "Cycles in which something failed", this.#failures],
      ["failures_in_a_row", "gauge", "Failed cycles since the last good one", this.#failuresInARow],
      ["files_loaded_total", "counter", "Export files that were loaded", this.#filesLoaded],
      ["files_failed_total", "counter", "Attempts to load a file that failed", this.#filesFailed],
      ["records_total", "counter", "Records of the loaded files", this.#records],
      ["rejected_records_total", "counter", "Records that were rejected", this.#rejected],
      ["exports_open", "gauge", "Exports that are put off, asked for or not loaded yet", this.#jobsOpen],
      ["quota_jobs_used", "gauge", "Export jobs of this UTC day", this.#used.jobs],
      ["quota_rows_used", "gauge", "Exported rows of this UTC day", this.#used.rows],
      ["quota_jobs_limit", "gauge", "Export jobs that Connect allows a day", this.#about.limits.jobs],
      ["quota_rows_limit", "gauge", "Rows that Connect allows a day", this.#about.limits.rows],
      ["last_cycle_timestamp_seconds", "gauge", "End of the last cycle", seconds(this.#last?.finishedAt)],
      ["last_good_cycle_timestamp_seconds", "gauge", "End of the last cycle in which nothing failed", seconds(this.#lastGoodAt)],
      ["newest_signal_timestamp_seconds", "gauge", "occurred_at of the newest signal", seconds(this.#newestSignal)],
    ];
    return figures
      .filter(([, , , value]) => value !== undefined)
      .map(([name, type, help, value]) => `# HELP signalhouse_${name} ${help}\n# TYPE signalhouse_${name} ${type}\nsignalhouse_${name} ${value}\n`)
      .join("");
  }
}
