/** What comes next for an export: each state with each thing that can be seen. */
import { describe, expect, test } from "vitest";
import { BusyError } from "../../../pipeline/connect-api/failed.ts";
import { type ExportSeen, firstExportStep, foundAs, isDue, nextExportStep } from "../../../pipeline/jobs/export-steps.ts";
import type { FileResult } from "../../../pipeline/load/load-files.ts";
import { type ErrorCode, SignalhouseError } from "../../../schemas/errors.ts";
import type { ExportJob } from "../../../sinks/jobs.ts";
import { HOUR, MINUTE, NINE, plain, TOMORROW } from "../../helpers/job-steps.ts";

const PATH = "Export/Signals/July.csv.gz";
const FILE = { path: PATH, size: 100, mtime: NINE };
const MONITORING = "See Data management > Job monitoring in Connect";

const job = (status: ExportJob["status"], more: Partial<ExportJob> = {}): ExportJob => ({
  jobId: null,
  name: "July",
  status,
  path: null,
  request: { jobName: "July", signalTypes: ["order"], timestampStart: "2025-07-01T00:00:00.000Z", timestampEnd: "2025-07-01T23:59:59.999Z" },
  signalTypes: ["order"],
  windowStart: Date.parse("2025-07-01"),
  windowEnd: Date.parse("2025-07-02"),
  askedAt: NINE,
  expectedRows: 100,
  sizeBytes: null,
  loadId: null,
  notBefore: null,
  refusedAt: null,
  finishedAt: null,
  error: null,
  ...more,
});
const error = (code: ErrorCode, message = "why") => new SignalhouseError(code, message, "what to do");
const fault = (code: ErrorCode) => ({ code, message: "why", hint: "what to do" });
const failedLoad = (code: ErrorCode): FileResult => ({
  path: PATH,
  size: 100,
  status: "failed",
  code,
  message: "why",
  hint: "what to do",
  retryable: false,
});
const loaded = { path: PATH, size: 100, status: "loaded" } as FileResult;

type Case = [what: string, job: ExportJob, seen: ExportSeen, after: number, expected: object];

describe("put off", () => {
  test.each<Case>([
    ["not due", job("postponed", { notBefore: TOMORROW }), {}, 0, { do: "wait", until: TOMORROW }],
    ["due to the millisecond", job("postponed", { notBefore: NINE }), {}, 0, { do: "count" }],
    ["without a time", job("postponed"), {}, 0, { do: "count" }],
    [
      "the day is full",
      job("postponed", { notBefore: NINE }),
      { isDayFull: true },
      0,
      { do: "mark", change: { notBefore: TOMORROW }, stop: { do: "wait", until: TOMORROW } },
    ],
    [
      "there is room",
      job("postponed", { notBefore: NINE }),
      { isDayFull: false },
      MINUTE,
      { do: "ask", again: false, first: { status: "asking", askedAt: NINE + MINUTE, notBefore: null } },
    ],
  ])("%s", check);

  test.each([
    ["postponed", null, true],
    ["postponed", NINE, true],
    ["postponed", NINE + 1, false],
    ["asked", NINE + 1, true],
  ] as const)("a job that is %s, not before %s, is due: %s", (status, notBefore, due) => expect(isDue({ status, notBefore }, NINE)).toBe(due));
});

