/** Backfills against the sandbox, over months, by the test's clock. */
import { describe, expect, test } from "vitest";
import { backfillSpan, planSpan, runBackfill, windowsOf } from "../../pipeline/backfill.ts";
import { backfillDays } from "../../pipeline/backfill-days.ts";
import type { DailyLimits } from "../../schemas/connect.ts";
import type { SandboxJob } from "../../samples/sandbox/sandbox.ts";
import { awaitExports } from "../../pipeline/export/arrive.ts";
import { exportJobs } from "../../sinks/jobs.ts";
import { type ConnectPlace, connectPlace, expected, found } from "../helpers/connect.ts";
import { isLong, often } from "../helpers/often.ts";

const OPTIONS = { marginMinutes: 60, guessRowsPerDay: 100 };

const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);
const span = (at: ConnectPlace, from: string, to?: string, types = "all") => backfillSpan({ from, to, types }, at.clock.now());
const states = (at: ConnectPlace, of: ReturnType<typeof span>) =>
  at.context.useWarehouse(async ({ connection }) => {
    const days = backfillDays(of, windowsOf(await exportJobs(connection), at.clock.now()), at.clock.now());
    return new Set(days.flatMap(({ cells }) => [...cells.values()]));
  });

/** What each day's jobs came to, by the sandbox's own books. */
function usedByDay(jobs: readonly SandboxJob[]): Map<string, DailyLimits> {
  const days = new Map<string, DailyLimits>();
  for (const { acceptedAt, rows, bytes } of jobs) {
    const day = days.get(dayOf(acceptedAt)) ?? { jobs: 0, rows: 0, bytes: 0 };
    days.set(dayOf(acceptedAt), { jobs: day.jobs + 1, rows: day.rows + rows, bytes: day.bytes + bytes });
  }
  return days;
}

const MONTHS = often(2, 12);

test(`${MONTHS} months end complete, within every day's limits, each signal once`, { timeout: 240_000, tags: "long" }, async () => {
  const limits: DailyLimits = { jobs: 4, rows: 3_000, bytes: 1_000_000 };
  const at = await connectPlace({ now: "2025-07-01T09:00:00Z", rowsPerDay: 60, limits });
  const first = isLong ? "2024-07-01" : "2025-05-01";
  const of = span(at, first, "2025-06-30");
  const { left, outcomes } = await runBackfill(at.context, { ...OPTIONS, guessRowsPerDay: 3, span: of });
  expect(left.calendar).toEqual([]);
  expect(outcomes.filter(({ job, error }) => job.status !== "loaded" || error)).toEqual([]);
  // The margins bring some signals from before and after the span, too.
  const truth = await at.truth(of.types, `${first}T00:00:00Z`, "2025-06-30T23:59:59.999Z");
  expect(truth.signals).toBeGreaterThan(1_600 * MONTHS);
  expect(await at.look((scratch) => found(scratch, first, "2025-07-01"))).toEqual(expected(truth));
  const days = [...usedByDay(at.api.jobs)];
  expect(days.filter(([, used]) => used.jobs > limits.jobs || used.rows > limits.rows || used.bytes > limits.bytes)).toEqual([]);
  expect(days.length).toBeGreaterThan(often(1, 7));
  expect(await states(at, of)).toEqual(new Set(["loaded"]));
  // Begun again, it has nothing to ask for.
  const asked = at.api.jobs.length;
  await runBackfill(at.context, { ...OPTIONS, span: of });
  expect(at.api.jobs).toHaveLength(asked);
});

test("once: today's part only; the next day's goes on", async () => {
  const limits: DailyLimits = { jobs: 2, rows: 100_000, bytes: 1e8 };
  const at = await connectPlace({ now: "2025-07-01T09:00:00Z", rowsPerDay: 100, limits });
  const of = span(at, "2025-06-01", "2025-06-30");
  const first = await runBackfill(at.context, { ...OPTIONS, span: of, once: true });
  expect(first.left.calendar.map(({ day }) => day)).not.toContain("2025-07-01");
  expect(first.left.calendar.length).toBeGreaterThan(0);
  expect(at.api.jobs).toHaveLength(2);
  // On the same day there is nothing more to do.
  await runBackfill(at.context, { ...OPTIONS, span: of, once: true });
  expect(at.api.jobs).toHaveLength(2);
  while (at.clock.now() < Date.parse("2025-07-05T00:00:00Z")) {
    await at.clock.wait(86_400_000, at.context.signal);
    await runBackfill(at.context, { ...OPTIONS, span: of, once: true });
  }
  expect(await states(at, of)).toEqual(new Set(["loaded"]));
  const truth = await at.truth(of.types, "2025-06-01T00:00:00Z", "2025-06-30T23:59:59.999Z");
  expect(await at.look((scratch) => found(scratch, "2025-06-01", "2025-07-01"))).toEqual(expected(truth));
});

test("without a last day, each new day is asked for, and only it", async () => {
  const at = await connectPlace({ now: "2025-07-03T09:00:00Z", rowsPerDay: 100 });
  await runBackfill(at.context, { ...OPTIONS, span: span(at, "2025-07-01"), once: true });
  const before = at.api.jobs.length;
  await at.clock.wait(86_400_000, at.context.signal);
  await runBackfill(at.context, { ...OPTIONS, span: span(at, "2025-07-01"), once: true });
  const [asked, ...more] = (await at.context.useWarehouse(({ connection }) => exportJobs(connection))).slice(before);
  expect(more).toEqual([]);
  expect(asked).toMatchObject({ windowStart: Date.parse("2025-07-03"), windowEnd: Date.parse("2025-07-04"), status: "loaded" });
  // With the margin on both sides.
  expect(asked?.request).toMatchObject({ timestampStart: "2025-07-02T23:00:00.000Z", timestampEnd: "2025-07-04T00:59:59.999Z" });
});

