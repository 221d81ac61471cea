/** What is wrong with a text that is no JSON is said in the same words, whatever its size, and whichever parser refused it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { faultIn } from "../../transforms/json-fault.ts";
import { readJson } from "../../transforms/json.ts";
import { often } from "../helpers/often.ts";

const FAULTS: [text: string, fault: string][] = [
  ['{"a":NaN}', 'at character 6, "NaN" is nothing that JSON has'],
  ['{"a":-Infinity}', 'at character 6, "-" is nothing that JSON has'],
  ['{"a":None}', 'at character 6, "None" is nothing that JSON has'],
  ["{'a': 'b'}", `at character 2, "'a'" stands in single quotes, JSON has double ones`],
  ["{\"a\":'b'}", `at character 6, "'b'" stands in single quotes, JSON has double ones`],
  ["{a:1}", 'at character 2, "a" is nothing that JSON has'],
  ["{“a”:1}", 'at character 2, "“a”" is nothing that JSON has'],
  ['{"a":1};', 'at character 8, ";" stands behind the end'],
  ['{"a":1} x', 'at character 9, "x" stands behind the end'],
  ['{"a":1}}', 'at character 8, "}" stands behind the end'],
  ['{"a":1},{"b":2}', 'at character 8, "," stands behind the end'],
  ['{"a":1}{"b":2}', "at character 8, a second value begins behind the first one"],
  ['{"a":1}\n[2]', "at character 9 (line 2, character 1), a second value begins behind the first one"],
  ['{"a":1', 'at character 7, it ends where a "}" is missing'],
  ['{"a":[1', 'at character 8, it ends where a "]" is missing'],
  ['{"a":', "at character 6, it ends where a value is missing"],
  ['{"a"', 'at character 5, it ends where a ":" is missing'],
  ['{"a":1,', "at character 8, it ends where a name in double quotes is missing"],
  ['{"a":"b', "at character 6, a text begins that is never closed; all ends behind character 7"],
  ['{"a":"b\\', "at character 6, a text begins that is never closed; all ends behind character 8"],
  ['{"a":"b\\"}', "at character 6, a text begins that is never closed; all ends behind character 10"],
  ['{"a":1,}', 'at character 8, "}" stands where a name in double quotes is expected'],
  ["[1,]", 'at character 4, "]" stands where a value is expected'],
  ["[,1]", 'at character 2, "," stands where a value is expected'],
  ['{"a" 1}', 'at character 6, "1" stands where a ":" is expected'],
  ['{"a":1 "b":2}', 'at character 8, "\\"b\\"" stands where a "," or a closing bracket is expected'],
  ['{"a":[1}', 'at character 8, "}" stands where a "," or a closing bracket is expected'],
  ['{"a":01}', 'at character 7, "1" stands where a "," or a closing bracket is expected'],
  ['{"a":1.}', 'at character 6, "1." is no number'],
  ['{"a":1e}', 'at character 6, "1e" is no number'],
  ['{"a":+1}', 'at character 6, "+1" is nothing that JSON has'],
  ['{"a":1/*b*/}', "at character 7, a comment stands, which JSON has not"],
  ['{"a":"b\nc"}', "at character 8 (line 1, character 8), a line feed stands inside a text, where JSON has \\n"],
  ['{"x":1,\r\n"a":"b\r\nc"}', "at character 16 (line 2, character 7), a carriage return stands inside a text, where JSON has \\r"],
  ['{"a":"b\tc"}', "at character 8, a tab stands inside a text, where JSON has \\t"],
  ['{"a":"b\u0001c"}', "at character 8, the control character 1 stands inside a text, where JSON has \\u0001"],
  ['{"a\nb":1}', "at character 4 (line 1, character 4), a line feed stands inside a text, where JSON has \\n"],
  ['{"a":"C:\\dir"}', 'at character 9, "\\\\d" is no escape that JSON has'],
  ['{"a":"\\u12"}', 'at character 7, "\\\\u12\\"}" is no escape that JSON has'],
  ['{"a":"\\n\\"\\u00e9\\q"}', 'at character 17, "\\\\q" is no escape that JSON has'],
  ['{"😀😀":x}', 'at character 7, "x" is nothing that JSON has'],
  ["\u00a0\ufeff{a:1}", 'at character 4, "a" is nothing that JSON has'],
  ["{\u202ea:1}", 'at character 2, "\\u202ea" is nothing that JSON has'],
  [`{${"x".repeat(1000)}:1}`, `at character 2, "${"x".repeat(20)}…" is nothing that JSON has`],
];

test.each(FAULTS)("%j", async (text, fault) => {
  expect(await readJson(text)).toEqual({ fault });
});

describe("in a text that another parser reads", () => {
  /** What comes before moves the place, and no more. */
  const moved = (fault: string, by: number) => fault.replaceAll(/character (\d+)(?! stands)/g, (_, at: string) => `character ${Number(at) + by}`);

  test.each(FAULTS.filter(([text]) => !/[\r\n]|^\s/.test(text)))("%j", async (text, fault) => {
    for (const before of ["[1.50,", `["${" ".repeat(1024 * 1024)}",`, `[1.50,"${" ".repeat(64 * 1024)}",`]) {
      const { fault: told = "" } = (await readJson(before + text)) as { fault?: string };
      // What stands behind the end of a text stands in the list here, and what the list misses is missing.
      if (!/ behind the /.test(fault)) expect(told).toBe(moved(fault, before.length));
      else expect(told).toMatch(/^at character \d+, /);
    }
  });
});

test("is found in whatever JSON.parse refuses, and nowhere else", { tags: "long" }, () => {
  const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value));
  const piece = fc.constantFrom(
    "",
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\n",
    "\t",
    "\u0000",
    "1",
    "-",
    ".",
    "e",
    "u",
    "'",
    "nul",
    "/",
    "//",
    "\ufeff",
    " ",
  );
  const damaged = fc.tuple(json, fc.nat(), fc.nat(3), piece).map(([text, place, length, put]) => {
    const at = place % (text.length + 1);
    return text.slice(0, at) + put + text.slice(at + length);
  });
  fc.assert(
    fc.property(damaged, (text) => {
      const fault = faultIn(text);
      try {
        JSON.parse(text);
        expect(fault).toBe("it is no JSON");
      } catch {
        expect(fault).toMatch(/^at character \d+/);
      }
    }),
    { numRuns: often(500, 5000) },
  );
});
