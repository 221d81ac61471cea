/** What of a key counts when values are compared. */
import { expect, test } from "vitest";
import { quoteText } from "../../../schemas/names.ts";
import { folded } from "../../../sinks/marts/contact.ts";
import { scratchWarehouse } from "../../helpers/warehouse.ts";

const CASES: Record<string, [header: string, isPrimary: boolean, value: string, expected: string | null][]> = {
  "a customer number, but for blanks around it, of whatever kind": [
    ["Customer ID", true, "C1", "C1"],
    ["Customer ID", true, "  C1 ", "C1"],
    ["Customer ID", true, "\u3000C1\u00a0", "C1"],
    ["Customer ID", true, "C 1", "C 1"],
    ["Customer ID", true, "Zoë ", "Zoë"],
    ["Customer ID", true, "Zoë", "Zoë"],
    ["Customer ID", true, "\tC1", "\tC1"],
    ["Customer ID", true, "", null],
    ["Customer ID", true, " ", null],
    ["Customer ID", true, "\u00a0", null],
  ],
  "an e-mail address in small letters": [
    ["Email", true, " Ana@X.example", "ana@x.example"],
    ["Email", false, "ANA@X.example", "ana@x.example"],
    ["Email", false, "ÀNA@x.example\u2003", "àna@x.example"],
    ["Email", false, " ", null],
  ],
  "of a phone number digits and plus signs": [
    ["Phone", false, "+431", "+431"],
    ["Phone", false, "+43 (1)\n2", "+4312"],
    ["Phone", false, "431\n", "431"],
    ["Phone", false, "n/a", null],
    ["Phone", false, "", null],
  ],
};

test.each(Object.entries(CASES))("%s", async (_, cases) => {
  const scratch = await scratchWarehouse();
  for (const [header, isPrimary, value, expected] of cases)
    expect([value, await scratch.value(`SELECT ${folded({ header, isPrimary }, "v")} FROM (SELECT ${quoteText(value)} AS v)`)]).toEqual([
      value,
      expected,
    ]);
});
