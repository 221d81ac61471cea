import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contactColumnName, quoteIdentifier, quoteText, snakeCase } from "../../schemas/names.ts";

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
