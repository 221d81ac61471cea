/** The words by which somebody is found in texts: as they are, and as they are escaped; none of somebody else's. */
import { expect, test } from "vitest";
import { needlesOf } from "../../../sinks/erasure/needles.ts";

/** RE2's pattern as JavaScript has it. */
const matches = (value: string, text: string) => {
  const { fields = "" } = needlesOf([value]);
  return new RegExp(fields.replace("(?i)", "").replaceAll("\\x{", "\\u{"), "iu").test(text);
};

test.each([
  ["anna+x@example.com", "anna+x@example.com"],
  ["anna+x@example.com", "to ANNA+X@Example.com."],
  ["anna+x@example.com", "https://shop/?mail=anna%2Bx%40example.com&n=1"],
  ["anna+x@example.com", "mail%3Danna%2bx@example.com"],
  ["anna+x@example.com", '{"mail":"anna+x@example.com"}'],
  ["anna+x@example.com", String.raw`{"text":"for\nanna+x@example.com"}`],
  ["zoë@example.com", String.raw`"zo\u00eb@example.com"`],
  ["zoë@example.com", "zo%C3%AB%40example.com"],
  ["C-17", "1,C-17,2"],
  ["C-17", ' "C-17"'],
  ['a"b\\c-100017', String.raw`{"key":"a\"b\\c-100017"}`],
])("%s stands in %s", (value, text) => {
  expect(matches(value, text)).toBe(true);
});

test.each([
  ["anna@example.com", "joanna@example.com"],
  ["anna@example.com", "mary.anna@example.com"],
  ["anna@example.com", "anna@example.com.au"],
  ["anna@example.com", "anna@example.community"],
  ["anna@example.com", "annaxexample.com"],
  ["C-17", "C-171"],
  ["C-17", "ABC-17"],
  ["C-17", "C-17~1"],
])("%s does not stand in %s", (value, text) => {
  expect(matches(value, text)).toBe(false);
});

test("what is short enough to stand somewhere by chance is looked for in rejects alone, as a field", () => {
  expect(matches("C-17", "order C-17 of today")).toBe(false);
  expect(needlesOf(["C-17"])).toMatchObject({ distinct: undefined, parts: undefined, spellings: [] });
  expect(needlesOf([])).toEqual({ distinct: undefined, fields: undefined, parts: undefined, spellings: [] });
  expect(needlesOf(["a@b.c", "C-100017"]).spellings).toEqual(expect.arrayContaining(["a@b.c", "a%40b.c", "c-100017"]));
});
