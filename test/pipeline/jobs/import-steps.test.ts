/** What comes next for an import: each state with each thing that can be seen. */
import { describe, expect, test } from "vitest";
import { firstImportStep, type ImportSeen, nextImportStep } from "../../../pipeline/jobs/import-steps.ts";
import { type ErrorCode, SignalhouseError } from "../../../schemas/errors.ts";
import type { ImportInput } from "../../../schemas/import-input.ts";
import type { ImportMode } from "../../../schemas/reference-set.ts";
import type { ImportJob } from "../../../sinks/reference-set/imports.ts";
import { HOUR, MINUTE, NINE, plain } from "../../helpers/job-steps.ts";

const FILE = { path: "sets/people.csv", size: 100, mtime: NINE };
const REPORT = "See the job's report under Data management > Job monitoring in Connect.";

const job = (status: ImportJob["status"], more: Partial<ImportJob> = {}, importType: ImportMode = "REPLACE"): ImportJob => ({
  jobId: null,
  name: "people 1",
  setName: "People",
  status,
  path: FILE.path,
  request: { importType } as ImportInput,
  rows: 10,
  sizeBytes: 100,
  askedAt: NINE,
  notBefore: null,
  finishedAt: null,
  error: null,
  ...more,
});
const error = (code: ErrorCode) => new SignalhouseError(code, "why", "what to do");
const fault = (code: ErrorCode) => ({ code, message: "why", hint: "what to do" });
const imported = (after: number) => ({
  do: "mark",
  change: { status: "imported", finishedAt: NINE + after, error: null },
  stop: { do: "end" },
  isWhole: true,
});

type Case = [what: string, job: ImportJob, seen: ImportSeen, after: number, expected: object];

describe("its file is on its way", () => {
  const said = 'the import "people 1" into People: it was interrupted before Connect was asked for it; nothing was imported';
  test.each<Case>([
    ["by a process that is no more", job("uploading"), {}, 0, { do: "remove" }],
    [
      "its file is taken away",
      job("uploading"),
      { isRemoved: true },
      MINUTE,
      { do: "mark", change: { status: "failed", finishedAt: NINE + MINUTE, error: said }, stop: { do: "end" }, say: said },
    ],
  ])("%s", check);
});

describe("perhaps asked for", () => {
  const asking = job("asking");
  const neverTold = (why: string) => ({
    code: "import_late",
    message: `the import "people 1" into People has not ended within 6 hours; its file is still there: ${FILE.path}; ${why}`,
    hint: "See Data management > Job monitoring in Connect. signalhouse refset status looks again.",
  });
  test.each<Case>([
    ["nobody looked", asking, {}, 99 * HOUR, { do: "find" }],
    ["its file is there", asking, { file: FILE }, 15 * MINUTE - 1, { do: "wait" }],
    [
      "its file stays there",
      asking,
      { file: FILE },
      15 * MINUTE,
      { do: "ask", again: true, first: { status: "asking", notBefore: NINE + 30 * MINUTE } },
    ],
    ["its file stays there, asked again", job("asking", { notBefore: NINE + HOUR }), { file: FILE }, HOUR - 1, { do: "wait" }],
    [
      "its file stays there until the deadline, and it was asked for once only, by a process that is no more",
      asking,
      { file: FILE },
      24 * HOUR,
      { do: "ask", again: true, first: { status: "asking", notBefore: NINE + 24 * HOUR + 15 * MINUTE } },
    ],
    [
      "its file stays there until the deadline",
      job("asking", { notBefore: NINE + HOUR, error: "no answer" }),
      { file: FILE },
      6 * HOUR,
      { do: "end", error: neverTold("no answer") },
    ],
    [
      "its file stays there for two days",
      asking,
      { file: FILE },
      48 * HOUR,
      {
        do: "mark",
        change: { status: "failed", finishedAt: NINE + 48 * HOUR, error: neverTold("it is not known whether Connect took it").message },
        stop: { do: "end", error: neverTold("it is not known whether Connect took it") },
      },
    ],
    [
      "its file is gone after it was asked for again, and the rows are to come",
      job("asking", { notBefore: NINE + HOUR }),
      { file: null, set: { size: 9 }, expected: 10 },
      HOUR - 1,
      { do: "wait" },
    ],
    ["its file is gone: Connect had been asked", asking, { file: null }, 0, { do: "compare" }],
    ["and the rows are there", asking, { file: null, set: { size: 10 }, expected: 10 }, MINUTE, imported(MINUTE)],
    ["and the rows are to come", asking, { file: null, set: { size: 9 }, expected: 10 }, 15 * MINUTE - 1, { do: "wait" }],
  ])("%s", check);
});

