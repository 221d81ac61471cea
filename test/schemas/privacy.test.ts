/** What privacy may list, and how values are made equal before they are hashed. */
import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { readConfig } from "../../schemas/config.ts";
import { doubtful, type Fold, foldedText, foldOf, isPseudonym, pseudonym, spellingsOfField } from "../../schemas/privacy.ts";

const KEY = Buffer.from("0123456789abcdef");

test.each([
  [{ columns: { SIGNAL_ID: "drop" } }, "privacy.columns.SIGNAL_ID: SIGNAL_ID is a column of Connect's exports"],
  [{ columns: { EMAIL_SUBJECT: "pseudonym" } }, "privacy.columns.EMAIL_SUBJECT: EMAIL_SUBJECT is a column of Connect's exports"],
  [{ columns: { Email: "hash" } }, "privacy.columns.Email: expected one of drop, pseudonym"],
  [{ columns: { " ": "drop" } }, "expected the header of a contact attribute"],
  [{ fields: { signalType: "drop" } }, "privacy.fields.signalType: signalType says what a signal is"],
  [{ fields: { signalContent: "drop" } }, "signalContent says what a signal is, or holds what it says"],
  [{ fields: { isTest: "drop" } }, "isTest says what a signal is"],
  [{ fields: { unitPrice: "pseudonym" } }, "privacy.fields.unitPrice: unitPrice is a number, which no pseudonym fits: it can be dropped only"],
  [{ fields: { quantity: "pseudonym" } }, "quantity is a number"],
  [{ fields: { optIn: "pseudonym" } }, "optIn is yes or no"],
  [{ fields: { interactionType: "pseudonym" } }, "interactionType is a word of few"],
  [{ fields: { orderedItems: "pseudonym" } }, "orderedItems lists an order's items"],
  [{ fields: { orderTotal: "pseudonym" } }, "orderTotal is a number"],
  [{ columns: { Email: "drop", "E-mail": "pseudonym" } }, '"E-mail" means the same, and is listed otherwise'],
  [{ fields: { "": "drop" } }, "expected the name of a field of SIGNAL_CONTENT"],
  [{ colums: {} }, '"colums" is no setting, but columns is'],
])("what cannot be listed is refused in words: %j", (privacy, message) => {
  expect(() => readConfig({ privacy }, "the configuration")).toThrow(message);
});

test("headers are cleaned as those of files are; by default nothing is listed", () => {
  expect(readConfig({ privacy: { columns: { ' "Email" ': "drop" }, fields: { ipAddress: "drop", unitPrice: "drop" } } }, "c").privacy).toEqual({
    columns: { Email: "drop" },
    fields: { ipAddress: "drop", unitPrice: "drop" },
  });
  expect(readConfig({}, "c").privacy).toEqual({ columns: {}, fields: {} });
});

test.each<[Fold, string, string]>([
  ["email", " Anna@Example.COM ", "anna@example.com"],
  ["email", "ΣΟΦΙΑ@X.GR", "σοφια@x.gr"],
  ["phone", "+49 (171) 12-3", "+49171123"],
  ["phone", "n/a", ""],
  ["exact", " C-17", "C-17"],
  ["exact", "c-17", "c-17"],
  ["lower", "C-17 ", "c-17"],
  ["look", " Anna@Example.com", "anna@example.com"],
  ["look", "Anna at Example", "Anna at Example"],
  ["exact", "\u00a0x\u3000", "x"],
  ["exact", "\tx", "\tx"],
])("%s: %j is compared as %j", (fold, value, expected) => expect(foldedText(value, fold)).toBe(expected));

test("a pseudonym is HMAC-SHA256 of what is compared, whatever the column, and its own pseudonym", () => {
  const hash = createHmac("sha256", KEY).update("pseudonym\u001fanna@example.com").digest("hex").slice(0, 32);
  expect(pseudonym(KEY, "Anna@example.com ", "email")).toBe(`psn_${hash}`);
  expect(pseudonym(KEY, "anna@example.com", "exact")).toBe(`psn_${hash}`);
  expect(pseudonym(KEY, `psn_${hash}`, "phone")).toBe(`psn_${hash}`);
  expect(pseudonym(KEY, " ", "exact")).toBeUndefined();
  expect([isPseudonym(`psn_${hash}`), isPseudonym(`psn_${hash}0`), isPseudonym("psn_anna")]).toEqual([true, false, false]);
});

test("how an attribute's values are compared goes by its name, and by what place it has among the keys", () => {
  const keys = ["Customer ID", "Email", "Member"];
  expect(["Customer ID", "E-mail", "Mobile Number", "Member", "Name"].map((header) => foldOf(header, keys))).toEqual([
    "exact",
    "email",
    "phone",
    "lower",
    "exact",
  ]);
});

test.each([
  ["sessionId", ["sessionId", "session_id"]],
  ["currency", ["currency", "orderCurrency"]],
  ["orderValue", ["orderValue", "orderTotal", "price"]],
  ["constructor", ["constructor"]],
])("%s is looked for under all names that senders give it", (name, names) => expect(spellingsOfField(name)).toEqual(names));

test("names that nothing is known of are told, with those that may be meant", () => {
  const settings = { columns: { Emial: "drop", email: "drop" }, fields: { identiferValue: "drop", ipAddress: "drop", sku: "drop" } } as const;
  expect(doubtful(settings, ["Email", "Name"])).toEqual([
    { name: "Emial", where: "columns", meant: ["Email"] },
    { name: "identiferValue", where: "fields", meant: ["identifierValue"] },
  ]);
  expect(doubtful(settings, [])).toEqual([{ name: "identiferValue", where: "fields", meant: ["identifierValue"] }]);
});
