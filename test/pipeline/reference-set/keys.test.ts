/** Keys that a reader would take for one. Whether Connect does is not known. */
import { describe, expect, test } from "vitest";
import { csv, make, told } from "../../helpers/reference-set.ts";

const UNSEEN = "blanks, invisible characters or Unicode form";
const warning = (what: string, keys: string) => `keys of "id" differ only in ${what}, and whether Connect tells them apart is not known: ${keys}`;

describe("are told, and sent as they are", () => {
  test.each([
    ["spaces", ["A1", " A1", "A1 ", "A 1"], 'row 1 "A1", row 2 " A1", row 3 "A1 ", row 4 "A 1"'],
    ["blanks of other kinds", ["A1", "\u00a0A1", "A1\u3000"], String.raw`row 1 "A1", row 2 "\u{a0}A1", row 3 "A1\u{3000}"`],
    [
      "what has no width",
      ["A1", "A\u200b1", "\ufeffA1", "A1\u2060"],
      String.raw`row 1 "A1", row 2 "A\u{200b}1", row 3 "\u{feff}A1", row 4 "A1\u{2060}"`,
    ],
    ["selectors and fillers", ["A1", "A1\ufe0f", "\u3164A1"], String.raw`row 1 "A1", row 2 "A1\u{fe0f}", row 3 "\u{3164}A1"`],
    ["the Unicode form", ["Café", "Cafe\u0301"], String.raw`row 1 "Café", row 2 "Cafe\u{301}"`],
    ["several groups", ["A", "B", "A ", "B "], 'row 1 "A", row 3 "A "; row 2 "B", row 4 "B "'],
  ])("%s", async (_, keys, named) => {
    const made = await make({ name: "a.json", content: JSON.stringify(keys.map((id) => ({ id }))) }, { key: "id" });
    expect(made.violations).toEqual([]);
    expect(made.notes).toEqual([warning(UNSEEN, named)]);
    expect(made.text).toBe(`id\n${keys.join("\n")}\n`);
  });

  test("case, apart from the others", async () => {
    const made = await make(csv("id,v\nA1,1\n a1,2\na1,3\nÄ,4\nä,5\n"), { key: "id" });
    expect(made.violations).toEqual([]);
    expect(made.notes).toEqual([
      warning(UNSEEN, 'row 2 " a1", row 3 "a1"'),
      warning("upper and lower case", 'row 1 "A1", row 2 " a1"; row 4 "Ä", row 5 "ä"'),
    ]);
  });

  test("ten groups of ten keys at the most", async () => {
    const ids = Array.from({ length: 12 }, (_, group) => Array.from({ length: 12 }, (__, blanks) => `K${group}${" ".repeat(blanks)}`)).flat();
    const [note = ""] = (await make({ name: "a.json", content: JSON.stringify(ids.map((id) => ({ id }))) }, { key: "id" })).notes;
    expect(note).toContain('row 10 "K0         ", …; row 13 "K1"');
    expect(note).not.toContain("K10");
    expect(note).toMatch(/; and 2 more such groups$/);
  });
});

test("keys that are the same are no warning but a broken rule", async () => {
  const made = await make(csv("id,v\nA1,1\nA1,2\nA1 ,3\n"), { key: "id" });
  expect(told(made)).toEqual([["key_duplicate", 2, "id", "A1"]]);
  expect(made.notes).toEqual([warning(UNSEEN, 'row 1 "A1", row 3 "A1 "')]);
});

test.each([[" "], ["\u00a0\u200b"], ["\u3164"]])("a key of nothing but %j is empty", async (key) =>
  expect(told(await make(csv(`id,v\n${key},1\n`), { key: "id" }))).toEqual([["key_empty", 1, "id", key]]),
);

test("keys that differ in what is seen are told by nothing", async () =>
  expect((await make(csv("id,v\nA1,1\nA2,2\nA-1,3\nÀ1,4\n"), { key: "id" })).notes).toEqual([]));
