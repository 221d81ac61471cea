import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DECIMAL_DIGITS,
  DUCKDB_TYPES,
  fitDecimal,
  fitKind,
  fitTime,
  isNull,
  type Kind,
  LONG_NUMBER,
  LongNumber,
  stringifyJson,
} from "../../schemas/kinds.ts";

/** What a kind makes of a value; undefined where the value does not fit. */
const read = (kind: Kind, value: unknown): unknown => fitKind(kind, value)?.value;

test.each([
  ["", true],
  ["\\N", true],
  ["\\n", false],
  ["N", false],
  [" ", false],
  ["null", false],
])("a field that is %j is null: %s", (field, is) => {
  expect(isNull(field)).toBe(is);
});

test("a decimal is DuckDB's DECIMAL(18,4)", () => {
  expect([DUCKDB_TYPES.decimal, DECIMAL_DIGITS]).toEqual(["DECIMAL(18,4)", { whole: 14, places: 4 }]);
});

describe("fitDecimal", () => {
  test.each([
    ["0", "0"],
    ["-0", "0"],
    ["-0.0000", "0"],
    ["+5", "5"],
    ["007", "7"],
    [".5", "0.5"],
    ["5.", "5"],
    [" 79.50 ", "79.5"],
    ["1.2345", "1.2345"],
    ["1.23450000000000000000", "1.2345"],
    ["12345678901234.5678", "12345678901234.5678"],
    ["-99999999999999.9999", "-99999999999999.9999"],
    ["1e3", "1000"],
    ["1E+3", "1000"],
    ["1.5e1", "15"],
    ["12345e-2", "123.45"],
    ["5e-4", "0.0005"],
    ["0.05e2", "5"],
    ["1e13", "10000000000000"],
    ["0e999", "0"],
    ["0.00e-999", "0"],
    ["000000000000000000000012.5", "12.5"],
    ["1.10000", "1.1"],
    ["0e99999999999", "0"],
    ["-0e-1000", "0"],
    ["100000e-5", "1"],
  ])("%s is %s", (text, expected) => {
    expect(fitDecimal(text)).toEqual({ value: expected, rounded: false });
  });

  test.each([
    ["0.00005", "0.0001"],
    ["-0.00005", "-0.0001"],
    ["0.00004", "0"],
    ["-0.00004", "0"],
    ["0.000049999999999999999999", "0"],
    ["2.99995", "3"],
    ["-2.99995", "-3"],
    ["2.99994999", "2.9999"],
    ["836.9999999999998", "837"],
    ["24.950000000000003", "24.95"],
    ["0.30000000000000004", "0.3"],
    ["1.00005", "1.0001"],
    ["1.00015", "1.0002"],
    ["1.00025", "1.0003"],
    ["9.99999", "10"],
    ["99999999999999.99994", "99999999999999.9999"],
    ["-99999999999999.99994", "-99999999999999.9999"],
    ["1e-7", "0"],
    ["5e-5", "0.0001"],
    ["49e-6", "0"],
    ["0.5e-4", "0.0001"],
    ["123456789e-5", "1234.5679"],
    ["1e-400", "0"],
    ["-1e-99999999999", "0"],
    [" .00005 ", "0.0001"],
    ["1.000010000", "1"],
  ])("%s is rounded, half away from zero, to %s", (text, expected) => {
    expect(fitDecimal(text)).toEqual({ value: expected, rounded: true });
  });

  test.each([
    "",
    " ",
    ".",
    "-",
    "e5",
    ".e5",
    "10%",
    "5,99",
    "1,000.00",
    "$5",
    "5 EUR",
    "1 2",
    "--1",
    "0x10",
    "1_000",
    "NaN",
    "Infinity",
    "100000000000000",
    "1e14",
    "1234567890123456789012345",
    "1e999",
    "1e1000",
    "1e99999999999",
    "99999999999999.99995",
    "-99999999999999.99999",
    "9999999999999999.9",
    "1.234,56",
    "1,234.56",
    "1.5.",
    "１２",
    "1e",
    "1.2.3",
    "٣",
    "true",
  ])("%j does not fit", (text) => {
    expect(fitDecimal(text)).toBeUndefined();
  });

  test("rounds to the nearest of what the column can hold", () => {
    const digits = fc.stringMatching(/^(?:\d|[459]{4}|0{4}){1,8}$/);
    fc.assert(
      fc.property(fc.nat(10 ** 13), digits, fc.boolean(), (whole, fraction, negative) => {
        const text = `${negative ? "-" : ""}${whole}.${fraction}`;
        const fitted = fitDecimal(text);
        // Both in the smallest of the places that the two have.
        const scale = Math.max(fraction.length, 4);
        const unitsOf = (number: string) => {
          const [before = "", behind = ""] = number.split(".");
          return BigInt(before + behind.padEnd(scale, "0"));
        };
        const [sent, held] = [unitsOf(text.replace("-", "")), unitsOf(fitted?.value.replace("-", "") ?? "")];
        const half = 10n ** BigInt(scale - 4) / 2n;
        expect(held - sent <= half && sent - held <= (half > 0n ? half - 1n : 0n)).toBe(true);
        expect(fitted?.rounded).toBe(sent !== held);
        expect(fitted?.value.startsWith("-")).toBe(negative && held > 0n);
      }),
      { numRuns: 1000 },
    );
  });

  test("reads back every decimal that the column can hold, however it is written", () => {
    const units = fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n });
    fc.assert(
      fc.property(units, fc.nat(5), (value, zeros) => {
        const digits = String(value).replace("-", "").padStart(5, "0");
        const plain = `${value < 0n ? "-" : ""}${digits.slice(0, -4)}.${digits.slice(-4)}`;
        const canonical = fitDecimal(plain)?.value as string;
        expect(canonical).toMatch(/^(0|-?(0\.\d{0,3}[1-9]|[1-9]\d{0,13}(\.\d{0,3}[1-9])?))$/);
        expect(fitDecimal(canonical)).toEqual({ value: canonical, rounded: false });
        const [whole = "", fraction = ""] = canonical.replace("-", "").split(".");
        const shifted = `${value < 0n ? "-" : ""}${"0".repeat(zeros)}${whole}${fraction}${"0".repeat(zeros)}e${-fraction.length - zeros}`;
        expect(fitDecimal(shifted)).toEqual({ value: canonical, rounded: false });
        expect(fitDecimal(`${plain}${"0".repeat(zeros)}e0`)).toEqual({ value: canonical, rounded: false });
      }),
    );
  });

  const MANY = 8_000_000;
  test.each([
    ["digits", "1".repeat(MANY), undefined],
    ["digits and a letter", `${"1".repeat(MANY)}x`, undefined],
    ["zeros and a digit", `0.${"0".repeat(MANY)}1`, { value: "0", rounded: true }],
    ["places", `-0.${"9".repeat(MANY)}`, { value: "-1", rounded: true }],
    ["leading zeros", `${"0".repeat(MANY)}7`, { value: "7", rounded: false }],
    ["places that an exponent takes back", `0.${"0".repeat(MANY)}7e${MANY + 1}`, { value: "7", rounded: false }],
    ["digits of an exponent", `1e${"1".repeat(MANY)}`, undefined],
    ["digits of an exponent below zero", `1e-${"1".repeat(MANY)}`, { value: "0", rounded: true }],
    ["spaces", `1${" ".repeat(MANY)}x`, undefined],
  ])("takes linear time for eight million %s", (_, text, expected) => {
    // Quadratic time would be hours.
    expect(fitDecimal(text)).toEqual(expected);
  });
});

