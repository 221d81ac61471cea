/** One report of bench/report.ts in a process of its own: `node run-report.js WAREHOUSE [FROM TO]`; prints a ReportFigures as JSON. */
import { report } from "../pipeline/report.ts";

const [warehouse = "", from, to] = process.argv.slice(2);
const start = performance.now();
const { html } = await report({ warehouse, from, to });
const seconds = (performance.now() - start) / 1000;
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
console.log(
  JSON.stringify({ seconds, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMiB: maxRSS / 1024, kilobytes: Buffer.byteLength(html) / 1000 }),
);
