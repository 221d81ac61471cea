import { describe, expect, test } from "vitest";
import { clock, count, duration, money, oneLine, table, time } from "../../cli/format.ts";
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

describe("oneLine", () => {
  test("shows control characters instead of sending them to the terminal", () => {
    expect(oneLine("a\u001b[31mb\r\nc\u0000\u009b")).toBe("a\\u001b[31mb\\r\\nc\\u0000\\u009b");
  });
  test("cuts what is too long", () => {
    expect(oneLine("abcdef", 4)).toBe("abc…");
    expect(oneLine("abcd", 4)).toBe("abcd");
  });
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
  ).toBe(["file       records  status", "a            1,234  loaded", "long name        5"].join("\n"));
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
