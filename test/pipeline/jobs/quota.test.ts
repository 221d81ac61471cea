import { expect, test } from "vitest";
import { brokenLimit, quotaLeft, startOfNextDay, utcDay } from "../../../pipeline/jobs/quota.ts";

const limits = { jobs: 20, rows: 2000, bytes: 1000 };
const unused = { jobs: 0, rows: 0, bytes: 0, usedUp: false };

test.each([
  [unused, { jobs: 20, rows: 2000, bytes: 1000 }],
  [
    { jobs: 5, rows: 1999, bytes: 10, usedUp: false },
    { jobs: 15, rows: 1, bytes: 990 },
  ],
  [
    { jobs: 25, rows: 2001, bytes: 1001, usedUp: false },
    { jobs: 0, rows: 0, bytes: 0 },
  ],
  [
    { ...unused, usedUp: true },
    { jobs: 0, rows: 0, bytes: 0 },
  ],
])("of %j is left %j", (use, left) => expect(quotaLeft(limits, use)).toEqual(left));

test.each([
  [unused, { rows: 2000, bytes: 1000 }, undefined],
  [unused, { rows: 0, bytes: 0 }, undefined],
  [unused, { rows: 2001, bytes: 0 }, "rows"],
  [unused, { rows: 0, bytes: 1001 }, "bytes"],
  [{ ...unused, jobs: 19 }, { rows: 1, bytes: 1 }, undefined],
  [{ ...unused, jobs: 20 }, { rows: 0, bytes: 0 }, "jobs"],
  [{ ...unused, rows: 1500 }, { rows: 501, bytes: 1 }, "rows"],
  [{ ...unused, rows: 2000 }, { rows: 0, bytes: 0 }, "rows"],
  [{ ...unused, bytes: 1000 }, { rows: 0, bytes: 0 }, "bytes"],
  [{ ...unused, usedUp: true }, { rows: 0, bytes: 0 }, "refused"],
])("with %j used, %j breaks %s", (use, ask, broken) => expect(brokenLimit(limits, use, ask)).toBe(broken));

test.each([
  ["2025-07-01T00:00:00.000Z", "2025-07-01", "2025-07-02"],
  ["2025-07-31T23:59:59.999Z", "2025-07-31", "2025-08-01"],
  ["2024-12-31T12:00:00.000Z", "2024-12-31", "2025-01-01"],
])("%s is on %s, before %s", (time, day, next) => {
  expect(utcDay(Date.parse(time))).toBe(day);
  expect(startOfNextDay(Date.parse(time))).toBe(Date.parse(next));
});
