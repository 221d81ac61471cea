import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringifyJson } from "../../schemas/kinds.ts";
import { hasHalfCharacters, plainJson, readJson, readJsonNow, repeatedIn } from "../../transforms/json.ts";
import { often } from "../helpers/often.ts";

async function valueOf(text: string): Promise<unknown> {
  const result = await readJson(text);
  if (result.fault !== undefined) throw new Error(result.fault);
  return result.value;
}

/** The same text, read by the streaming parser: a long number before it sends it that way. */
async function streamed(text: string): Promise<unknown> {
  const [, value] = (await valueOf(`[12345678901234567890,${text}]`)) as [unknown, unknown];
  return value;
}

/** The same text in a list, which is too large to be parsed in one go. */
const enlarged = (text: string) => `[${" ".repeat(1024 * 1024)}1,${text}]`;

describe("both ways", () => {
  test("give what JSON.parse gives, for values without long numbers", { tags: "long" }, async () => {
    const number = fc.oneof(
      fc.integer(),
      fc.integer({ min: -99_999, max: 99_999 }).map((units) => units / 100),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "medium" },
        fc.constantFrom(null, true, false, ""),
        number,
        fc.string({ unit: "binary" }),
        tie("list"),
        tie("object"),
      ),
      list: fc.array(tie("value"), { maxLength: 5 }),
      object: fc.dictionary(fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("__proto__", "constructor", "toString", "1", "")), tie("value"), {
        maxKeys: 5,
      }),
    }));
    await fc.assert(
      fc.asyncProperty(value, fc.constantFrom(undefined, 2, "\t"), async (original, space) => {
        const text = JSON.stringify(original, null, space);
        const expected = JSON.parse(text) as unknown;
        for (const result of [await valueOf(text), await streamed(text)]) {
          expect(stringifyJson(result)).toBe(stringifyJson(expected));
        }
      }),
      { numRuns: often(20, 200) },
    );
  });

  test("keep every number as it is written", { tags: "long" }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.stringMatching(/^-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?$/), { minLength: 1, maxLength: 5 }),
        async (numbers) => {
          for (const text of [...numbers, `{"a":[${numbers.join(",")}]}`]) {
            expect(stringifyJson(await valueOf(text))).toBe(text);
            expect(stringifyJson(await streamed(text))).toBe(text);
          }
        },
      ),
      { numRuns: often(20, 200), examples: [[["0", "-0", "-0.0", "12.50", "3.0", "0.000001", "0.0000001", "999999999999999", "79.5", "10", "1e5"]]] },
    );
  });

  test.each([
    "",
    " ",
    "{",
    "[",
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,',
    '{"a":1,}',
    "[1,]",
    "[,1]",
    '{"a" 1}',
    "{'a':1}",
    "{a:1}",
    '{"a":01}',
    '{"a":1.}',
    '{"a":.5}',
    '{"a":+1}',
    '{"a":1e}',
    '{"a":NaN}',
    '{"a":Infinity}',
    '{"a":tru}',
    '{"a":undefined}',
    '{"a":"\\x"}',
    '{"a":"\\u12"}',
    '{"a":"tab\there"}',
    '{"a":"line\nbreak"}',
    '{"a":1} x',
    '{"a":1}{"b":2}',
    "{}]",
    "NULL",
    "// a\n{}",
    '{"a":1,\u00a0"b":2}',
    '"open',
    "t[1.50]",
    "[1.50] tru",
    '{"a":1.50',
    "1.50.",
    "-01.50",
  ])("refuse %j", async (text) => {
    for (const form of [text, enlarged(text), `[1e5,${text}]`]) {
      expect(await readJson(form)).toEqual({ fault: expect.any(String) as string });
    }
  });

  test.each(["\ufeff", "\u00a0", "\u3000", "\u0085", "\u200b", " \n\ufeff\ufeff\t"])("take blanks around it: %j", async (blank) => {
    for (const [text, value] of [
      ['{"a":1}', { a: 1 }],
      ["[1,2]", [1, 2]],
    ] as const) {
      expect(await readJson(blank + text + blank)).toEqual({ value });
      expect(plainJson(blank + text + blank)).toBe(text);
    }
  });

  test("JSON's own blanks around it are kept", () => {
    for (const text of [' {"a":1}\r\n', '{"a":1}', "\t[]"]) expect(plainJson(text)).toBe(text);
  });
});

