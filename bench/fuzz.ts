/**
 * `npm run fuzz`: whatever comes from outside is read in every broken form: real inputs that are changed at random, and some that fast-check makes up. What cannot be read is refused with
 * a code, or is a reject; anything else that is thrown, a second and more for one input, a record without its number, other rows by the other reader, or more memory than it may have
 * is told, with the input in a file, and ends this with 1.
 *
 * --inputs (1000000) of all targets together · --minutes M at most · --seed (1) · --target NAME only this one · --first N (0) with --target, the number to begin
 * with: `--target CSV --first 4711 --inputs 1` is one that found something.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { inputsOf } from "./fuzz/inputs.ts";
import { TARGETS } from "./fuzz/targets.ts";
import type { Order, Slice, Told } from "./fuzz/worker.ts";

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "1000000" },
    minutes: { type: "string", default: "Infinity" },
    seed: { type: "string", default: "1" },
    target: { type: "string" },
    first: { type: "string", default: "0" },
  },
});
const [INPUTS, MINUTES, SEED, FIRST] = [values.inputs, values.minutes, values.seed, values.first].map(Number) as [number, number, number, number];
/** Targets that are read at the same time. */
const LANES = 2;
/** So long a target is read before another one has its turn. */
const SLICE_MS = 2000;
/** An input that takes so long is given up. */
const HANG_MS = 20_000;
const LOOK_MS = 500;
/** Of objects; what it takes at once is a small part of it. */
const MOST_MIB = 256;
/** Findings of a target that are told. */
const MOST_TOLD = 10;

let folder: string | undefined;
let findings = 0;

function find(target: string, number: number, wrong: string): void {
  folder ??= mkdtempSync(join(tmpdir(), "signalhouse-fuzz-"));
  const file = join(folder, `${target.replaceAll(/\W+/g, "-")}-${number}`);
  writeFileSync(file, inputsOf(target, SEED)(number));
  console.error(`FOUND: ${target}, input ${number} (${file}): ${wrong}`);
}

/** A target that is read in turns with others. Its thread stays between them: to begin takes longer than to read many inputs. */
class Reading {
  readonly name: string;
  /** How much of the time it is to have beside others. */
  readonly weight: number;
  /** The number of the next input. */
  next = FIRST;
  ms = 0;
  found = 0;
  isBusy = false;
  #worker: { thread: Worker; now: Float64Array } | undefined;

  constructor(name: string) {
    this.name = name;
    this.weight = TARGETS[name]?.weight ?? 1;
  }

  get inputs(): number {
    return this.next - FIRST;
  }

  /** Reads at most so many inputs, for so long. A thread that ends, or hangs, is done for, and so is its input. */
  async read(inputs: number, ms: number): Promise<void> {
    this.isBusy = true;
    const startedAt = Date.now();
    const { thread, now } = (this.#worker ??= this.#start());
    // What takes its time before the first input is the thread's start.
    now.set([this.next, Infinity]);
    thread.postMessage({ from: this.next, to: this.next + inputs, ms } satisfies Slice, []);
    this.next = await new Promise<number>((resolve) => {
      const look = setInterval(() => {
        if (Date.now() - (now[1] as number) > HANG_MS) giveUp(`it takes more than ${HANG_MS / 1000} s`);
      }, LOOK_MS);
      const over = (next: number) => {
        clearInterval(look);
        // Not removeAllListeners(): a thread's own are among them, without which no further message comes.
        thread.off("error", onError).off("message", onMessage);
        resolve(next);
      };
      const giveUp = (wrong: string) => {
        const number = now[0] as number;
        this.#find(number, wrong);
        this.#worker = undefined;
        void thread.terminate().then(() => over(number + 1));
      };
      const onError = (error: unknown) => giveUp(error instanceof Error ? (error.stack ?? error.message) : String(error));
      const onMessage = (told: Told) => {
        if ("next" in told) over(told.next);
        else this.#find(told.number, told.wrong);
      };
      thread.on("error", onError).on("message", onMessage);
    });
    this.ms += Date.now() - startedAt;
    this.isBusy = false;
  }

  #start(): { thread: Worker; now: Float64Array } {
    const now = new Float64Array(new SharedArrayBuffer(16));
    const thread = new Worker(new URL("fuzz/worker.js", import.meta.url), {
      workerData: { target: this.name, seed: SEED, now } satisfies Order,
      resourceLimits: { maxOldGenerationSizeMb: MOST_MIB },
    });
    return { thread, now };
  }

  #find(number: number, wrong: string): void {
    this.found += 1;
    findings += 1;
    if (this.found <= MOST_TOLD) find(this.name, number, wrong);
  }

  async end(): Promise<void> {
    await this.#worker?.thread.terminate();
  }
}

const named = values.target;
const readings = Object.keys(TARGETS).flatMap((name) => (named === undefined || name === named ? [new Reading(name)] : []));
const total = () => readings.reduce((sum, { inputs }) => sum + inputs, 0);
const until = Date.now() + MINUTES * 60_000;
/** Each is to have its part of the time, whatever an input of it takes; and none goes without any. */
async function goOn(): Promise<void> {
  for (;;) {
    const isOver = Date.now() >= until;
    const idle = readings.filter(({ isBusy, inputs }) => !isBusy && !(isOver && inputs > 0));
    const [reading] = idle.toSorted((one, other) => one.ms / one.weight - other.ms / other.weight);
    const left = INPUTS - total();
    if (!reading || left <= 0) return;
    await reading.read(left, Math.min(SLICE_MS, until - Date.now()));
  }
}
await Promise.all(Array.from({ length: LANES }, goOn));
await Promise.all(readings.map((reading) => reading.end()));
console.table(
  readings.map(({ name, inputs, ms, found }) => ({
    target: name,
    inputs,
    seconds: Math.round(ms / 1000),
    "inputs/s": Math.round((inputs / ms) * 10_000) / 10,
    findings: found,
  })),
);
console.log(`Seed ${SEED}: ${total()} inputs, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB, ${findings} findings.`);
process.exitCode = findings === 0 ? 0 : 1;
