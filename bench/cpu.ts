/** CPU seconds of this process, told apart by thread; Linux only. */
import { readFileSync } from "node:fs";

export interface Cpu {
  /** Of the main thread, on which JavaScript runs. */
  main: number;
  /** Of all others: libuv's, DuckDB's, V8's own. */
  others: number;
}

/** What was taken so far. */
export function cpu(): Cpu {
  const { user, system } = process.cpuUsage();
  // Its first number: nanoseconds on a core. A process's main thread has its number.
  const [nanoseconds] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ");
  const main = Number(nanoseconds) / 1e9;
  return { main, others: (user + system) / 1e6 - main };
}

/** What some work takes. */
export async function cpuOf(work: () => Promise<unknown>): Promise<Cpu> {
  const before = cpu();
  await work();
  const after = cpu();
  return { main: after.main - before.main, others: after.others - before.others };
}