describe("perhaps asked for", () => {
  const found = { do: "mark", change: { status: "asked", path: PATH, error: null } };
  const late = (why: string) => ({
    code: "export_late",
    message: `the export "July" has not come within 6 hours; ${why}`,
    hint: `${MONITORING}. Where it is not there, ask for it again under another name.`,
  });
  test.each<Case>([
    ["nobody looked", job("asking"), {}, 0, { do: "find" }],
    ["nobody looked, though it is late", job("asking"), {}, 48 * HOUR, { do: "find" }],
    ["no file yet", job("asking"), { file: null }, 15 * MINUTE - 1, { do: "wait" }],
    [
      "no file for as long as it is looked for",
      job("asking"),
      { file: null },
      15 * MINUTE,
      { do: "ask", again: true, first: { status: "asking", notBefore: NINE + 30 * MINUTE } },
    ],
    ["no file yet, asked again", job("asking", { notBefore: NINE + HOUR }), { file: null }, HOUR - 1, { do: "wait" }],
    [
      "no file for as long as it is looked for, asked again",
      job("asking", { notBefore: NINE + HOUR }),
      { file: null },
      HOUR,
      { do: "ask", again: true, first: { status: "asking", notBefore: NINE + HOUR + 15 * MINUTE } },
    ],
    [
      "no file within the deadline, but a moment",
      job("asking", { notBefore: NINE + HOUR }),
      { file: null },
      6 * HOUR - 1,
      { do: "ask", again: true, first: { status: "asking", notBefore: NINE + 6 * HOUR + 15 * MINUTE - 1 } },
    ],
    [
      "no file within the deadline, and it was asked again just before",
      job("asking", { notBefore: NINE + 7 * HOUR }),
      { file: null },
      6 * HOUR,
      { do: "wait" },
    ],
    [
      "no file within the deadline, and it was asked for once only, by a process that is no more",
      job("asking", { error: "no answer" }),
      { file: null },
      48 * HOUR - 1,
      { do: "ask", again: true, first: { status: "asking", notBefore: NINE + 48 * HOUR + 15 * MINUTE - 1 } },
    ],
    [
      "no file within the deadline",
      job("asking", { notBefore: NINE + 6 * HOUR, error: "no answer" }),
      { file: null },
      6 * HOUR,
      { do: "end", error: late("no answer") },
    ],
    [
      "no file within the deadline, and nothing is known",
      job("asking", { notBefore: NINE + HOUR }),
      { file: null },
      48 * HOUR - 1,
      { do: "end", error: late("it is not known whether Connect took it") },
    ],
    [
      "no file for two days",
      job("asking", { error: "no answer" }),
      { file: null },
      48 * HOUR,
      {
        do: "mark",
        change: { status: "failed", finishedAt: NINE + 48 * HOUR, error: late("no answer").message },
        stop: { do: "end", error: late("no answer") },
      },
    ],
    ["its file, after the deadline", job("asking"), { file: FILE }, 7 * HOUR, found],
    ["its file proves that it was taken", job("asking"), { file: FILE }, 15 * MINUTE, found],
    ["its file, as it was thought to be called", job("asking", { path: PATH }), { file: FILE }, 0, found],
    ["an empty file", job("asking"), { file: { ...FILE, size: 0 } }, 0, found],
  ])("%s", check);

  test.each([
    ["asked", null, { status: "asked", path: PATH, error: null }],
    ["asked", "Export/Signals/July.csv", { status: "asked", path: PATH, error: null }],
    ["asked", PATH, undefined],
    ["arrived", PATH, undefined],
    ["asking", PATH, { status: "asked", path: PATH, error: null }],
  ] as const)("found while it is %s, with the path %s", (status, path, expected) => expect(foundAs({ status, path }, FILE)).toEqual(expected));
});

describe("Connect took it", () => {
  const asked = job("asked", { jobId: "7", path: PATH });
  const without = job("asked");
  const late = {
    code: "export_late",
    message: 'the export "July" has not arrived whole within 6 hours',
    hint: `${MONITORING}. Wait on with \`signalhouse export --resume\` and a longer exports.deadlineHours, or ask again.`,
  };
  const isLate = { do: "mark", change: { error: late.message }, stop: { do: "end", error: late } };
  const could = (why: string) => ({
    code: "export_failed",
    message: `Connect could not make the export "July" (${why})`,
    hint: `${MONITORING}, then ask for it again under another name.`,
  });
  const refused = (why: string) => ({
    do: "mark",
    change: { status: "failed", finishedAt: NINE, error: could(why).message },
    stop: { do: "end", error: could(why) },
  });
  test.each<Case>([
    ["nobody looked", asked, {}, 0, { do: "find" }],
    ["no file: Connect is asked how it goes", asked, { file: null }, 0, { do: "inquire" }],
    ["no file, and no id to ask with", without, { file: null }, 0, { do: "wait" }],
    ["no file, and Connect cannot tell", asked, { file: null, told: null }, 0, { do: "wait" }],
    ["no file, and it is running", asked, { file: null, told: { status: "RUNNING" } }, 6 * HOUR - 1, { do: "wait" }],
    ["no file, and it is done: only the file counts", asked, { file: null, told: { status: "COMPLETED", endedAt: "2025-07-10" } }, 0, { do: "wait" }],
    ["it failed, for no reason", asked, { file: null, told: { status: "FAILED" } }, 0, refused("FAILED")],
    ["it was ended", asked, { file: null, told: { endedAt: "x", errors: [{ message: "no room" }] } }, 0, refused("no status: no room")],
    [
      "it failed, with reasons",
      asked,
      { file: null, told: { status: "FAILED", errors: [{ code: "E1", message: "no room" }, { code: "E2" }] } },
      0,
      refused("FAILED: E1: no room; E2"),
    ],
    ["late", asked, { file: null, told: null }, 6 * HOUR, isLate],
    ["late, and no id to ask with", without, { file: null }, 6 * HOUR, isLate],
    ["two days without a file, but a moment", asked, { file: null, told: null }, 48 * HOUR - 1, isLate],
    [
      "two days without a file",
      asked,
      { file: null, told: null },
      48 * HOUR,
      { do: "mark", change: { status: "failed", finishedAt: NINE + 48 * HOUR, error: late.message }, stop: { do: "end", error: late } },
    ],
    ["a file under another name", without, { file: FILE }, 0, { do: "mark", change: { status: "asked", path: PATH, error: null } }],
  ])("%s", check);
});