test("a job that fails leaves a hole, which is asked for again by itself", async () => {
  const at = await connectPlace({ now: "2025-07-03T09:00:00Z", rowsPerDay: 100 });
  const of = span(at, "2025-07-01", "2025-07-02", "email");
  at.api.faults.failJobs = 1;
  const { outcomes } = await runBackfill(at.context, { ...OPTIONS, span: of, once: true });
  expect(outcomes.map(({ job }) => job.status)).toEqual(["failed", "loaded"]);
  expect(await states(at, of)).toEqual(new Set(["loaded"]));
});

test("a job that never arrives is late, and after two days its window is asked for again", async () => {
  const at = await connectPlace({ now: "2025-07-03T09:00:00Z", rowsPerDay: 100, exports: { pollSeconds: 900 } });
  const of = span(at, "2025-07-01", "2025-07-02", "email");
  at.api.faults.neverArrives = 1;
  const { outcomes } = await runBackfill(at.context, { ...OPTIONS, span: of, once: true });
  expect(outcomes).toMatchObject([{ job: { status: "asked" }, error: { code: "export_late" } }]);
  expect(await states(at, of)).toEqual(new Set(["asked"]));
  await at.clock.wait(2 * 86_400_000, at.context.signal);
  expect(await states(at, of)).toEqual(new Set(["missing"]));
  await runBackfill(at.context, { ...OPTIONS, span: of, once: true });
  expect(await states(at, of)).toEqual(new Set(["loaded"]));
});

test("two backfills at the same time ask for nothing twice", async () => {
  const at = await connectPlace({ now: "2025-07-03T09:00:00Z", rowsPerDay: 100 });
  const of = span(at, "2025-06-01", "2025-07-02", "email,order");
  await Promise.all([1, 2].map(() => runBackfill({ ...at.context, log: () => {} }, { ...OPTIONS, span: of, once: true })));
  const jobs = await at.context.useWarehouse(({ connection }) => exportJobs(connection));
  const windows = jobs.map(({ windowStart, windowEnd }) => `${dayOf(windowStart)} ${dayOf(windowEnd)}`);
  expect(windows.length).toBeGreaterThan(1);
  expect(new Set(windows).size).toBe(windows.length);
  expect(at.api.jobs).toHaveLength(jobs.length);
});

test("Connect refuses for the day: the rest is asked for tomorrow", async () => {
  const at = await connectPlace({ now: "2025-07-03T09:00:00Z", rowsPerDay: 100 });
  const of = span(at, "2025-07-01", "2025-07-02", "email");
  at.api.faults.refuseForTheDay = true;
  const { left } = await runBackfill(at.context, { ...OPTIONS, span: of, once: true });
  expect(at.api.jobs).toEqual([]);
  expect(left.calendar).toEqual([]);
  expect(await states(at, of)).toEqual(new Set(["asked"]));
  at.api.faults.refuseForTheDay = false;
  await runBackfill(at.context, { ...OPTIONS, span: of });
  expect(dayOf(at.api.jobs[0]?.acceptedAt ?? 0)).toBe("2025-07-04");
  expect(await states(at, of)).toEqual(new Set(["loaded"]));
});

test("a file that nobody loaded is shown as expiring, then as expired, and is asked for again", async () => {
  const at = await connectPlace({ now: "2025-07-03T09:00:00Z", rowsPerDay: 100 });
  const of = span(at, "2025-07-01", "2025-07-02", "email");
  await runBackfill(at.context, { ...OPTIONS, span: of, askOnly: true });
  const jobs = await at.context.useWarehouse(({ connection }) => exportJobs(connection));
  await awaitExports(at.context, jobs, { load: false });
  expect(await states(at, of)).toEqual(new Set(["asked"]));
  await at.clock.wait(22 * 86_400_000, at.context.signal);
  expect(await states(at, of)).toEqual(new Set(["expiring"]));
  await at.clock.wait(7 * 86_400_000, at.context.signal);
  expect(await states(at, of)).toEqual(new Set(["expired"]));
  const plan = await at.context.useWarehouse((warehouse) => planSpan(warehouse, of, { ...OPTIONS, now: at.clock.now() }));
  expect(plan.calendar.flatMap(({ jobs }) => jobs).map(({ start, end }) => [dayOf(start), dayOf(end)])).toEqual([["2025-07-01", "2025-07-03"]]);
});

describe("the span", () => {
  const now = Date.parse("2025-07-10T09:00:00Z");
  test.each<[string, Parameters<typeof backfillSpan>[0], [string, string]]>([
    ["to yesterday", { from: "2025-07-01", to: undefined, types: "all" }, ["2025-07-01", "2025-07-10"]],
    ["to a day", { from: "2025-07-01", to: "2025-07-05", types: "all" }, ["2025-07-01", "2025-07-06"]],
    ["never into today", { from: "2025-07-01", to: "2025-08-01", types: "all" }, ["2025-07-01", "2025-07-10"]],
  ])("%s", (_, config, [start, end]) => {
    expect(backfillSpan(config, now)).toMatchObject({ start: Date.parse(start), end: Date.parse(end) });
  });
  test.each([
    ["has no first day", { from: undefined, to: undefined, types: "all" }],
    ["after its last day", { from: "2025-07-10", to: undefined, types: "all" }],
    ["after its last day", { from: "2025-07-05", to: "2025-07-04", types: "all" }],
  ])("%s", (message, config) => expect(() => backfillSpan(config, now)).toThrow(message));
});
