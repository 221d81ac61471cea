/** Windows of the endless series: what one large window has, small ones have together. */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { blockOf } from "../../samples/generator/signals.ts";
import type { Truth } from "../../samples/generator/truth.ts";
import { generateWindow, type WindowOptions } from "../../samples/generator/window.ts";
import { isSignalhouseError } from "../../schemas/errors.ts";
import { LISTED_TYPES } from "../../schemas/signal-types.ts";
import { recount } from "./recount.ts";
import { often, some } from "../helpers/often.ts";

const ALL_TYPES = [...LISTED_TYPES];
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const FIRST = Date.UTC(2024, 0, 1);

type Row = Record<string, string>;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalhouse-window-"));
});
afterEach(() => rm(folder, { recursive: true }));

interface Window {
  csv: string;
  truth: Truth;
  out: string;
}

async function generate(options: Partial<WindowOptions>): Promise<Window> {
  const out = join(folder, "window.csv.gz");
  const truth = await generateWindow({ seed: 7, rowsPerDay: 400, signalTypes: ALL_TYPES, start: FIRST, end: FIRST + DAY, out, ...options });
  return { csv: gunzipSync(await readFile(out)).toString("utf8"), truth, out };
}

const rowsOf = ({ csv }: Window) => parse<Row>(csv, { columns: true });
const linesOf = (window: Window) => rowsOf(window).map(digest);

/** Short enough for the message of a test that fails. */
const digest = (row: Row): string => createHash("sha256").update(JSON.stringify(row)).digest("hex").slice(0, 16);

/** When a row says that it happened; its clock may be in any of these places. */
const timeOf = (row: Row): string =>
  row["SIGNAL_TIMESTAMP"] ||
  /"signalTimestamp":\s*"([^"]+)"/.exec(row["SIGNAL_CONTENT"] ?? "")?.[1] ||
  [row["TIMESTAMP"], row["RECEIVED_TIMESTAMP"], row["OBSERVED_TIMESTAMP"]].find((text) => text && text !== "\\N") ||
  "";

describe("windows", () => {
  // At 1000000 signals a day, a block of 1000 lasts 86 seconds: journeys reach over dozens of blocks.
  test.each([
    { rowsPerDay: 400, start: FIRST + 30 * DAY, span: 10 * DAY },
    { rowsPerDay: 1_000_000, start: FIRST + 400 * DAY, span: often(2, 10) * 60_000 },
    { rowsPerDay: 20_000, start: FIRST - HOUR, span: often(3, 24) * HOUR },
  ])(
    "of $rowsPerDay signals a day: many small ones have what a large one has, each signal once, in order",
    { tags: "long" },
    async ({ rowsPerDay, start, span }) => {
      const large = await generate({ rowsPerDay, start, end: start + span - 1 });
      const small = [];
      for (let part = 0; part < 7; part++) {
        const from = start + Math.floor((span * part) / 7);
        const until = start + Math.floor((span * (part + 1)) / 7) - 1;
        small.push(...linesOf(await generate({ rowsPerDay, start: from, end: until })));
      }
      expect(small).toEqual(linesOf(large));
      expect(new Set(small).size).toBe(small.length);
      expect(small.length).toBeGreaterThan(1_000);
    },
  );

  test.each(
    some(
      [
        [1, 5_000],
        [2, 250_000],
      ] as const,
      1,
    ),
  )("miss no signal of any block, whenever its journey began (seed %i, %i a day)", { tags: "long" }, async (seed, rowsPerDay) => {
    const series = { seed, start: FIRST, pace: DAY / rowsPerDay, contacts: rowsPerDay };
    const blocks = Array.from({ length: 120 }, (_, block) => blockOf(series, block)).flat();
    const [start, end] = [FIRST + 70_000 * series.pace, FIRST + 80_000 * series.pace];
    const rows = rowsOf(await generate({ seed, rowsPerDay, start, end }));
    const ids = blocks.filter(({ at }) => at >= start && at <= end).map(({ id }) => id);
    expect(rows.map((row) => String(row["SIGNAL_ID"]).replace("\\N", "")).sort()).toEqual(ids.sort());
  });

  test("agree where they overlap, whatever their ends and types", { tags: "long" }, async () => {
    const inLarge = new Set(linesOf(await generate({ start: FIRST + 5 * DAY, end: FIRST + 15 * DAY })));
    const at = fc.integer({ min: FIRST + 5 * DAY, max: FIRST + 15 * DAY });
    await fc.assert(
      fc.asyncProperty(at, at, fc.subarray(ALL_TYPES, { minLength: 1 }), async (one, other, signalTypes) => {
        const [start, end] = [Math.min(one, other), Math.max(one, other)];
        const window = await generate({ start, end, signalTypes });
        const [lines, { truth }] = [linesOf(window), window];
        expect(lines.filter((line) => !inLarge.has(line))).toEqual([]);
        expect(truth.records).toBe(lines.length);
        for (const type of ALL_TYPES) if (!signalTypes.includes(type)) expect(truth.signalsByType[type]).toBe(0);
      }),
      { numRuns: often(4, 15) },
    );
  });

  test("both ends are part of it", async () => {
    const times = rowsOf(await generate({})).map((row) => Date.parse(timeOf(row)));
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    const [start = 0, end = 0] = [times[10], times[20]];
    const inside = times.filter((time) => time >= start && time <= end);
    expect(rowsOf(await generate({ start, end })).map((row) => Date.parse(timeOf(row)))).toEqual(inside);
    expect(rowsOf(await generate({ start: start + 1, end: end - 1 })).map((row) => Date.parse(timeOf(row)))).toEqual(
      inside.filter((time) => time !== start && time !== end),
    );
  });

  test("have about as many signals as they should, half of them behavior", async () => {
    const { truth } = await generate({ start: FIRST + 50 * DAY, end: FIRST + 100 * DAY - 1 });
    expect(truth.signals).toBeGreaterThan(19_000);
    expect(truth.signals).toBeLessThan(21_000);
    expect(truth.signalsByTable.behavior_signals / truth.signals).toBeCloseTo(0.5, 1);
  });
});

