import { expect, test } from "vitest";
import { folded, shown } from "../../schemas/characters.ts";

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