describe("Connect took it", () => {
  const asked = job("asked", { jobId: "7" });
  const late = (where: string) => ({
    code: "import_late",
    message: `the import "people 1" into People has not ended within 6 hours; its file is ${where}`,
    hint: "See Data management > Job monitoring in Connect. signalhouse refset status looks again.",
  });
  const isLate = (where: string) => ({ do: "mark", change: { error: late(where).message }, stop: { do: "end", error: late(where) } });
  const refused = (said: string, hint: string) => {
    const message = `the import "people 1" into People: Connect could not import it: ${said}`;
    return {
      do: "mark",
      change: { status: "failed", finishedAt: NINE, error: message },
      stop: { do: "end", error: { code: "import_failed", message, hint } },
      say: message,
    };
  };
  const done = { status: "COMPLETED", endedAt: new Date(NINE + HOUR).toISOString() };
  const note =
    "People has 9 rows in Connect, and 10 should be there: some may have been refused. See the job's report under " +
    "Data management > Job monitoring; --changed sends all rows of this push again.";
  const missing = 'the import "people 1" is over, but Connect has no reference set People';
  test.each<Case>([
    ["nobody looked", asked, {}, 0, { do: "find" }],
    ["Connect is asked how it goes", asked, { file: FILE }, 0, { do: "inquire" }],
    ["no id to ask with, and its file is there", job("asked"), { file: FILE }, 0, { do: "wait" }],
    ["no id to ask with, and its file is gone", job("asked"), { file: null }, 0, { do: "compare" }],
    ["Connect cannot tell, and its file is there", asked, { file: FILE, told: null }, 0, { do: "wait" }],
    ["Connect cannot tell, and its file is gone", asked, { file: null, told: null }, 0, { do: "compare" }],
    ["running", asked, { file: null, told: { status: "RUNNING" } }, 6 * HOUR - 1, { do: "wait" }],
    ["late", asked, { file: FILE, told: null }, 6 * HOUR, isLate("still there: sets/people.csv")],
    ["late, its file gone", asked, { file: null, told: { status: "RUNNING" } }, 6 * HOUR, isLate("gone")],
    ["failed, for no reason", asked, { file: null, told: { status: "FAILED" } }, 0, refused("FAILED.", REPORT)],
    [
      "failed, with a reason",
      asked,
      { file: null, told: { status: "FAILED", errors: [{ code: "E1", message: "no" }, { message: "never" }] } },
      0,
      refused("E1: no; never.", REPORT),
    ],
    [
      "failed, its file left behind",
      asked,
      { file: FILE, told: { status: "FAILED" } },
      0,
      refused("FAILED. Its file is still on the server: sets/people.csv.", REPORT),
    ],
    [
      "failed, for a known reason",
      asked,
      { file: null, told: { status: "FAILED", errors: [{ code: "INPUT_VALIDATION_FAILED" }] } },
      0,
      refused(
        "INPUT_VALIDATION_FAILED.",
        "Connect did not accept the file or the request. Check what it names: the delimiter must be comma, tab or pipe, and the same throughout. " +
          "See the job's report under Data management > Job monitoring.",
      ),
    ],
    ["done", asked, { file: null, told: done }, HOUR, { do: "compare" }],
    ["the rows are there", asked, { file: null, told: done, set: { size: 11 }, expected: 10 }, HOUR, imported(HOUR)],
    ["Connect tells no size", asked, { file: null, told: done, set: { size: null }, expected: 10 }, HOUR, imported(HOUR)],
    ["rows may be to come", asked, { file: null, told: done, set: { size: 9 }, expected: 10 }, HOUR + 15 * MINUTE - 1, { do: "wait" }],
    ["the set may be to come", asked, { file: null, told: done, set: null, expected: 10 }, HOUR + 15 * MINUTE - 1, { do: "wait" }],
    [
      "rows are missing",
      asked,
      { file: null, told: done, set: { size: 9 }, expected: 10 },
      HOUR + 15 * MINUTE,
      {
        do: "mark",
        change: { status: "imported", finishedAt: NINE + HOUR + 15 * MINUTE, error: null },
        stop: { do: "end", note },
        isWhole: false,
        say: note,
      },
    ],
    [
      "there is no such set",
      asked,
      { file: null, told: done, set: null, expected: 10 },
      HOUR + 15 * MINUTE,
      {
        do: "mark",
        change: { status: "failed", finishedAt: NINE + HOUR + 15 * MINUTE, error: missing },
        stop: { do: "end", error: { code: "import_failed", message: missing, hint: REPORT } },
      },
    ],
  ])("%s", check);
});

