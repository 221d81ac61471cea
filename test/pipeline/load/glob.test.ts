import fc from "fast-check";
import { expect, test } from "vitest";
import { glob } from "../../../pipeline/load/glob.ts";

test.each<[pattern: string, named: string[], others: string[]]>([
  ["a.csv", ["a.csv"], ["a.csv.gz", "xa.csv", "A.csv", "b/a.csv", ""]],
  ["*.csv", [".csv", "a.csv", ".a.csv"], ["a.csv.gz", "b/a.csv"]],
  ["a*", ["a", "abc"], ["ba", "a/b"]],
  ["a*b*c", ["abc", "aabbcc", "a-b-b-c"], ["acb", "ab/c"]],
  ["?.csv", ["a.csv", "é.csv", "😀.csv"], [".csv", "ab.csv", "/.csv"]],
  ["[abc].csv", ["b.csv"], ["d.csv", "ab.csv"]],
  ["202[4-6]-*", ["2025-09"], ["2027-09"]],
  ["[!a-c]", ["d", "-"], ["a", "/"]],
  ["[^a]", ["b"], ["a"]],
  ["[]a]", ["]", "a"], ["b"]],
  ["[a-]", ["a", "-"], ["b"]],
  ["[a", ["[a"], ["a"]],
  ["{a,b}.*", ["a.csv", "b.gz"], ["c.csv"]],
  ["{a,{b,c}d}e", ["ae", "bde", "cde"], ["be", "abde"]],
  ["{,a}b", ["b", "ab"], ["a"]],
  ["{a}", ["{a}"], ["a"]],
  ["{a,b", ["{a,b"], ["a"]],
  ["a,b}", ["a,b}"], ["a"]],
  ["{*a,b*}c", ["xac", "bxc"], ["xc"]],
  ["\\*\\{a,b\\}", ["*{a,b}"], ["xa"]],
  ["\\", ["\\"], [""]],
  ["Weekly (1)+.csv", ["Weekly (1)+.csv"], ["Weekly 1.csv"]],
  ["**", ["a", "a/b/c", ""], []],
  ["**/b", ["b", "a/b", "a/a/b"], ["ab", "b/a"]],
  ["a/**", ["a/b", "a/b/c"], ["ab", "b/a"]],
  ["a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "a/xb"]],
  ["a**b", ["ab", "axb"], ["a/b"]],
  ["{**/a,b}", ["a", "x/y/a", "b"], ["x/b"]],
  ["*/*", ["a/b"], ["a", "a/b/c"]],
  ["!*.csv", ["a.gz"], ["a.csv"]],
])("%s", (pattern, named, others) => {
  const matches = glob(pattern);
  expect([named.filter((text) => !matches(text)), others.filter((text) => matches(text))]).toEqual([[], []]);
});

test.each([
  ["forty stars", "*".repeat(40) + "b"],
  ["forty stars with something between", "*a".repeat(40) + "b"],
  ["forty question marks between stars", "*?".repeat(40) + "b"],
  ["forty times any folders", "**/".repeat(40) + "b"],
  ["forty alternatives", "{a,aa,a*}".repeat(40) + "b"],
  ["alternatives in alternatives", `${"{a,*".repeat(40)}${"}".repeat(40)}b`],
  ["braces that are never closed", "{a,".repeat(40)],
])("%s come to an end", (_, pattern) => {
  const matches = glob(pattern);
  for (const text of ["a".repeat(255), "a/".repeat(2000), "a".repeat(4000)]) expect(matches(text)).toBe(false);
});

test("stars mean what a regular expression means by them", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 8 });
  const patterns = fc.array(fc.constantFrom("*", "?", "a", "b", "/", "{a,b}", "{*,ab}"), { maxLength: 6 });
  const regexps: Record<string, string> = { "*": "[^/]*", "?": "[^/]", "{a,b}": "(a|b)", "{*,ab}": "([^/]*|ab)" };
  fc.assert(
    fc.property(texts, patterns, (text, parts) => {
      fc.pre(!parts.join("").includes("**"));
      const expected = new RegExp(`^${parts.map((part) => regexps[part] ?? part).join("")}$`).test(text);
      expect(glob(parts.join(""))(text)).toBe(expected);
    }),
  );
});
