/** Reads inputs of one target, in a thread of its own, which whoever started it ends where an input hangs. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { inputsOf } from "./inputs.ts";
import { TARGETS } from "./targets.ts";

export interface Order {
  target: string;
  seed: number;
  /** Which input is being read, and since when. */
  now: Float64Array;
}

/** Inputs that are to be read, which have numbers: from one to before another, and none is begun after so long. */
export interface Slice {
  from: number;
  to: number;
  ms: number;
}

/** What is told of each input that is not read as it must be, and in the end which one is next. */
export type Told = { number: number; wrong: string } | { next: number };

const { target: name, seed, now } = workerData as Order;
const target = TARGETS[name];
const port = parentPort;
if (!target || !port) throw new Error(`there is no target ${name}`);
const inputOf = inputsOf(name, seed);
const { mostMs = 1000 } = target;

const { read } = await target.begin();

/** @returns milliseconds */
async function timeOf(bytes: Buffer): Promise<number> {
  const start = performance.now();
  await read(bytes);
  return performance.now() - start;
}

async function readSlice(port: MessagePort, { from, to, ms }: Slice): Promise<void> {
  const until = Date.now() + ms;
  let number = from;
  // To begin takes a while on a busy machine, and there is no slice of which nothing is read.
  for (; number < to && (number === from || Date.now() < until); number += 1) {
    const bytes = inputOf(number);
    now[0] = number;
    now[1] = Date.now();
    try {
      // The machine may have had something else to do.
      if ((await timeOf(bytes)) > mostMs && (await timeOf(bytes)) > mostMs)
        port.postMessage({ number, wrong: `it takes more than ${mostMs} ms` } satisfies Told);
    } catch (error) {
      port.postMessage({ number, wrong: error instanceof Error ? (error.stack ?? error.message) : String(error) } satisfies Told);
    }
  }
  now[1] = Infinity;
  port.postMessage({ next: number } satisfies Told);
}

port.on("message", (slice: Slice) => void readSlice(port, slice));
