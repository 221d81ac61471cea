import { describe, expect, test } from "vitest";
import { clock, count, duration, money, table, time } from "../../cli/format.ts";
import { Meter } from "../../cli/meter.ts";
import { toJson } from "../../cli/output.ts";

const SECOND = 1000;
const HOUR = 3600 * SECOND;

test.each([
  [count(1, "file"), "1 file"],
  [count(2000n, "file"), "2,000 files"],
  [duration(0), "0 seconds"],
  [duration(59 * SECOND), "59 seconds"],
  [duration(90 * 60 * SECOND), "1 hour"],
  [duration(-50 * HOUR), "2 days"],
  [clock(7 * SECOND), "0:07"],
  [clock(HOUR + 123 * SECOND), "1:02:03"],
  [money("1234567.5000"), "1,234,567.50"],
  [money("0.1234"), "0.1234"],
  [money("12"), "12.00"],
  [money("-0.50"), "-0.50"],
  [money("-1234.5000"), "-1,234.50"],
  [time(new Date("2025-09-14T10:02:11.480Z")), "2025-09-14 10:02:11"],
  [time(null), ""],
])("%j is %j", (shown, expected) => {
  expect(shown).toBe(expected);
});

test("a table has no borders, numbers on the right with separators, and no blanks at line ends", () => {
  expect(
    table(
      ["file", { right: "records" }, "status"],
      [
        ["a", 1234, "loaded"],
        ["long name", 5n, ""],
      ],
    ),
  ).toEqual(["file       records  status", "a            1,234  loaded", "long name        5"]);
});

test("a table has one line a row, whatever its cells and headings hold, and columns as wide as a terminal shows them", () => {
  expect(
    table(
      ["a\nb", "c"],
      [
        ["x\u001b[2J\u202e", "y"],
        ["数据 😀", "z"],
      ],
    ),
  ).toEqual([String.raw`a\nb              c`, String.raw`x\u001b[2J\u202e  y`, "数据 😀           z"]);
});

test("a table of 100,000 rows takes a moment: time grows with the rows, not with their square", () => {
  const rows = Array.from({ length: 100_000 }, (_, row) => [`Export/Signals/${row}.csv.gz`, row, "new"]);
  const start = performance.now();
  expect(table(["file", { right: "size" }, "state"], rows)).toHaveLength(rows.length + 1);
  expect(performance.now() - start).toBeLessThan(4000);
});

test("JSON keeps integers that a double does not hold", () => {
  expect(JSON.parse(toJson({ small: 5n, large: 2n ** 60n, at: new Date(0) }))).toEqual({
    small: 5,
    large: "1152921504606846976",
    at: "1970-01-01T00:00:00.000Z",
  });
});

describe("a meter", () => {
  test("counts all files, and tells rate and time left", () => {
    const meter = new Meter(1000, 0);
    meter.read("a", 100, 10);
    meter.read("a", 200, 30);
    meter.read("b", 50, 10);
    expect([meter.bytes, meter.records, meter.recordsPerSecond(2 * SECOND), meter.left(2 * SECOND)]).toEqual([250, 40, 20, 6 * SECOND]);
  });
  test("says nothing where nothing is known", () => {
    const meter = new Meter(0, 0);
    expect([meter.left(SECOND), meter.recordsPerSecond(0)]).toEqual([undefined, 0]);
    meter.read("stdin", 100, 1);
    expect(meter.left(SECOND)).toBeUndefined();
  });
});
