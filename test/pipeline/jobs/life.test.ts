/** Lives of jobs in worlds of all kinds, by processes that are killed anywhere: what their steps lead to. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type ExportAction, type ExportSeen, firstExportStep, nextExportStep } from "../../../pipeline/jobs/export-steps.ts";
import { goOn, type Handlers } from "../../../pipeline/jobs/go-on.ts";
import { firstImportStep, type ImportAction, type ImportSeen, nextImportStep } from "../../../pipeline/jobs/import-steps.ts";
import type { KnownFile, Stop } from "../../../pipeline/jobs/steps.ts";
import type { FileResult } from "../../../pipeline/load/load-files.ts";
import { SignalhouseError } from "../../../schemas/errors.ts";
import { EXPORT_STATES, IMPORT_STATES } from "../../../schemas/jobs.ts";
import type { ImportInput } from "../../../schemas/import-input.ts";
import type { ImportChange, ImportJob } from "../../../sinks/reference-set/imports.ts";
import type { ExportChange, ExportJob } from "../../../sinks/jobs.ts";
import { MINUTE, NINE } from "../../helpers/job-steps.ts";
import { ANSWERS, POLL, RULES, World } from "../../helpers/job-world.ts";

const PATH = "July.csv.gz";

const shared = {
  answers: fc.array(fc.constantFrom(...ANSWERS), { maxLength: 4 }),
  kills: fc.array(fc.integer({ min: 1, max: 80 }), { maxLength: 6 }),
  /** Whether Connect tells how a job goes. */
  tells: fc.boolean(),
  /** Whether it is done at all; after so many minutes. */
  fails: fc.boolean(),
  minutes: fc.integer({ min: 0, max: 180 }),
};

/**
 * Process after process goes on with a job, until it is over or one waits no longer.
 * @param live goes on with the row, as a process does that finds it; the first time, as the one that wrote it down
 */
async function liveThrough<Job extends { status: string; askedAt: number; finishedAt: number | null }>(
  world: World<Job>,
  live: (isFirst: boolean) => Promise<Stop>,
): Promise<void> {
  let isFirst = true;
  for (let looks = 0; ; looks++) {
    expect(looks).toBeLessThan(2000);
    const stop = await world.process(() => live(isFirst));
    isFirst = false;
    if (stop?.do === "wait") world.time = Math.max(world.time + POLL, stop.until ?? 0);
    else if (stop?.do === "end" || world.isOver) return;
    // After a kill or a failure another process goes on, a minute later.
    else world.time += MINUTE;
  }
}

const exportWorlds = fc.record({
  ...shared,
  isPutOff: fc.boolean(),
  /** Whether the day is full, in turn; then there is room. */
  full: fc.array(fc.boolean(), { maxLength: 3 }),
  /** Minutes for which its file is there, but cut; null where it never comes. */
  cut: fc.option(fc.integer({ min: 0, max: 60 }), { freq: 10 }),
  load: fc.boolean(),
});

test("an export is asked for again only where its file did not show for long enough; it is loaded once, if it comes; and it ends", async () => {
  await fc.assert(
    fc.asyncProperty(exportWorlds, async ({ answers, kills, tells, fails, minutes, isPutOff, full, cut, load }) => {
      const row = {
        jobId: null,
        name: "July",
        path: null,
        error: null,
        expectedRows: 1,
        askedAt: NINE,
        notBefore: null,
        finishedAt: null,
      } as ExportJob;
      const start = isPutOff ? ({ status: "postponed", notBefore: NINE } as const) : ({ status: "asking", notBefore: null } as const);
      const world = new World<ExportJob>({ ...row, ...start }, EXPORT_STATES, answers, kills);
      const days = [...full];
      let loads = 0;
      const comesAt = () => (world.takenAt === undefined || fails || cut === null ? Infinity : world.takenAt + minutes * MINUTE);
      const isCut = () => world.time < comesAt() + (cut ?? 0) * MINUTE;
      const file = () => (world.time < comesAt() ? null : { path: PATH, size: isCut() ? 50 : 100, mtime: NINE });
      const cutFile = () => new SignalhouseError("gzip_truncated", "cut", "");
      let known: KnownFile | undefined;

      await liveThrough(world, async (isFirst) => {
        let isThere: boolean | undefined;
        const handlers: Handlers<ExportJob, ExportChange, ExportSeen, ExportAction> = {
          mark: (_, { change }) => world.call(() => world.mark(change)),
          claim: (_, change) => world.call(() => ({ isMine: true, job: world.mark(change) })),
          ask: () =>
            world.call(() => {
              world.request(isThere === false, "export_unanswered");
              return { jobId: "7", path: PATH };
            }),
          actions: {
            count: () => world.call(() => ({ isDayFull: days.shift() ?? false })),
            find: () => world.call(() => ({ file: ((isThere = file() !== null), file()) })),
            inquire: () => world.call(() => ({ told: tells ? { status: fails ? "FAILED" : "RUNNING" } : null })),
            read: () => world.call(() => ({ fault: isCut() ? cutFile() : null })),
            load: () =>
              world.call(() => {
                if (isCut()) return { fault: cutFile() };
                // The ledger says whether it is loaded, and the row follows it.
                if (world.row.status === "arrived") world.row = { ...world.row, status: "loaded", finishedAt: world.time };
                loads += 1;
                return { load: { path: PATH, size: 100, status: "loaded" } as FileResult };
              }),
            reread: () => world.call(() => ({ row: world.row })),
          },
        };
        const seen: ExportSeen = known ? { known } : {};
        const next: typeof nextExportStep = isFirst && !isPutOff ? firstExportStep : nextExportStep;
        known = undefined;
        const { stop } = await goOn(world, world.row, (...at) => next(...at, { ...RULES, load }), handlers, seen);
        if (stop.do === "wait") known = stop.known;
        return stop;
      });

      expect(world.wrongs).toEqual([]);
      const { row: last } = world;
      expect(loads).toBeLessThanOrEqual(1);
      expect(nextExportStep(last, {}, world.time, { ...RULES, load }).do === "end").toBe(world.isOver);
      if (comesAt() === Infinity) expect(["asked", "failed"]).toContain(last.status);
      else if (load) expect({ status: last.status, loads }).toEqual({ status: "loaded", loads: 1 });
      else expect(last).toMatchObject({ status: "arrived", sizeBytes: 100 });
    }),
    { numRuns: 1000 },
  );
});