describe("the truth", () => {
  test.each<[string, Partial<WindowOptions>]>([
    ["all types", { start: FIRST + DAY, end: FIRST + 8 * DAY }],
    ["clicks and what follows, without the rest", { start: FIRST + DAY, end: FIRST + 8 * DAY, signalTypes: ["order", "emailClick"] }],
    ["one type", { start: FIRST, end: FIRST + 8 * DAY, signalTypes: ["order"] }],
    ["two minutes, in which a visit is without its click", { rowsPerDay: 1_000_000, start: FIRST + DAY, end: FIRST + DAY + 120_000 }],
  ])("is what is in the file: %s", async (_, options) => {
    const { csv, truth } = await generate(options);
    expect(truth.signals).toBeGreaterThan(10);
    expect(recount(truth, [csv])).toEqual(truth);
  });

  test("names the mtime that the file has", async () => {
    const { truth, out } = await generate({ start: FIRST, end: Date.UTC(2024, 0, 31, 23, 59, 59, 999) });
    expect(truth.files).toMatchObject([{ path: "window.csv.gz", mtime: "2024-02-01T02:00:00Z" }]);
    expect((await stat(out)).mtimeMs).toBe(Date.UTC(2024, 1, 1, 2));
  });
});

test.each<[string, Partial<WindowOptions>]>([
  ["before the series begins", { start: FIRST - 10 * DAY, end: FIRST - 1 }],
  ["without types", { signalTypes: [] }],
  ["between two signals", { rowsPerDay: 1, start: FIRST + DAY, end: FIRST + DAY + 1 }],
])("%s there is the header only", async (_, options) => {
  const { csv, truth } = await generate(options);
  expect(csv).toMatch(/^DATASET_ID,SUBSCRIPTION_ID,[^\n]+\n$/);
  expect(truth).toMatchObject({ records: 0, signals: 0, occurredAt: { min: "", max: "" } });
});

test("no files but the export are written", async () => {
  await generate({});
  await expect(stat(join(folder, "window.csv.gz.truth.json"))).rejects.toThrow("ENOENT");
});

test.each<Partial<WindowOptions>>([{ rowsPerDay: 0 }, { rowsPerDay: 1.5 }, { rowsPerDay: 1_000_001 }, { seed: -1 }, { out: "window.csv" }])(
  "refuses %o",
  async (options) => {
    const error: unknown = await generate(options).catch((reason: unknown) => reason);
    expect(isSignalhouseError(error, "usage")).toBe(true);
  },
);
