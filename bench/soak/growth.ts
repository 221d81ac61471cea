/** What a process uses, and whether that grows. Source of the figures: proc(5). */
import { readdir, readFile, readlink } from "node:fs/promises";
import { median } from "../median.ts";

/** What a process has at a moment. */
export interface Sample {
  rssMiB: number;
  handles: number;
  sockets: number;
  threads: number;
  /** Of processor time, since its start. */
  cpuSeconds: number;
}

const TICKS_PER_SECOND = 100;

/** @returns undefined where the process is gone */
export async function sampleOf(pid: number): Promise<Sample | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    const figure = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
    const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /, "").split(" ");
    const names = await readdir(`/proc/${pid}/fd`);
    const targets = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => "")));
    return {
      rssMiB: figure("VmRSS") / 1024,
      handles: targets.filter((target) => target !== "").length,
      sockets: targets.filter((target) => target.startsWith("socket:")).length,
      threads: figure("Threads"),
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    };
  } catch {
    return undefined;
  }
}

const FIGURES = ["rssMiB", "handles", "sockets", "threads"] as const;

/** How much more the last quarter's median may be than the second's: the first one is the start. */
const ALLOWED: Record<(typeof FIGURES)[number], (before: number) => number> = {
  // The heap and DuckDB's allocator keep some of what they once had; a megabyte an hour is lost in this, tens are not.
  rssMiB: (before) => before * 1.1 + 16,
  handles: (before) => before + 2,
  sockets: (before) => before + 2,
  threads: (before) => before + 2,
};

/** The medians of the four quarters of a process's life, and what has grown. */
export function quartersOf(samples: readonly Sample[]): { rows: Record<string, string | number>[]; grown: string[] } {
  const quarters = [0, 1, 2, 3].map((quarter) =>
    samples.slice(Math.floor((samples.length * quarter) / 4), Math.floor((samples.length * (quarter + 1)) / 4)),
  );
  const grown: string[] = [];
  const rows = FIGURES.map((figure) => {
    const medians = quarters.map((quarter) => Math.round(median(quarter.map((sample) => sample[figure]))));
    const [, second = 0, , last = 0] = medians;
    if (last > ALLOWED[figure](second)) grown.push(`${figure} grew: ${second} in the second quarter, ${last} in the last one`);
    const [one, two, three, four] = medians;
    return {
      figure,
      "1st quarter": one ?? 0,
      "2nd": two ?? 0,
      "3rd": three ?? 0,
      "4th": four ?? 0,
      most: Math.round(Math.max(...samples.map((s) => s[figure]))),
    };
  });
  return { rows, grown };
}
