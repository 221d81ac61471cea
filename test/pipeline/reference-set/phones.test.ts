/** Phone numbers that are to be normalized. What each spelling means is tested beside the reader. */
import { describe, expect, test } from "vitest";
import { failureOf } from "../../helpers/errors.ts";
import { csv, make, told } from "../../helpers/reference-set.ts";

const OPTIONS = { key: "id", phone: ["p"], normalize: true };
const NUMBERS = "id,p\nA1,+39 (0)6 1234567\nA2,+49 (0)170 1234567\nA3,+1 (415) 555-2671\nA4,0049 170 1234567\nA5,+14155552671\nA6,\n";
const WRITTEN = "id,p\nA1,+39061234567\nA2,+491701234567\nA3,+14155552671\nA4,+491701234567\nA5,+14155552671\nA6,\n";

test("are written as E.164, those without a country code by the country that is said", async () => {
  const made = await make(csv(NUMBERS), { ...OPTIONS, country: "DE" });
  expect(made).toMatchObject({ violations: [], text: WRITTEN, notes: ['4 values of "p" were normalized'] });
});

test("from DuckDB's numbers, too", async () => {
  const made = await make({ query: "SELECT 1 AS id, 1701234567::BIGINT AS p" }, { ...OPTIONS, country: "DE" });
  expect(made).toMatchObject({ violations: [], text: "id,p\n1,+491701234567\n" });
});

test("what cannot be told is a broken rule with its row, and why", async () => {
  const made = await make(csv(`${NUMBERS}A7,+49 30 12345 ext. 5\nA8,+4917012345678901234\n`), OPTIONS);
  expect(told(made)).toEqual([
    ["phone", 4, "p", "0049 170 1234567"],
    ["phone", 7, "p", "+49 30 12345 ext. 5"],
    ["phone", 8, "p", "+4917012345678901234"],
  ]);
  const says = [/row 4: .*--country/, /row 7: .*extension/, /row 8: .*as long or as short/];
  for (const [index, pattern] of says.entries()) expect(made.violations[index]?.message).toMatch(pattern);
});

test("numbers that no plan has are sent, and told with their rows", async () => {
  const made = await make(csv("id,p\nA1,+1 (555) 010-4567\nA2,+4901701234567\n"), OPTIONS);
  expect(made).toMatchObject({ violations: [], text: "id,p\nA1,+15550104567\nA2,+4901701234567\n" });
  expect(made.notes[0]).toContain("that no numbering plan has: 2 (row 1 +15550104567, row 2 +4901701234567)");
});

test("a key that is a phone number is compared as it is written", async () => {
  const made = await make(csv("p\n+49 170 1234567\n+491701234567\n"), { key: "p", phone: ["p"], normalize: true });
  expect(told(made)).toEqual([["key_duplicate", 2, "p", "+491701234567"]]);
});

test("without --normalize no number is touched", async () => {
  const made = await make(csv("id,p\nA1,+4901701234567\nA2,+49 170\n"), { key: "id", phone: ["p"] });
  expect(told(made)).toEqual([["phone", 2, "p", "+49 170"]]);
});

describe("--country", () => {
  test.each([
    [{ ...OPTIONS, country: "Germany" }, '--country is "Germany"'],
    [{ ...OPTIONS, country: "UK" }, '--country is "UK"'],
    [{ key: "id", phone: ["p"], country: "DE" }, "--country says how phone numbers are read"],
    [{ key: "id", normalize: true, country: "DE" }, "--country says how phone numbers are read"],
  ])("%j", async (options, message) => {
    const failure = await failureOf(make(csv(NUMBERS), options));
    expect([failure.code, failure.message]).toEqual(["usage", expect.stringContaining(message)]);
  });
});
