/** Cutting a backfill into exports: by hand, and as properties over anything. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BackfillInput, type BackfillPlan, planBackfill } from "../../pipeline/backfill-plan.ts";
import { startOfNextDay, utcDay } from "../../pipeline/jobs/quota.ts";
import { missingOf, type Span, uncovered } from "../../pipeline/span.ts";
import type { SignalType } from "../../schemas/signal-types.ts";

const DAY = 86_400_000;
const HOUR = 3_600_000;
const FROM = Date.parse("2025-01-01T00:00:00Z");
const NOW = Date.parse("2025-03-01T09:00:00Z");
const UNUSED = { jobs: 0, rows: 0, bytes: 0, usedUp: false };

const span = (first: number, last: number, ...types: SignalType[]): Span => ({ types, start: FROM + first * DAY, end: FROM + last * DAY });

const base: BackfillInput = {
  span: span(0, 10, "order", "emailClick"),
  covered: [],
  rowsPerDay: new Map([
    ["order", 100],
    ["emailClick", 300],
  ]),
  guessRowsPerDay: 1000,
  bytesPerRow: 1,
  marginMs: 0,
  limits: { jobs: 20, rows: 10_000, bytes: 1e9 },
  usedToday: UNUSED,
  now: NOW,
};

/** As `first day..last day types rows`, by the day on which it is asked for. */
function calendarOf(plan: BackfillPlan): Record<string, string[]> {
  const text = (at: number) => {
    const days = (at - FROM) / DAY;
    return Number.isInteger(days) ? String(days) : days.toFixed(3);
  };
  return Object.fromEntries(
    plan.calendar.map(({ day, jobs }) => [day, jobs.map(({ types, start, end, rows }) => `${text(start)}..${text(end)} ${types.join("+")} ${rows}`)]),
  );
}

