import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decimalText, KIND_TYPES, type Kind, LongNumber, stringifyJson, timestampText } from "../../schemas/kinds.ts";

/** What a kind makes of a value; undefined where the value does not fit. */
const read = (kind: Kind, value: unknown): unknown => KIND_TYPES[kind].safeParse(value).data;

describe("decimalText", () => {
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
  ])("%s is %s", (text, expected) => {
    expect(decimalText(text)).toBe(expected);
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
    "1.00005",
    "5e-5",
    "100000000000000",
    "1e14",
    "1234567890123456789012345",
    "1e999",
    "1e1000",
    "1e-400",
    "1e",
    "1.2.3",
    "٣",
    "true",
  ])("%j does not fit", (text) => {
    expect(decimalText(text)).toBeUndefined();
  });

  test("reads back every decimal that the column can hold, however it is written", () => {
    const units = fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n });
    fc.assert(
      fc.property(units, fc.nat(5), (value, zeros) => {
        const digits = String(value).replace("-", "").padStart(5, "0");
        const plain = `${value < 0n ? "-" : ""}${digits.slice(0, -4)}.${digits.slice(-4)}`;
        const canonical = decimalText(plain) as string;
        expect(canonical).toMatch(/^(0|-?(0\.\d{0,3}[1-9]|[1-9]\d{0,13}(\.\d{0,3}[1-9])?))$/);
        expect(decimalText(canonical)).toBe(canonical);
        const [whole = "", fraction = ""] = canonical.replace("-", "").split(".");
        const shifted = `${value < 0n ? "-" : ""}${"0".repeat(zeros)}${whole}${fraction}${"0".repeat(zeros)}e${-fraction.length - zeros}`;
        expect(decimalText(shifted)).toBe(canonical);
        expect(decimalText(`${plain}${"0".repeat(zeros)}e0`)).toBe(canonical);
      }),
    );
  });

  test.each([
    ["digits and a letter", `${"1".repeat(2_000_000)}x`],
    ["zeros and a digit", `0.${"0".repeat(2_000_000)}1`],
    ["spaces", `1${" ".repeat(2_000_000)}x`],
  ])("takes linear time for %s", (_, text) => {
    // Quadratic time would be hours.
    expect(decimalText(text)).toBeUndefined();
  });
});

describe("timestampText", () => {
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
  ])("%j is %s", (text, expected) => {
    expect(timestampText(text)).toBe(expected);
  });

  test.each([
    "",
    "yesterday",
    "1726308131480",
    "2025-08-31T08:29:30.1234567Z",
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
    "٢٠٢٥-08-31",
  ])("%j does not fit", (text) => {
    expect(timestampText(text)).toBeUndefined();
  });

  test("agrees with Date for every millisecond of our era, in every zone", () => {
    const date = fc.date({ min: new Date("0001-01-02T00:00:00Z"), max: new Date("9999-12-30T00:00:00Z"), noInvalidDate: true });
    fc.assert(
      fc.property(date, fc.integer({ min: -15 * 60, max: 15 * 60 }), (time, offset) => {
        const utc = time.toISOString();
        const local = new Date(time.getTime() + offset * 60_000).toISOString().replace("Z", "");
        const zone = `${offset < 0 ? "-" : "+"}${String(Math.floor(Math.abs(offset) / 60)).padStart(2, "0")}:${String(Math.abs(offset) % 60).padStart(2, "0")}`;
        expect(timestampText(utc)).toBe(utc);
        expect(timestampText(utc.replace("T", " "))).toBe(utc);
        expect(timestampText(local + zone)).toBe(utc);
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
    expect(KIND_TYPES.boolean.safeParse(value).success).toBe(false);
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
    expect(KIND_TYPES.texts.safeParse(value).success).toBe(false);
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
    expect(KIND_TYPES.text.safeParse(value).success).toBe(false);
  });

  test("a decimal is read from a number's text, never through a float", () => {
    expect(read("decimal", new LongNumber("12345678901234.5678"))).toBe("12345678901234.5678");
    expect(read("decimal", new LongNumber("1234567890123456789012345"))).toBeUndefined();
    expect(read("decimal", 1e-7)).toBeUndefined();
    expect(read("decimal", true)).toBeUndefined();
  });
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
