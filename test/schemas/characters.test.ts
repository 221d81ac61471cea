import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { folded, oneLine, safeLines, serverWords, shown } from "../../schemas/characters.ts";

test.each([
  ["A1", '"A1"'],
  [" A1 ", '" A1 "'],
  ["A1\u200b", String.raw`"A1\u{200b}"`],
  ["\u00a0A1", String.raw`"\u{a0}A1"`],
  ["\ufeffA1\ufe0f", String.raw`"\u{feff}A1\u{fe0f}"`],
  ["a\tb\n", String.raw`"a\tb\n"`],
  ["C\ud83dD", String.raw`"C\ud83dD"`],
  ["A\0B", String.raw`"A\u0000B"`],
  ["Cafe\u0301 😀", '"Cafe\u0301 😀"'],
])("%j is shown as %s", (text, expected) => expect(shown(text)).toBe(expected));

test("accents that stand by themselves are shown where it is asked for", () => expect(shown("Cafe\u0301", true)).toBe(String.raw`"Cafe\u{301}"`));

test.each([[" Id "], ["\ufeffid"], ["I\u200bD"], ["\u3000id\u00ad"]])("%j is compared as id", (text) => expect(folded(text)).toBe("id"));
test("one Unicode form is compared", () => expect(folded("PRE\u0301NOM")).toBe("prénom"));

describe("oneLine", () => {
  test.each([
    ["a\u001b[31mb\r\nc\u0000\u009b", String.raw`a\u001b[31mb\r\nc\u0000\u009b`],
    ["a\u0085b\u2028c\u2029d\u000be\u000cf", String.raw`a\u0085b\u2028c\u2029d\u000be\ff`],
    ["\u202egnp.exe\u2066\u2069\u200e\u200f\u061c", String.raw`\u202egnp.exe\u2066\u2069\u200e\u200f\u061c`],
    ["half \ud83d of one", String.raw`half \ud83d of one`],
    ["Ünïcode 数据 עברית 👨\u200d👩 'quoted' \"twice\" back\\slash", "Ünïcode 数据 עברית 👨\u200d👩 'quoted' \"twice\" back\\slash"],
  ])("%j", (text, expected) => expect(oneLine(text)).toBe(expected));

  test("what it gives is one line, and stays as it is when it is made safe again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const line = oneLine(text);
        expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/u);
        expect(oneLine(line)).toBe(line);
      }),
    );
  });

  test("cuts what is too long, between characters", () => {
    expect(oneLine("abcdef", 4)).toBe("abc…");
    expect(oneLine("abcd", 4)).toBe("abcd");
    expect(oneLine("a😀bc", 3)).toBe("a…");
  });
});

test("a server's words are one line with a bound, whatever there is of them", () => {
  expect(serverWords(" a\r\n\tb\u2028c\u001bd ")).toBe(String.raw`a b c\u001bd`);
  expect(serverWords("x".repeat(10_000_000))).toBe(`${"x".repeat(499)}…`);
});

test("a JSON text that is made safe says the same", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
      const written = JSON.stringify(value, null, 2);
      expect(JSON.parse(safeLines(written))).toEqual(JSON.parse(written));
    }),
  );
  expect(safeLines("a\tb\r\nc\rd\u001b")).toBe("a\tb\r\nc\\rd\\u001b");
});
