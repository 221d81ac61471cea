import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cleanName, contactColumnName, quoteIdentifier, quoteText, snakeCase, spellingOf } from "../../schemas/names.ts";

describe("contactColumnName", () => {
  test.each([
    ["Email", "contact_email"],
    ["Customer ID", "contact_customer_id"],
    ["customerID", "contact_customer_id"],
    ["firstName", "contact_first_name"],
    ["FIRST_NAME", "contact_first_name"],
    ["first-name", "contact_first_name"],
    ["  first   name  ", "contact_first_name"],
    ["__first__name__", "contact_first_name"],
    ["line1Street", "contact_line1_street"],
    ["Straße", "contact_straße"],
    ["Größe (cm)", "contact_größe_cm"],
    ["Pre\u0301nom", "contact_prénom"],
    ["お客様番号", "contact_お客様番号"],
    ["नाम", "contact_नाम"],
    ["Имя", "contact_имя"],
    ["Tier 2", "contact_tier_2"],
    ["contact_key", "contact_contact_key"],
    ["%", "contact_unnamed"],
    ["😀", "contact_unnamed"],
    ["", "contact_unnamed"],
    [" ", "contact_unnamed"],
    ['a"b;DROP TABLE x', "contact_a_b_drop_table_x"],
    ["__proto__", "contact_proto"],
    ["a".repeat(200), `contact_${"a".repeat(200)}`],
    ["a".repeat(201), `contact_${"a".repeat(200)}`],
    ["7".repeat(8_000_000), `contact_${"7".repeat(200)}`],
    [" ".repeat(8_000_000), "contact_unnamed"],
    [`${"_".repeat(8_000_000)}A`, "contact_a"],
    [`a${"𐐨".repeat(150)}`, `contact_a${"𐐨".repeat(99)}`],
  ])("%.40j becomes %.60s", (header, column) => {
    expect(contactColumnName(header)).toBe(column);
  });

  test("is one word in lower case, whatever the header", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (header) => {
        const column = contactColumnName(header);
        expect(column).toMatch(/^contact_[\p{L}\p{M}\p{N}_]+$/u);
        expect(column).toBe(column.toLowerCase());
      }),
    );
  });
});

describe("cleanName", () => {
  test.each([
    ["SIGNAL_ID", "SIGNAL_ID"],
    ["\ufeff\ufeffSIGNAL_ID", "SIGNAL_ID"],
    ["SIGNAL_ID\ufeff", "SIGNAL_ID"],
    ["SIGNAL\ufeff_ID", "SIGNAL_ID"],
    [" \t SIGNAL_ID\r\n", "SIGNAL_ID"],
    ["\u00a0SIGNAL_ID\u2007", "SIGNAL_ID"],
    ["\u3000SIGNAL_ID\u2003\u202f\u205f\u1680\u2800\u0085", "SIGNAL_ID"],
    ["\u200b\u200c\u200d\u2060SIGNAL_ID\u200e\u00ad\u180e", "SIGNAL_ID"],
    ["SIG\u200bNAL\u200d_\u2060ID", "SIGNAL_ID"],
    ["SIGNAL_ID\0", "SIGNAL_ID"],
    ["\u3164SIGNAL_ID\u115f\ufe0f", "SIGNAL_ID"],
    ['"SIGNAL_ID"', "SIGNAL_ID"],
    ["'SIGNAL_ID'", "SIGNAL_ID"],
    ["`SIGNAL_ID`", "SIGNAL_ID"],
    ["\u201cSIGNAL_ID\u201d", "SIGNAL_ID"],
    ["\u201eSIGNAL_ID\u201c", "SIGNAL_ID"],
    ["\u2018SIGNAL_ID\u2019", "SIGNAL_ID"],
    ["\u00abSIGNAL_ID\u00bb", "SIGNAL_ID"],
    ["\u00ab\u00a0SIGNAL_ID\u00a0\u00bb", "SIGNAL_ID"],
    ["\uff02SIGNAL_ID\uff02", "SIGNAL_ID"],
    ["\u300cSIGNAL_ID\u300d", "SIGNAL_ID"],
    ['""SIGNAL_ID""', "SIGNAL_ID"],
    [`"' \ufeff"SIGNAL_ID" '"`, "SIGNAL_ID"],
    ["Pre\u0301nom", "Pr\u00e9nom"],
    ["Customer\u00a0ID", "Customer ID"],
    ["Customer  ID", "Customer  ID"],
    ["Customer_ID", "Customer_ID"],
    ["customer id", "customer id"],
    [`"; DROP TABLE x; --'`, `"; DROP TABLE x; --'`],
    // One quote wraps nothing, and joiners between letters of some scripts are part of the word.
    ["it's", "it's"],
    ['"', '"'],
    ["5\u2033", "5\u2033"],
    ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"],
    ["\u{1f468}\u200d\u{1f469}", "\u{1f468}\u200d\u{1f469}"],
    ['""', ""],
    ["\u200b", ""],
  ])("%j is %j", (name, clean) => {
    expect(cleanName(name)).toBe(clean);
  });

  test("takes away whatever stands around a name, in any order and number", () => {
    const around = fc.array(
      fc.constantFrom("\ufeff", " ", "\t", "\u00a0", "\u2007", "\u3000", "\u200b", "\u200d", "\u2060", "\u00ad", '"', "'", "\u201c", "\u00bb"),
      {
        maxLength: 8,
      },
    );
    const isQuote = (text: string) => /["'\u201c\u00bb]/.test(text);
    fc.assert(
      fc.property(around, around, (before, behind) => {
        // The same quotes on either side, or some are left.
        const right = [...behind.filter((text) => !isQuote(text)), ...before.filter(isQuote).toReversed()];
        expect(cleanName([...before, "TLTSID", ...right].join(""))).toBe("TLTSID");
      }),
    );
  });

  test("has nothing left to do afterwards", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        const clean = cleanName(name);
        expect(cleanName(clean)).toBe(clean);
      }),
    );
  });
});

test.each([
  ["Customer ID", "Customer Id", true],
  ["Customer ID", "customer_id", true],
  ["Customer ID", "CustomerID", true],
  ["Pr\u00e9nom", "Prenom", true],
  ["E-Mail", "Email", true],
  ["Email", "Email 2", false],
  ["\u0418\u043c\u044f", "\u0438\u043c\u044f", true],
])("%j and %j differ only in spelling: %j", (one, other, expected) => {
  expect(spellingOf(one) === spellingOf(other)).toBe(expected);
});

test.each([
  ["orderId", "order_id"],
  ["url", "url"],
  ["identificationFromLogin", "identification_from_login"],
])("snakeCase of %s is %s", (name, expected) => {
  expect(snakeCase(name)).toBe(expected);
});

test("what is quoted for SQL cannot end its quotes", () => {
  expect(quoteIdentifier('a"b')).toBe('"a""b"');
  expect(quoteText("it's")).toBe("'it''s'");
});