test("an export that nothing ever tells of is asked for within its time only, and ends", async () => {
  const row = { jobId: null, name: "July", path: null, error: null, expectedRows: 1, askedAt: NINE, notBefore: null, finishedAt: null } as ExportJob;
  const world = new World<ExportJob>({ ...row, status: "asking" }, EXPORT_STATES, Array<"lost">(999).fill("lost"), []);
  const handlers: Handlers<ExportJob, ExportChange, ExportSeen, ExportAction> = {
    mark: (_, { change }) => world.call(() => world.mark(change)),
    claim: (_, change) => world.call(() => ({ isMine: true, job: world.mark(change) })),
    ask: () => world.call(() => (world.request(true, "export_unanswered"), {})),
    actions: { find: () => Promise.resolve({ file: null }) } as unknown as Handlers<ExportJob, ExportChange, ExportSeen, ExportAction>["actions"],
  };
  const ends: number[] = [];
  for (let looks = 0; looks < 999 && !world.isOver; looks++) {
    const { stop } = await goOn(world, world.row, (...at) => nextExportStep(...at, { ...RULES, load: true }), handlers, {});
    if (stop.do === "end") ends.push(world.time - NINE);
    else expect(stop.do).toBe("wait");
    world.time += POLL;
  }
  const hours = (ms: number | undefined) => Math.floor((ms ?? 0) / 3_600_000);
  // Every look after the deadline says so, until it is given up.
  expect([hours(ends[0]), hours(ends.at(-1)), ends.length]).toEqual([6, 48, 42 * 6 + 1]);
  expect({ status: world.row.status, wrongs: world.wrongs }).toEqual({ status: "failed", wrongs: [] });
  // The first one is none of these: it was written down as asked for.
  expect(world.requests).toBe(17);
});

const importWorlds = fc.record({
  ...shared,
  /** Rows that Connect has in the end, of ten. */
  rows: fc.integer({ min: 8, max: 10 }),
});

test("an import is asked for again only where its file stayed for long enough; its rows count once Connect has them; and it ends", async () => {
  await fc.assert(
    fc.asyncProperty(importWorlds, async ({ answers, kills, tells, fails, minutes, rows }) => {
      const row: ImportJob = {
        jobId: null,
        name: "people 1",
        setName: "People",
        status: "uploading",
        path: "people.csv",
        request: { importType: "REPLACE" } as ImportInput,
        rows: 10,
        sizeBytes: 100,
        askedAt: NINE,
        notBefore: null,
        finishedAt: null,
        error: null,
      };
      const world = new World<ImportJob>(row, IMPORT_STATES, answers, kills);
      let isRemoved = false;
      let arrived: boolean | undefined;
      const isDone = () => world.takenAt !== undefined && !fails && world.time >= world.takenAt + minutes * MINUTE;
      const file = () => (isRemoved || isDone() ? null : { path: row.path, size: 100, mtime: NINE });
      const told = () => (isDone() ? { status: "COMPLETED" } : { status: fails ? "FAILED" : "RUNNING" });

      await liveThrough(world, async (isFirst) => {
        let isThere: boolean | undefined;
        const handlers: Handlers<ImportJob, ImportChange, ImportSeen, ImportAction> = {
          mark: (_, { change, isWhole }) => world.call(() => ((arrived = isWhole ?? arrived), world.mark(change))),
          claim: (_, change) => world.call(() => ({ isMine: true, job: world.mark(change) })),
          ask: () =>
            world.call(() => {
              world.request(isThere === true, "import_unanswered");
              return { jobId: "7" };
            }),
          actions: {
            find: () => world.call(() => ({ file: ((isThere = file() !== null), file()) })),
            inquire: () => world.call(() => ({ told: tells ? told() : null })),
            remove: () => world.call(() => ((isRemoved = true), { isRemoved })),
            compare: () => world.call(() => ({ set: { size: isDone() ? rows : 0 }, expected: 10 })),
          },
        };
        const next: typeof nextImportStep = isFirst ? firstImportStep : nextImportStep;
        const { stop } = await goOn(world, world.row, (...at) => next(...at, RULES), handlers, {});
        return stop;
      });

      expect(world.wrongs).toEqual([]);
      const { row: last } = world;
      expect(nextImportStep(last, {}, world.time, RULES).do === "end").toBe(world.isOver);
      if (last.status === "imported") expect({ isDone: isDone(), arrived }).toEqual({ isDone: true, arrived: rows === 10 });
      // Where nobody was asked, nothing is left behind.
      if (world.requests === 0) expect({ status: last.status, isRemoved }).toEqual({ status: "failed", isRemoved: true });
      if (world.requests === 0 || world.takenAt === undefined) expect(last.status).toBe("failed");
      else if (!fails) expect(["imported", "failed"]).toContain(last.status);
    }),
    { numRuns: 2000 },
  );
});