describe("large content", () => {
  test("is what JSON.parse makes of it, with characters and escapes across the pieces", async () => {
    for (const shift of ["", "x"]) {
      const value = {
        [`${shift}key`]: `${shift}${'😀é\u2028\\"\n'.repeat(100_000)}`,
        list: Array.from({ length: 5_000 }, (_, index) => ({ index, half: index / 2, none: null })),
      };
      const text = JSON.stringify(value).replaceAll("é", "\\u00e9");
      expect(text.length).toBeGreaterThan(1024 * 1024);
      expect(stringifyJson(await valueOf(text))).toBe(JSON.stringify(value));
    }
  });

  test("holds up nothing else while it is read", async () => {
    const text = JSON.stringify(Array.from({ length: 200_000 }, (_, index) => index));
    const reading = readJson(text);
    let done = false;
    const finished = Promise.resolve(reading).then(() => (done = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toBe(false);
    await finished;
  });
});

describe("long numbers", () => {
  test.each([
    ["an integer of 25 digits", "1234567890123456789012345"],
    ["a negative one of 16", "-1234567890123456"],
    ["a decimal of 19 places", "0.1234567890123456789"],
    ["an exponent beyond a double", "1.50e400"],
    ["a small exponent", "1E-7"],
    ["an integer of 10,000 digits", "9".repeat(10_000)],
    ["a decimal longer than a piece", `0.${"0".repeat(100_000)}1`],
  ])("%s keeps its digits wherever it stands", async (_, number) => {
    for (const text of [number, `[${number}]`, `{"a": ${number} }`, `[1,\n${number}]`, `{"a":{"b":[{"c":${number}}]}}`]) {
      expect(stringifyJson(await valueOf(text)).replaceAll(/\s/g, "")).toBe(text.replaceAll(/\s/g, ""));
    }
  });

  test.each([
    '{"unitPrice":79.5,"quantity":0,"list":[10,100.25,-1,0.05,0.000001,999999999999999]}',
    '{"at":"2025-09-14T10:02:11.480Z","zone":"10:02:11.480+00:00","price":"12.50","version":"1.0"}',
  ])("are not suspected in %s: it is read at once", (text) => {
    const result = readJson(text);
    expect(result).toEqual({ value: JSON.parse(text) as unknown });
    expect(stringifyJson(JSON.parse(text))).toBe(text);
  });

  test("a text that only looks like one stays a text", async () => {
    expect(await valueOf('{"a":"x,12345678901234567890","b":1.5}')).toEqual({ a: "x,12345678901234567890", b: 1.5 });
  });
});

test("__proto__ is a key like any other, and reaches no prototype", async () => {
  for (const text of ['{"__proto__":{"polluted":1},"a":1}', '{"__proto__":{"polluted":1e5},"a":1}']) {
    const value = (await valueOf(text)) as object;
    expect(Object.keys(value)).toEqual(["__proto__", "a"]);
    expect(value).not.toHaveProperty("polluted");
  }
  expect({}).not.toHaveProperty("polluted");
});

describe("a name that stands twice", () => {
  test.each<[string, unknown, [string, unknown][]]>([
    ['{"a":1,"b":2,"a":3}', { a: 3, b: 2 }, [["a", 1]]],
    [
      '{"a":1,"a":2,"a":null}',
      { a: null },
      [
        ["a", 1],
        ["a", 2],
      ],
    ],
    ['{"a":{"b":1},"\\u0061":"x"}', { a: "x" }, [["a", { b: 1 }]]],
    ['{"":1,"":2}', { "": 2 }, [["", 1]]],
    ['{"1":1,"0":0,"1":2}', { "0": 0, "1": 2 }, [["1", 1]]],
    ['{"a":1,"A":2}', { a: 1, A: 2 }, []],
    ['{"a":"b\\":1,\\"b","c":"::::"}', { a: 'b":1,"b', c: "::::" }, []],
    ['{"a":[{"a":1},{"a":2}]}', { a: [{ a: 1 }, { a: 2 }] }, []],
  ])("%s: the last value counts, the others are told", async (text, value, repeated) => {
    const long = text.replace(/}$/, ',"long":12345678901234567890}');
    const large = text.replace(/}$/, `,"large":"${" ".repeat(1024 * 1024)}"}`);
    expect(JSON.parse(stringifyJson(await valueOf(text)))).toEqual(value);
    for (const form of [text, long, large]) expect(repeatedIn((await valueOf(form)) as object)).toEqual(repeated);
  });

  test("is told where it is, however deep", async () => {
    const value = (await valueOf('{"a":[{"b":1},{"b":1,"b":2}]}')) as { a: [object, object] };
    expect([value, ...value.a].map(repeatedIn)).toEqual([[], [], [["b", 1]]]);
  });
});

describe("depth", () => {
  const nested = (open: string, close: string, depth: number) => open.repeat(depth) + (open.endsWith(":") ? "1" : "") + close.repeat(depth);

  test.each([
    ["[", "]"],
    ['{"a":', "}"],
  ])("%s may nest 1,000 times and no more", async (open, close) => {
    expect(await readJson(nested(open, close, 1000))).toHaveProperty("value");
    for (const depth of [1001, 100_000])
      expect(await readJson(nested(open, close, depth))).toEqual({ fault: "it is nested deeper than 1000 levels" });
  });

  test("brackets in strings are no depth", async () => {
    const text = JSON.stringify({ a: '["\\'.repeat(5_000), b: "[".repeat(5_000), c: `${"{".repeat(5_000)}\\` });
    expect(await valueOf(text)).toEqual(JSON.parse(text));
  });
});

test("a text of more values than a million is told before it is read, and one with as many commas in a text is read", async () => {
  const many = (values: number) => `{"orderedItems":[${"0,".repeat(values - 3)}0]}`;
  expect(await readJson(many(1_000_001))).toEqual({ fault: "it has more than 1,000,000 values" });
  expect(await readJson(JSON.stringify({ a: ",[{".repeat(500_000) }))).toHaveProperty("value");
  expect(readJsonNow(many(1_000_001))).toEqual({ fault: "it has more than 1,000,000 values" });
  expect(readJsonNow(many(1_000))).toHaveProperty("value");
});

test.each<[string, boolean]>([
  ['{"a":"\\ud83d"}', true],
  ['{"a":"\\uDE00\\uD83D"}', true],
  ['{"\\ud83d":1}', true],
  ['{"a":["x",{"b":"\\\\\\ud83d"}]}', true],
  ['{"a":"\\ud83d\\ude00"}', false],
  ['{"a":"😀"}', false],
  ['{"a":"\\\\ud83d"}', false],
  ['{"a":"C:\\\\\\\\ud83d"}', false],
  ['{"a":"\\u00e9"}', false],
])("half a surrogate pair in %s: %s", (text, expected) => {
  expect(hasHalfCharacters(text)).toBe(expected);
});