describe("fitTime", () => {
  test.each([
    ["2025-08-31T08:29:30.001Z", "2025-08-31T08:29:30.001Z"],
    ["2025-08-31T08:29:30Z", "2025-08-31T08:29:30.000Z"],
    ["2025-08-31T08:29Z", "2025-08-31T08:29:00.000Z"],
    ["2025-08-31t08:29:30z", "2025-08-31T08:29:30.000Z"],
    ["2025-08-31 08:29:30.001", "2025-08-31T08:29:30.001Z"],
    ["2025-08-31 08:29:30.001 Z", "2025-08-31T08:29:30.001Z"],
    ["2025-08-31 08:29:30.001 +0000", "2025-08-31T08:29:30.001Z"],
    ["  2025-08-31T08:29:30Z\n", "2025-08-31T08:29:30.000Z"],
    ["2025-08-31", "2025-08-31T00:00:00.000Z"],
    ["2025-08-31T08:29:30,5Z", "2025-08-31T08:29:30.500Z"],
    ["2025-08-31T08:29:30.123456Z", "2025-08-31T08:29:30.123456Z"],
    ["2025-08-31T08:29:30.1234Z", "2025-08-31T08:29:30.123400Z"],
    ["2025-08-31T08:29:30.123000000Z", "2025-08-31T08:29:30.123Z"],
    ["2025-08-31T08:29:30.1234560Z", "2025-08-31T08:29:30.123456Z"],
    ["2025-08-31T08:29:30+02:00", "2025-08-31T06:29:30.000Z"],
    ["2025-08-31T08:29:30-0930", "2025-08-31T17:59:30.000Z"],
    ["2025-08-31T08:29:30.000007+02", "2025-08-31T06:29:30.000007Z"],
    ["2025-01-01T00:00:00+14:00", "2024-12-31T10:00:00.000Z"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
    ["2000-02-29", "2000-02-29T00:00:00.000Z"],
    ["2025-12-31T23:59:59.999Z", "2025-12-31T23:59:59.999Z"],
    ["0001-01-01", "0001-01-01T00:00:00.000Z"],
    ["0096-02-29", "0096-02-29T00:00:00.000Z"],
    ["9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"],
    ["2025-08-31 08:29:30.001000000 +0000", "2025-08-31T08:29:30.001Z"],
    ["2025-08-31 08:29:30 UTC", "2025-08-31T08:29:30.000Z"],
    ["2025-08-31T08:29:30.5utc", "2025-08-31T08:29:30.500Z"],
  ])("%j is %s", (text, expected) => {
    expect(fitTime(text)).toEqual({ value: expected, rounded: false });
  });

  test.each([
    ["2025-08-31T08:29:30.1234567Z", "2025-08-31T08:29:30.123456Z"],
    ["2025-08-31T08:29:30.123456999Z", "2025-08-31T08:29:30.123456Z"],
    ["2025-08-31 08:29:30.123456789 Z", "2025-08-31T08:29:30.123456Z"],
    ["2025-08-31 08:29:30.123456789 +0000", "2025-08-31T08:29:30.123456Z"],
    ["2025-08-31 08:29:30.123456789 +02:00", "2025-08-31T06:29:30.123456Z"],
    ["2025-08-31 08:29:30.123456789", "2025-08-31T08:29:30.123456Z"],
    ["2025-08-31T08:29:30,000000001Z", "2025-08-31T08:29:30.000Z"],
    ["2025-12-31T23:59:59.999999999Z", "2025-12-31T23:59:59.999999Z"],
    ["1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.999999Z"],
    [`2025-08-31T08:29:30.${"9".repeat(8_000_000)}Z`, "2025-08-31T08:29:30.999999Z"],
  ])("%.40s is cut to %s", (text, expected) => {
    expect(fitTime(text)).toEqual({ value: expected, rounded: true });
  });

  test.each([
    "",
    "yesterday",
    "1726308131480",
    "1".repeat(8_000_000),
    "2025-02-29",
    "1900-02-29T00:00:00Z",
    "2025-04-31T00:00:00.000Z",
    "2025-00-01",
    "2025-13-01",
    "2025-01-00",
    "2025-01-32T00:00:00.000Z",
    "2025-01-01T24:00:00Z",
    "2025-01-01T24:00:00.000Z",
    "2025-01-01T10:60:00Z",
    "2025-01-01T23:59:60Z",
    "2025-01-01T10:00:00.Z",
    "2025-01-01T10Z",
    "2025-01-01Z",
    "2025-1-1",
    "31.08.2025",
    "08/31/2025 08:29:30",
    "2025-08-31T08:29:30 Europe/Berlin",
    "2025-08-31T08:29:30+16:00",
    "2025-08-31T08:29:30+02:60",
    "0000-01-01",
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-01:00",
    "12025-01-01T00:00:00Z",
    "-2025-01-01T00:00:00Z",
    "2025-08-31T08:29:30.001ZZ",
    "2025-08-31T08:29:30.001 UTC+1",
    "2025-08-31T08:29:30.123456789x",
    "20250831T082930Z",
    "2025-W35-7",
    "٢٠٢٥-08-31",
  ])("%.40j does not fit", (text) => {
    expect(fitTime(text)).toBeUndefined();
  });

  test("agrees with Date for every millisecond of our era, in every zone", () => {
    const date = fc.date({ min: new Date("0001-01-02T00:00:00Z"), max: new Date("9999-12-30T00:00:00Z"), noInvalidDate: true });
    fc.assert(
      fc.property(date, fc.integer({ min: -15 * 60, max: 15 * 60 }), (time, offset) => {
        const utc = time.toISOString();
        const local = new Date(time.getTime() + offset * 60_000).toISOString().replace("Z", "");
        const zone = `${offset < 0 ? "-" : "+"}${String(Math.floor(Math.abs(offset) / 60)).padStart(2, "0")}:${String(Math.abs(offset) % 60).padStart(2, "0")}`;
        expect(fitTime(utc)?.value).toBe(utc);
        expect(fitTime(utc.replace("T", " "))?.value).toBe(utc);
        expect(fitTime(local + zone)?.value).toBe(utc);
      }),
    );
  });
});

describe("boolean", () => {
  test.each([
    ["true", true],
    ["TRUE", true],
    [" t ", true],
    ["1", true],
    [1, true],
    [true, true],
    ["False", false],
    ["F", false],
    ["0", false],
    [0, false],
    [false, false],
  ])("%j is %s", (value, expected) => {
    expect(read("boolean", value)).toBe(expected);
  });

  test.each(["", "yes", "no", "2", "constructor", "__proto__", "toString", null, [], {}, [true]])("%j does not fit", (value) => {
    expect(fitKind("boolean", value)).toBeUndefined();
  });
});

describe("texts", () => {
  test.each([
    ["[]", []],
    ['["a","b"]', ["a", "b"]],
    [' [ "a" , null , 1 , 1.5, true ] ', ["a", null, "1", "1.5", "true"]],
    ['["a,b","say \\"hi\\"","",""]', ["a,b", 'say "hi"', "", ""]],
    ['["id:1234567890123456789",",1e5","[2E"]', ["id:1234567890123456789", ",1e5", "[2E"]],
    [
      ["a", null, 3],
      ["a", null, "3"],
    ],
    [[new LongNumber("1234567890123456789")], ["1234567890123456789"]],
  ])("%j is %j", (value, expected) => {
    expect(read("texts", value)).toEqual(expected);
  });

  test.each([
    "",
    "a",
    "a,b",
    '"a"',
    "5",
    "{}",
    "null",
    '["a"',
    "['a']",
    '[["a"]]',
    '[{"a":1}]',
    "[1234567890123456789]",
    "[1e400]",
    '["\\ud83d"]',
    '["a","\\ude00\\ud83d"]',
  ])("%j does not fit", (value) => {
    expect(fitKind("texts", value)).toBeUndefined();
  });
});

describe("text and json", () => {
  test.each([
    ["", ""],
    [" a ", " a "],
    [5, "5"],
    [false, "false"],
    [new LongNumber("1.50e400"), "1.50e400"],
  ])("as text, %j is %j", (value, expected) => {
    expect(read("text", value)).toBe(expected);
  });

  test.each([[null], [undefined], [[]], [{}], [["a"]]])("%j is no text", (value) => {
    expect(fitKind("text", value)).toBeUndefined();
  });

  test("a decimal is read from a number's text, never through a float", () => {
    expect(read("decimal", new LongNumber("12345678901234.5678"))).toBe("12345678901234.5678");
    expect(read("decimal", new LongNumber("1234567890123456789012345"))).toBeUndefined();
    expect(fitKind("decimal", 1e-7)).toEqual({ value: "0", rounded: true });
    expect(fitKind("decimal", new LongNumber("836.9999999999998"))).toEqual({ value: "837", rounded: true });
    expect(read("decimal", true)).toBeUndefined();
  });
});

describe("LONG_NUMBER", () => {
  test.each([
    "1234567890123456",
    "[1,-1234567890.12345]",
    '{"a": 1e5}',
    '{"a":123456789012345E2}',
    '{"a":1.5e-3}',
    '{"a":0.0000001}',
    '{"a":12.50}',
    '{"a":0.0}',
    "[-0]",
    "1".repeat(8_000_000),
    `[0.${"0".repeat(8_000_000)}`,
    `{"a":${" ".repeat(8_000_000)}1e5}`,
  ])("finds that of %.40s", (text) => {
    expect(LONG_NUMBER.test(text)).toBe(true);
  });

  test.each(["123456789012345", '{"a":12.5,"b":[0,-1,0.5]}', '{"a":"e"}', '{"a":0.000001}', '"2025-09-01T10:00:00.000Z"', " ".repeat(8_000_000)])(
    "finds none in %.40s",
    (text) => {
      expect(LONG_NUMBER.test(text)).toBe(false);
    },
  );
});

describe("stringifyJson", () => {
  test("is JSON.stringify, for JSON values", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(stringifyJson(value)).toBe(JSON.stringify(value));
      }),
    );
  });

  test("keeps the digits of long numbers", () => {
    const value = { a: [new LongNumber("12345678901234567890.10")], b: { c: new LongNumber("1E400") } };
    expect(stringifyJson(value)).toBe('{"a":[12345678901234567890.10],"b":{"c":1E400}}');
  });

  test("keeps a key called __proto__", () => {
    const text = '{"__proto__":{"x":1},"constructor":2}';
    expect(stringifyJson(JSON.parse(text))).toBe(text);
  });

  test("writes no half surrogate pairs, in values or keys", () => {
    expect(stringifyJson({ "\ud83d": ["\ude00", "😀", "\\ud83d"] })).toBe('{"\ufffd":["\ufffd","😀","\\\\ud83d"]}');
  });
});
