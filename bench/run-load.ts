/** One load in a process of its own, so that its peak memory is its own: `node run-load.js WAREHOUSE READER MEMORY THREADS FILE…` (empty for the defaults); prints a LoadFigures as JSON. */
import { loadFiles, type Reader } from "../pipeline/load/load-files.ts";
import { localFile } from "../pipeline/load/local-files.ts";
import { readConfig } from "../schemas/config.ts";
import { placeOf } from "../sinks/places.ts";
import { openWarehouse } from "../sinks/warehouse.ts";

/** What a load took. */
export interface LoadFigures {
  records: number;
  seconds: number;
  peakMiB: number;
}

const [warehousePath = "", reader, memory, threads, ...files] = process.argv.slice(2);
const { limits } = readConfig({}, "the defaults");
const sources = await Promise.all(files.map((file) => localFile(file)));
const start = performance.now();
const warehouse = await openWarehouse(placeOf(warehousePath), { memory: memory || limits.memory, threads: 1 });
const results = await loadFiles(sources, {
  warehouse,
  limits: { ...limits, threads: Number(threads) || limits.threads },
  runId: null,
  signal: new AbortController().signal,
  reader: reader as Reader,
});
warehouse.close();
const seconds = (performance.now() - start) / 1000;
const records = results.reduce((sum, result) => {
  if (result.status !== "loaded") throw new Error(`${result.path} was not loaded: ${JSON.stringify(result)}`);
  return sum + result.records;
}, 0);
const figures: LoadFigures = { records, seconds, peakMiB: process.resourceUsage().maxRSS / 1024 };
console.log(JSON.stringify(figures));
