/** The exports that are asked for over the API: a day after the other, each until its file is on the server. */
import type { Random } from "../../samples/generator/random.ts";
import { generateWindow } from "../../samples/generator/window.ts";
import type { Truth } from "../../samples/generator/truth.ts";
import type { SandboxApi } from "../../samples/sandbox/sandbox.ts";
import { DAY_MS } from "../../schemas/connect.ts";
import { LISTED_TYPES } from "../../schemas/signal-types.ts";
import { endOf, startCommand } from "./command.ts";
import type { Happenings } from "./happenings.ts";
import type { Watcher } from "./watcher.ts";

/** The shop of the sandbox's API. Its seed is none that a run would have: with the same one its signals would have the ids of the files'. */
export const API_SHOP = { seed: 2_000_000_011, rowsPerDay: 300 };
const FIRST = Date.UTC(2024, 2, 1);
/** So much of the day before is in each. */
const OVERLAP_MS = 3_600_000;
/** A window without a file is asked for anew, under another name, after so long. */
const PATIENCE_MS = 60_000;
/** No command may take so long, whatever the API does. */
const MOST_MS = 180_000;

interface Window {
  start: number;
  end: number;
  askedAt: number;
}

export class Windows {
  readonly #api: SandboxApi;
  readonly #watchers: readonly Watcher[];
  readonly #random: Random;
  readonly #happened: Happenings;
  readonly #all: Window[] = [];
  commands = 0;

  constructor(api: SandboxApi, watchers: readonly Watcher[], random: Random, happened: Happenings) {
    this.#api = api;
    this.#watchers = watchers;
    this.#random = random;
    this.#happened = happened;
  }

  /** Asks for one that is still missing, else for the next one. */
  async askNext(): Promise<void> {
    const late = this.#missing().find(({ askedAt }) => Date.now() - askedAt > PATIENCE_MS);
    if (late) return this.#ask(late);
    const start = FIRST + this.#all.length * DAY_MS;
    const window = { start: start - OVERLAP_MS, end: start + DAY_MS - 1, askedAt: 0 };
    this.#all.push(window);
    await this.#ask(window);
  }

  /** Asks again for what is missing, where there has been time enough. @returns how many are missing */
  async askMissing(patienceMs: number): Promise<number> {
    const missing = this.#missing();
    for (const window of missing) if (Date.now() - window.askedAt > patienceMs) await this.#ask(window);
    return missing.length;
  }

  /** What all of them say together. */
  async truth(out: string): Promise<Truth> {
    const end = Math.max(...this.#all.map((window) => window.end));
    return generateWindow({ ...API_SHOP, signalTypes: LISTED_TYPES, start: FIRST - OVERLAP_MS, end, out });
  }

  get asked(): number {
    return this.#all.length;
  }

  /** Without a file on the server. */
  #missing(): Window[] {
    const there = new Set(
      this.#api.jobs.flatMap(({ status, bytes, request }) =>
        status === "COMPLETED" && bytes > 0 ? [Date.parse(String(request.export.signals.timestampStart))] : [],
      ),
    );
    return this.#all.filter(({ start }) => !there.has(start));
  }

  async #ask(window: Window): Promise<void> {
    const watcher = this.#random.pick(this.#watchers);
    const [from, to] = [window.start, window.end].map((time) => new Date(time).toISOString()) as [string, string];
    this.commands += 1;
    const end = await endOf(
      startCommand(["export", "--types", "all", "--from", from, "--to", to, "--ignore-quota"], watcher.folder, watcher.log),
      MOST_MS,
    );
    window.askedAt = Date.now();
    if (end !== 0 && end !== 1) this.#happened.find(`${watcher.name}: export --from ${from} ended with ${end}; see ${watcher.log}`);
  }
}
