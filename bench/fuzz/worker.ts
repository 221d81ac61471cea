/** Reads inputs of one target, in a thread of its own, which whoever started it ends where an input hangs. */
import { parentPort, workerData } from "node:worker_threads";
import { inputsOf } from "./inputs.ts";
import { TARGETS } from "./targets.ts";

export interface Order {
  target: string;
  seed: number;
  /** Inputs have numbers. */
  from: number;
  to: number;
  /** No further one is begun after this, in milliseconds since 1970. */
  until: number;
  /** Which input is being read, and since when. */
  now: Float64Array;
}

/** What is told of each input that is not read as it must be, and in the end of all. */
export type Told = { number: number; wrong: string } | { done: number };

const { target: name, seed, from, to, until, now } = workerData as Order;
const target = TARGETS[name];
const port = parentPort;
if (!target || !port) throw new Error(`there is no target ${name}`);
const inputOf = inputsOf(name, seed);
const { mostMs = 1000 } = target;

const { read, end } = { end: undefined, ...(await target.begin()) };

/** @returns milliseconds */
async function timeOf(bytes: Buffer): Promise<number> {
  const start = performance.now();
  await read(bytes);
  return performance.now() - start;
}

let done = 0;
// To begin takes a while on a busy machine, and there is no target of which nothing is read.
for (let number = from; number < to && (number === from || Date.now() < until); number += 1) {
  const bytes = inputOf(number);
  now[1] = Date.now();
  now[0] = number;
  try {
    // The machine may have had something else to do.
    if ((await timeOf(bytes)) > mostMs && (await timeOf(bytes)) > mostMs)
      port.postMessage({ number, wrong: `it takes more than ${mostMs} ms` } satisfies Told);
  } catch (error) {
    port.postMessage({ number, wrong: error instanceof Error ? (error.stack ?? error.message) : String(error) } satisfies Told);
  }
  done += 1;
}
await end?.();
port.postMessage({ done } satisfies Told);
