/** What a report costs: a year of twenty million signals, the largest warehouse of bench/marts.ts. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { filledWarehouse } from "./marts.ts";
import { inTurn, median, rounded } from "./median.ts";

const RUN_REPORT = fileURLToPath(new URL("run-report.js", import.meta.url));

/** What run-report.js prints. */
export interface ReportFigures {
  seconds: number;
  cpuSeconds: number;
  peakMiB: number;
  kilobytes: number;
}

/** The default period, and all that there is. */
export async function benchReport(folder: string): Promise<object[]> {
  const large = await filledWarehouse(folder);
  const run = async (...days: string[]) => {
    const { stdout } = await promisify(execFile)(process.execPath, [RUN_REPORT, large, ...days]);
    return JSON.parse(stdout) as ReportFigures;
  };
  const taken = await inTurn<ReportFigures>({ "the last 28 days": () => run(), "a year": () => run("2025-09-01", "2026-08-31") });
  return [...taken].map(([period, figures]) => ({
    period,
    seconds: rounded(median(figures.map(({ seconds }) => seconds))),
    "CPU seconds": rounded(median(figures.map(({ cpuSeconds }) => cpuSeconds))),
    "peak RSS MiB": Math.round(median(figures.map(({ peakMiB }) => peakMiB))),
    "page kB": Math.round(median(figures.map(({ kilobytes }) => kilobytes))),
  }));
}
