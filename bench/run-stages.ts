/** A load as run-load.ts, of which it is told what its serial stages take: `node run-stages.js …`, as run-load.js; prints a StageFigures as JSON behind the LoadFigures. */
import { DuckDBConnection } from "@duckdb/node-api";
import { cpu, cpuOf } from "./cpu.ts";

/** CPU seconds. */
export interface StageFigures {
  /** The main thread, from its start to its end. */
  main: number;
  /** All threads but the main one, while a statement ran and DuckDB had one thread. */
  alone: number;
  /** The same while DuckDB had several, each statement's divided by them. */
  shared: number;
}

const figures: StageFigures = { main: 0, alone: 0, shared: 0 };
let threads = 1;
let isBusy = false;

type Run = DuckDBConnection["run"];
const { value: run } = Object.getOwnPropertyDescriptor(DuckDBConnection.prototype, "run") as { value: Run };
DuckDBConnection.prototype.run = async function (this: DuckDBConnection, ...given: Parameters<Run>) {
  // Statements of two connections at once would be counted twice.
  if (isBusy) throw new Error(`a statement began before the one before it was over: ${given[0]}`);
  isBusy = true;
  try {
    let result: Awaited<ReturnType<Run>> | undefined;
    const { others } = await cpuOf(async () => (result = await run.apply(this, given)));
    if (threads === 1) figures.alone += others;
    else figures.shared += others / threads;
    threads = Number(/SET threads = (\d+)/.exec(given[0])?.[1] ?? threads);
    return result as NonNullable<typeof result>;
  } finally {
    isBusy = false;
  }
};

await import("./run-load.ts");
figures.main = cpu().main;
console.log(JSON.stringify(figures));