describe("by hand", () => {
  test.each<[string, Partial<BackfillInput>, Record<string, string[]>]>([
    ["all of it fits into a day", {}, { "2025-03-01": ["0..10 order+emailClick 4000"] }],
    ["the margins count", { marginMs: 12 * HOUR }, { "2025-03-01": ["0..10 order+emailClick 4400"] }],
    // 90 % of 2,000 rows are four days of 400 and a rest of 200.
    [
      "a day's rows, and whole days",
      { limits: { jobs: 20, rows: 2000, bytes: 1e9 } },
      {
        "2025-03-01": ["0..4 order+emailClick 1600"],
        "2025-03-02": ["4..8 order+emailClick 1600"],
        "2025-03-03": ["8..10 order+emailClick 800"],
      },
    ],
    [
      "a day's bytes",
      { bytesPerRow: 10, limits: { jobs: 20, rows: 1e6, bytes: 30_000 } },
      { "2025-03-01": ["0..6 order+emailClick 2400"], "2025-03-02": ["6..10 order+emailClick 1600"] },
    ],
    [
      "what was used of today",
      { usedToday: { jobs: 3, rows: 8000, bytes: 0, usedUp: false } },
      { "2025-03-01": ["0..2 order+emailClick 800"], "2025-03-02": ["2..10 order+emailClick 3200"] },
    ],
    ["today's jobs are used", { usedToday: { jobs: 20, rows: 0, bytes: 0, usedUp: false } }, { "2025-03-02": ["0..10 order+emailClick 4000"] }],
    ["today is used up", { usedToday: { ...UNUSED, usedUp: true } }, { "2025-03-02": ["0..10 order+emailClick 4000"] }],
    [
      "what is covered is left out",
      { covered: [span(0, 4, "order", "emailClick"), span(6, 7, "order", "emailClick")] },
      { "2025-03-01": ["4..6 order+emailClick 800", "7..10 order+emailClick 1200"] },
    ],
    ["a hole of one type", { covered: [span(0, 10, "order"), span(0, 5, "emailClick")] }, { "2025-03-01": ["5..10 emailClick 1500"] }],
    ["all of it is covered", { covered: [span(-1, 11, "order", "emailClick", "smsSend")] }, {}],
    // 400 rows a day do not fit into 270; 300 of emailClick do not either, and are halved: 0.5 days are 150.
    [
      "a day that is too large is cut by types, then by time",
      { span: span(0, 1, "order", "emailClick"), limits: { jobs: 20, rows: 300, bytes: 1e9 } },
      { "2025-03-01": ["0..1 order 100", "0..0.500 emailClick 150"], "2025-03-02": ["0.500..1 emailClick 150"] },
    ],
    [
      "jobs",
      { limits: { jobs: 1, rows: 1000, bytes: 1e9 }, span: span(0, 3, "order", "emailClick") },
      { "2025-03-01": ["0..2 order+emailClick 800"], "2025-03-02": ["2..3 order+emailClick 400"] },
    ],
    [
      "a type without signals",
      {
        rowsPerDay: new Map([
          ["order", 0],
          ["emailClick", 0],
        ]),
      },
      { "2025-03-01": ["0..10 order+emailClick 0"] },
    ],
    [
      "where rows are a guess, a week at most",
      { rowsPerDay: new Map([["order", 1]]), guessRowsPerDay: 1 },
      { "2025-03-01": ["0..7 order+emailClick 14", "7..10 order+emailClick 6"] },
    ],
    ["never after now", { span: span(58, 70, "order"), marginMs: HOUR * 24 }, { "2025-03-01": [`58..59.375 order ${100 * 2.375}`] }],
  ])("%s", (_, change, expected) => expect(calendarOf(planBackfill({ ...base, ...change }))).toEqual(expected));

  test("says what is a guess, and only where it is asked for", () => {
    expect(planBackfill({ ...base, rowsPerDay: new Map([["order", 1]]) }).guessed).toEqual(["emailClick"]);
    expect(planBackfill({ ...base, rowsPerDay: new Map(), covered: [span(0, 10, "order")] }).guessed).toEqual(["emailClick"]);
  });

  test("an hour that no day could hold is asked for alone, and named", () => {
    const plan = planBackfill({
      ...base,
      span: { types: ["order"], start: FROM, end: FROM + 2 * HOUR },
      limits: { jobs: 20, rows: 4, bytes: 1e9 },
      rowsPerDay: new Map([["order", 24 * 10]]),
    });
    expect(plan.tooLarge).toEqual([
      { types: ["order"], start: FROM, end: FROM + HOUR },
      { types: ["order"], start: FROM + HOUR, end: FROM + 2 * HOUR },
    ]);
    expect(plan.calendar.map(({ day, jobs }) => [day, jobs.length])).toEqual([
      ["2025-03-01", 1],
      ["2025-03-02", 1],
    ]);
  });

  test("three years of 28 types with holes everywhere are planned in no time", () => {
    const types = ["order", "emailClick", "emailSend", "pageView"] as const;
    const covered = Array.from({ length: 1000 }, (_, index) => span(index, index + 1, types[index % 4] as SignalType));
    const plan = planBackfill({
      ...base,
      span: span(-1095, 0, ...types),
      covered: covered.map(({ types, start, end }) => ({ types, start: start - 1095 * DAY, end: end - 1095 * DAY })),
    });
    expect(plan.calendar.length).toBeGreaterThan(100);
  });
});

const TYPES = ["order", "pageView", "emailClick", "emailSend", "smsSend"] as const;
const types = fc.subarray([...TYPES], { minLength: 1 });
const windows = (unit: number) =>
  fc
    .tuple(types, fc.integer({ min: -2, max: 40 }), fc.integer({ min: 1, max: 15 }))
    .map(([types, first, length]): Span => ({ types, start: FROM + first * unit, end: FROM + (first + length) * unit }));

const inputs = fc
  .record({
    types,
    days: fc.integer({ min: 1, max: 40 }),
    covered: fc.array(fc.oneof(windows(DAY), windows(7 * HOUR)), { maxLength: 8 }),
    rates: fc.dictionary(fc.constantFrom(...TYPES), fc.integer({ min: 0, max: 5000 })),
    guess: fc.integer({ min: 1, max: 3000 }),
    bytesPerRow: fc.constantFrom(0.5, 10, 150),
    marginHours: fc.constantFrom(0, 1, 24),
    limits: fc.record({
      jobs: fc.integer({ min: 1, max: 5 }),
      rows: fc.integer({ min: 1, max: 20_000 }),
      bytes: fc.integer({ min: 1, max: 1_000_000 }),
    }),
    used: fc.record({
      jobs: fc.integer({ min: 0, max: 6 }),
      rows: fc.integer({ min: 0, max: 30_000 }),
      bytes: fc.integer({ min: 0, max: 1_000_000 }),
      usedUp: fc.boolean(),
    }),
    nowDay: fc.integer({ min: 1, max: 60 }),
  })
  .map((given): BackfillInput => ({
    span: { types: given.types, start: FROM, end: FROM + given.days * DAY },
    covered: given.covered,
    rowsPerDay: new Map(Object.entries(given.rates) as [SignalType, number][]),
    guessRowsPerDay: given.guess,
    bytesPerRow: given.bytesPerRow,
    marginMs: given.marginHours * HOUR,
    limits: given.limits,
    usedToday: given.used,
    now: FROM + given.nowDay * DAY + 9 * HOUR,
  }));