test.each<Case>([
  ["imported", job("imported"), { file: FILE }, 99 * HOUR, { do: "end" }],
  ["failed", job("failed"), { file: FILE }, 99 * HOUR, { do: "end" }],
])("over: %s", check);

describe("after Connect was asked", () => {
  const asking = job("asking");
  const answer = (more: Partial<NonNullable<ImportSeen["answer"]>>): ImportSeen => ({
    answer: { before: asking, asked: asking, again: false, ...more },
  });
  const failed = { do: "mark", change: { status: "failed", finishedAt: NINE, error: "why" }, stop: { do: "throw", error: fault("api_refused") } };
  const cases: Case[] = [
    [
      "taken",
      asking,
      answer({ taken: { jobId: "7" } }),
      MINUTE,
      { do: "mark", change: { jobId: "7", status: "asked", askedAt: NINE + MINUTE, error: null }, stop: { do: "wait" } },
    ],
    [
      "the answer got lost",
      asking,
      answer({ error: error("import_unanswered"), isAborted: true }),
      MINUTE,
      {
        do: "mark",
        change: { error: "why" },
        stop: { do: "wait" },
        say: "why; its file is watched before anything is asked again",
      },
    ],
    ["refused", asking, answer({ error: error("api_refused") }), 0, failed],
    ["refused, asked again", asking, answer({ error: error("api_refused"), again: true }), 0, failed],
    ["not reached", asking, answer({ error: error("api_unreachable") }), 0, { ...failed, stop: { do: "throw", error: fault("api_unreachable") } }],
    [
      "not reached, asked again: the first request may have been taken",
      asking,
      answer({ error: error("api_unreachable"), again: true }),
      0,
      { do: "throw", error: fault("api_unreachable") },
    ],
    ["interrupted", asking, answer({ error: error("interrupted"), isAborted: true }), 0, { do: "throw", error: fault("interrupted") }],
  ];
  test.each<Case>(cases)("%s", check);
  test.each<Case>(cases)("sent by this process: %s", (_, job, seen, after, expected) =>
    expect(plain(firstImportStep(job, seen, NINE + after))).toEqual(expected),
  );
  test("what this process sent is asked for at once", () =>
    expect(firstImportStep(job("uploading"), {}, NINE)).toEqual({
      do: "ask",
      again: false,
      first: { status: "asking", askedAt: NINE, notBefore: null },
    }));
});

function check(_: string, job: ImportJob, seen: ImportSeen, after: number, expected: object): void {
  expect(plain(nextImportStep(job, seen, NINE + after, { lookMinutes: 15, deadlineHours: 6 }))).toEqual(expected);
}