describe("its file is there", () => {
  const asked = job("asked", { path: PATH });
  const arrived = job("arrived", { path: PATH, sizeBytes: 100 });
  const stable = { file: FILE, known: { file: FILE } };
  const say = `${PATH} is there with 100 bytes; it is taken once it stays so`;
  const first = { do: "wait", known: { file: FILE }, say };
  const cut = error("gzip_truncated");
  const knownCut = { do: "wait", known: { file: FILE, fault: fault("gzip_truncated") } };
  const late = (code: string, message: string, hint: string) => ({
    do: "mark",
    change: { error: message },
    stop: { do: "end", error: { code, message, hint } },
  });
  const lateEmpty = late(
    "file_empty",
    `the file of the export "July", ${PATH}, has no bytes, 6 hours after it was asked for`,
    `${MONITORING}, and ask for it again under another name.`,
  );
  const lateCut = late(
    "export_late",
    'the export "July" has not arrived whole within 6 hours: why',
    `${MONITORING}. Wait on with \`signalhouse export --resume\` and a longer exports.deadlineHours, or ask again.`,
  );
  const empty = { ...FILE, size: 0 };
  const notLoadable = { code: "export_failed", message: `${PATH} cannot be loaded: why`, hint: "what to do" };
  const useless = {
    do: "mark",
    change: { status: "failed", finishedAt: NINE, error: "why" },
    stop: { do: "end", error: notLoadable },
  };
  test.each<Case>([
    [
      "without a byte",
      asked,
      { file: empty },
      0,
      { do: "wait", known: { file: empty, fault: { code: "file_empty", message: "its file has no bytes", hint: "It may still be being written." } } },
    ],
    ["without a byte, late", asked, { file: empty, known: { file: empty } }, 6 * HOUR, lateEmpty],
    ["for the first time", asked, { file: FILE }, 0, first],
    ["for the first time, though it is late", asked, { file: FILE }, 7 * HOUR, first],
    ["it grew", asked, { file: FILE, known: { file: { ...FILE, size: 99 } } }, 0, first],
    ["it was written again", asked, { file: FILE, known: { file: { ...FILE, mtime: NINE - 1000 } } }, 0, first],
    ["it was cut at the last look and has changed", asked, { file: FILE, known: { file: { ...FILE, size: 99 }, fault: cut } }, 0, first],
    ["it was cut and has not changed: it is not read again", asked, { file: FILE, known: { file: FILE, fault: cut } }, 0, knownCut],
    ["it was cut, late", asked, { file: FILE, known: { file: FILE, fault: cut } }, 6 * HOUR, lateCut],
    ["it stays so", asked, stable, 0, { do: "mark", change: { status: "arrived", sizeBytes: 100, error: null } }],
    ["it was whole before", arrived, stable, 0, { do: "load" }],
    ["loading shows that it is cut", arrived, { ...stable, fault: cut }, 0, { do: "mark", change: { status: "asked" } }],
    ["after that", asked, { ...stable, fault: cut }, 0, knownCut],
    ["after that, late", asked, { ...stable, fault: cut }, 6 * HOUR, lateCut],
    ["loaded", arrived, { ...stable, load: loaded }, 0, { do: "reread" }],
    ["loaded by another process", arrived, { ...stable, load: null }, 0, { do: "reread" }],
    ["loaded, and its row does not say so", arrived, { ...stable, load: null, row: arrived }, 0, { do: "end" }],
    ["damaged for good", arrived, { ...stable, load: failedLoad("gzip_corrupt") }, 0, useless],
    ["no export", arrived, { ...stable, load: failedLoad("not_an_export") }, 0, useless],
    ["without a header", arrived, { ...stable, load: failedLoad("header_missing") }, 0, useless],
    ["not loaded for now", arrived, { ...stable, load: failedLoad("connection_lost") }, 0, { do: "end", error: notLoadable }],
    ["moved", arrived, { file: { ...FILE, path: "b.gz" } }, 0, { do: "mark", change: { status: "asked", path: "b.gz", error: null } }],
  ])("%s", check);

  test.each<Case>([
    ["it stays so", asked, stable, 0, { do: "read" }],
    ["it is cut", asked, { ...stable, fault: cut }, 0, knownCut],
    ["it was whole, and is cut", arrived, { ...stable, fault: cut }, 0, knownCut],
    ["it is cut, late", asked, { ...stable, fault: cut }, 6 * HOUR, lateCut],
    [
      "it is whole",
      asked,
      { ...stable, fault: null },
      MINUTE,
      { do: "mark", change: { status: "arrived", sizeBytes: 100, finishedAt: NINE + MINUTE, error: null }, stop: { do: "end" } },
    ],
  ])("not to be loaded: %s", (_, job, seen, after, expected) =>
    expect(plain(nextExportStep(job, seen, NINE + after, { lookMinutes: 15, deadlineHours: 6, load: false }))).toEqual(expected),
  );
});

