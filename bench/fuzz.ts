/**
 * `npm run fuzz`: whatever comes from outside is read in every broken form: real inputs that are changed at random, and some that fast-check makes up. What cannot be read is refused with
 * a code, or is a reject; anything else that is thrown, a second and more for one input, a record without its number, other rows by the other reader, or more memory than it may have
 * is told, with the input in a file, and ends this with 1.
 *
 * --inputs (1000000) of all targets together · --minutes M at most, divided among the targets · --seed (1) · --target NAME only this one · --first N (0) with --target, the number to begin
 * with: `--target CSV --first 4711 --inputs 1` is one that found something.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { inputsOf } from "./fuzz/inputs.ts";
import { TARGETS } from "./fuzz/targets.ts";
import type { Order, Told } from "./fuzz/worker.ts";

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
  findings += 1;
  folder ??= mkdtempSync(join(tmpdir(), "signalhouse-fuzz-"));
  const file = join(folder, `${target.replaceAll(/\W+/g, "-")}-${number}`);
  writeFileSync(file, inputsOf(target, SEED)(number));
  console.error(`FOUND: ${target}, input ${number} (${file}): ${wrong}`);
}

/** Reads inputs of a target, with a new thread after each that ends one. */
async function fuzz(target: string, inputs: number, minutes: number) {
  const startedAt = Date.now();
  const order = { target, seed: SEED, to: FIRST + inputs, until: startedAt + minutes * 60_000 };
  let [from, read, found] = [FIRST, 0, 0];
  while (from < order.to && Date.now() < order.until) {
    const now = new Float64Array(new SharedArrayBuffer(16));
    // What takes its time before the first input is the thread's start.
    now.set([from, Infinity]);
    const worker = new Worker(new URL("fuzz/worker.js", import.meta.url), {
      workerData: { ...order, from, now } satisfies Order,
      resourceLimits: { maxOldGenerationSizeMb: MOST_MIB },
    });
    const begun = from;
    from = await new Promise<number>((resolve) => {
      const look = setInterval(() => {
        if (Date.now() - (now[1] as number) > HANG_MS) giveUp(`it takes more than ${HANG_MS / 1000} s`);
      }, LOOK_MS);
      const over = (next: number) => {
        clearInterval(look);
        read += next - begun;
        void worker.terminate().then(() => resolve(next));
      };
      const giveUp = (wrong: string) => {
        const number = now[0] as number;
        found += 1;
        find(target, number, wrong);
        over(number + 1);
      };
      worker.on("error", (error: unknown) => giveUp(error instanceof Error ? (error.stack ?? error.message) : String(error)));
      worker.on("message", (told: Told) => {
        if ("done" in told) {
          over(begun + told.done);
          // The time is up, or all are read.
          order.until = 0;
        } else if ((found += 1) <= MOST_TOLD) find(target, told.number, told.wrong);
        else findings += 1;
      });
    });
  }
  const seconds = (Date.now() - startedAt) / 1000;
  return {
    target,
    inputs: read,
    "inputs/s": Math.round(read / seconds),
    "RSS MiB": Math.round(process.memoryUsage().rss / 2 ** 20),
    findings: found,
  };
}

const named = values.target;
const names = Object.keys(TARGETS).filter((name) => named === undefined || name === named);
const rows: object[] = [];
for (const name of names) {
  const inputs = named === undefined ? Math.ceil((INPUTS * (TARGETS[name]?.share ?? 0)) / 1000) : INPUTS;
  rows.push(await fuzz(name, inputs, MINUTES / names.length));
}
console.table(rows);
console.log(`Seed ${SEED}: ${findings} findings.`);
process.exitCode = findings === 0 ? 0 : 1;
