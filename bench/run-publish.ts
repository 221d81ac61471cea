/** One publish of bench/publish.ts in a process of its own: `node run-publish.js WAREHOUSE FOLDER`; prints a PublishFigures as JSON. */
import { publish } from "../pipeline/publish.ts";
import type { PublishFigures } from "./publish.ts";

const [warehouse = "", to = ""] = process.argv.slice(2);
const start = performance.now();
const { files, filesWritten, bytes } = await publish({ config: {}, warehouse, to });
const seconds = (performance.now() - start) / 1000;
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
const figures: PublishFigures = { seconds, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMiB: maxRSS / 1024, files, filesWritten, bytes };
console.log(JSON.stringify(figures));