describe("over", () => {
  const failed = {
    code: "export_failed",
    message: 'the export "July" failed: it burned',
    hint: `${MONITORING}, then ask for it again under another name.`,
  };
  test.each<Case>([
    ["loaded", job("loaded"), {}, 0, { do: "end" }],
    ["loaded, whatever is there", job("loaded"), { file: FILE }, 99 * HOUR, { do: "end" }],
    ["failed", job("failed", { error: "it burned" }), { file: FILE }, 0, { do: "end", error: failed }],
  ])("%s", check);
});

describe("after Connect was asked", () => {
  const asking = job("asking");
  const answer = (more: Partial<NonNullable<ExportSeen["answer"]>>): ExportSeen => ({
    answer: { before: asking, asked: asking, again: false, ...more },
  });
  const unreached = error("api_unreachable");
  const putOff = { before: job("postponed", { notBefore: NINE }) };
  const failedAs = (code: ErrorCode) => ({
    do: "mark",
    change: { status: "failed", finishedAt: NINE, error: "why" },
    stop: { do: "throw", error: fault(code) },
  });
  const quota = {
    do: "mark",
    change: { status: "postponed", refusedAt: NINE, notBefore: TOMORROW, error: "why" },
    stop: { do: "wait", until: TOMORROW },
    say: 'why; "July" is put off to 2025-07-11',
  };
  const busy = (change: object) => ({
    do: "mark",
    change: { ...change, notBefore: NINE + 90_000, error: "why" },
    stop: { do: "wait", until: NINE + 90_000 },
    say: 'why; "July" is asked for again at 2025-07-10T09:01:30.000Z',
  });
  /** A job that was put off because Connect was asked too often, and is asked for again. */
  const busyBefore = (askedAt: number) => ({ before: job("postponed", { askedAt, notBefore: NINE - 1 }), error: new BusyError("why", 90_000) });
  const lost = { do: "mark", change: { error: "why" }, stop: { do: "wait" }, say: "why; its file is looked for before anything is asked again" };
  const proof = {
    do: "mark",
    change: { status: "asked", error: null },
    stop: { do: "wait" },
    say: 'Connect has "July" already: its first request was taken',
  };
  const other = job("asked", { askedAt: NINE, path: PATH });
  const cases: Case[] = [
    [
      "taken",
      asking,
      answer({ taken: { jobId: "7", path: PATH } }),
      0,
      { do: "mark", change: { jobId: "7", path: PATH, status: "asked", error: null }, stop: { do: "wait" } },
    ],
    [
      "taken, asked again: it was not taken before",
      job("asking", { askedAt: NINE - HOUR }),
      answer({ taken: { jobId: "7", path: PATH }, again: true }),
      0,
      { do: "mark", change: { jobId: "7", path: PATH, status: "asked", error: null, askedAt: NINE }, stop: { do: "wait" } },
    ],
    ["asked too often", asking, answer({ error: new BusyError("why", 90_000) }), 0, busy({ status: "postponed", askedAt: NINE })],
    [
      "asked too often, again and again: it counts from the first time",
      asking,
      answer(busyBefore(NINE - HOUR)),
      0,
      busy({ status: "postponed", askedAt: NINE - HOUR }),
    ],
    [
      "asked too often, asked again: the first request may have been taken",
      job("asking", { notBefore: NINE }),
      answer({ error: new BusyError("why", 90_000), again: true }),
      0,
      busy({}),
    ],
    [
      "put off to this day, and asked too often",
      asking,
      answer({ before: job("postponed", { askedAt: NINE - 99 * HOUR, notBefore: TOMORROW - 24 * HOUR }), error: new BusyError("why", 90_000) }),
      0,
      busy({ status: "postponed", askedAt: NINE }),
    ],
    ["the answer got lost", asking, answer({ error: error("export_unanswered") }), 0, lost],
    ["the answer got lost by an interruption", asking, answer({ error: error("export_unanswered"), isAborted: true }), 0, lost],
    ["the day's limits are reached", asking, answer({ error: error("quota_used_up") }), 0, quota],
    ["the day's limits are reached, asked again", asking, answer({ error: error("quota_used_up"), again: true }), 0, quota],
    ["the name is taken: by whom?", asking, answer({ error: error("export_name_taken") }), 0, { do: "reread" }],
    [
      "the name is taken by somebody else",
      asking,
      { ...answer({ error: error("export_name_taken") }), row: asking },
      0,
      failedAs("export_name_taken"),
    ],
    ["another process has asked", other, { ...answer({ error: error("export_name_taken") }), row: other }, 0, { do: "wait" }],
    [
      "another process is asking again",
      job("asking", { notBefore: NINE + 1 }),
      { ...answer({ error: error("export_name_taken") }), row: job("asking", { notBefore: NINE + 1 }) },
      0,
      { do: "wait" },
    ],
    [
      "another process has put it off and asks",
      job("asking", { askedAt: NINE + 1 }),
      { ...answer({ error: error("export_name_taken") }), row: job("asking", { askedAt: NINE + 1 }) },
      0,
      { do: "wait" },
    ],
    ["the name is taken, asked again: the first request was taken", asking, answer({ error: error("export_name_taken"), again: true }), 0, proof],
    ["refused", asking, answer({ error: error("api_refused") }), 0, failedAs("api_refused")],
    ["not reached", asking, answer({ error: unreached }), 0, failedAs("api_unreachable")],
    [
      "not reached, asked again: the first request may have been taken",
      asking,
      answer({ error: unreached, again: true }),
      0,
      { do: "throw", error: fault("api_unreachable") },
    ],
    ["interrupted", asking, answer({ error: unreached, isAborted: true }), 0, { do: "throw", error: fault("api_unreachable") }],
    [
      "put off and not reached: it stays put off",
      asking,
      answer({ ...putOff, error: unreached }),
      0,
      { do: "mark", change: { status: "postponed", notBefore: NINE, error: "why" }, stop: { do: "throw", error: fault("api_unreachable") } },
    ],
    ["put off and refused", asking, answer({ ...putOff, error: error("api_refused") }), 0, failedAs("api_refused")],
    [
      "put off, and the name is taken",
      asking,
      { ...answer({ ...putOff, error: error("export_name_taken") }), row: asking },
      0,
      failedAs("export_name_taken"),
    ],
  ];
  test.each<Case>(cases)("%s", check);
  test.each<Case>(cases)("written down by this process: %s", (_, job, seen, after, expected) =>
    expect(plain(firstExportStep(job, seen, NINE + after))).toEqual(expected),
  );
  test("asked too often, for longer than a job is waited for: it stays put off, and whoever waits hears of it", () => {
    const step = nextExportStep(asking, answer(busyBefore(NINE - 6 * HOUR)), NINE, { lookMinutes: 15, deadlineHours: 6, load: false });
    const change = { status: "postponed", askedAt: NINE - 6 * HOUR, notBefore: NINE + 90_000, error: "why" };
    expect(step).toMatchObject({ do: "mark", change, stop: { do: "throw", error: { code: "api_busy" } } });
  });
  test("what this process wrote down is asked for at once", () => expect(firstExportStep(asking, {}, NINE)).toEqual({ do: "ask", again: false }));
});

function check(_: string, job: ExportJob, seen: ExportSeen, after: number, expected: object): void {
  expect(plain(nextExportStep(job, seen, NINE + after, { lookMinutes: 15, deadlineHours: 6, load: true }))).toEqual(expected);
}