/** The stretches of one type. */
const of = (type: SignalType, spans: readonly Span[]) => spans.filter(({ types }) => types.includes(type));

describe("whatever is given", () => {
  test("no day is over any limit, today's use included", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { calendar, tooLarge } = planBackfill(input);
        const days = calendar.map(({ day }) => day);
        expect(days).toEqual([...new Set(days)].sort());
        for (const { day, jobs, rows, bytes } of calendar) {
          expect(day >= utcDay(input.now)).toBe(true);
          const used = day === utcDay(input.now) ? input.usedToday : UNUSED;
          expect(used.usedUp).toBe(false);
          expect(used.jobs + jobs.length).toBeLessThanOrEqual(input.limits.jobs);
          const isAlone =
            jobs.length === 1 &&
            tooLarge.some(({ start, end, types }) => start === jobs[0]?.start && end === jobs[0].end && types[0] === jobs[0].types[0]);
          if (isAlone) continue;
          expect(used.rows + rows).toBeLessThanOrEqual(input.limits.rows);
          expect(used.bytes + bytes).toBeLessThanOrEqual(input.limits.bytes);
        }
      }),
    );
  });

  test("all that is missing is asked for, once, and nothing else", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const jobs = planBackfill(input).calendar.flatMap(({ jobs }) => jobs);
        const wanted = { start: input.span.start, end: Math.min(input.span.end, input.now) };
        for (const type of TYPES) {
          const asked = of(type, jobs).toSorted((one, two) => one.start - two.start);
          const covered = of(type, input.covered);
          if (!input.span.types.includes(type)) expect(asked).toEqual([]);
          else expect(uncovered(wanted, [...covered, ...asked])).toEqual([]);
          for (const [index, { start, end }] of asked.entries()) {
            expect(start).toBeGreaterThanOrEqual(asked[index - 1]?.end ?? wanted.start);
            expect(end).toBeLessThanOrEqual(wanted.end);
            // Nothing of it is covered: what it lacks of itself is the whole of it.
            expect(uncovered({ start, end }, covered)).toEqual([{ start, end }]);
          }
        }
      }),
    );
  });

  test("the margins are on both sides, but not in the future", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        for (const { start, end, askStart, askEnd } of planBackfill(input).calendar.flatMap(({ jobs }) => jobs)) {
          expect(askStart).toBe(start - input.marginMs);
          expect(askEnd).toBe(Math.max(end, Math.min(end + input.marginMs, input.now)));
        }
      }),
    );
  });

  test("followed day by day, it ends complete", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { calendar } = planBackfill(input);
        // Each day plans all that are left: a hundred days would take a minute.
        fc.pre(calendar.length <= 30);
        let state = input;
        // Margins that were cut at the present are longer a day later: it may take a little more, never for ever.
        for (let day = 0; day < calendar.length * 2 + 10; day++) {
          const plan = planBackfill(state);
          if (plan.calendar.length === 0) break;
          const today = utcDay(state.now);
          const jobs = plan.calendar[0]?.day === today ? plan.calendar[0].jobs : [];
          // The span does not grow while the clock goes on.
          const end = Math.min(input.span.end, input.now);
          state = { ...state, span: { ...input.span, end }, covered: [...state.covered, ...jobs], usedToday: UNUSED, now: startOfNextDay(state.now) };
        }
        expect(planBackfill(state).calendar).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });
});

describe("missingOf", () => {
  test("types with the same hole are one", () => {
    const covered = [span(0, 4, "order", "emailClick"), span(2, 6, "smsSend")];
    expect(missingOf(span(0, 10, "order", "emailClick", "smsSend"), covered)).toEqual([
      span(0, 2, "smsSend"),
      span(4, 10, "order", "emailClick"),
      span(6, 10, "smsSend"),
    ]);
  });
});
