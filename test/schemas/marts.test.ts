/** What says who a contact is where nobody has said it. */
import { describe, expect, test } from "vitest";
import { readConfig } from "../../schemas/config.ts";
import { defaultKeys } from "../../schemas/marts.ts";

describe("the keys that names decide", () => {
  test.each<[why: string, headers: string[], keys: string[]]>([
    ["a customer number before e-mail and phone", ["Email", "Mobile Number", "Customer ID"], ["Customer ID", "Email", "Mobile Number"]],
    ["however it is written", ["E-Mail Address", "customer_no", "phone-number"], ["customer_no", "E-Mail Address", "phone-number"]],
    ["only one customer number, the likeliest", ["User ID", "CRM ID", "Contact Key", "Email"], ["Contact Key", "Email"]],
    ["an e-mail address where there is none", ["SMS", "First Name", "Email"], ["Email", "SMS"]],
    ["a phone number where there is nothing else", ["Phone", "Country"], ["Phone"]],
    ["e-mail addresses in the order of their likelihood", ["Mail", "Email"], ["Email", "Mail"]],
    ["nothing of other names", ["First Name", "Birthday", "Loyalty Tier", "Country", "Kundennummer", "Email Consent"], []],
    ["nothing of nothing", [], []],
  ])("%s", (_, headers, keys) => {
    expect(defaultKeys(headers)).toEqual(keys);
    expect(defaultKeys(headers.toReversed())).toEqual(keys);
  });
});

describe("the configuration", () => {
  test("has no keys of its own, and seven days a channel", () => {
    const { contacts, attribution } = readConfig({}, "a test");
    expect([contacts, attribution]).toEqual([{}, { windowDays: { email: 7, sms: 7, whatsapp: 7 } }]);
  });
  test("takes one channel's days alone", () => {
    expect(readConfig({ attribution: { windowDays: { sms: 2 } } }, "a test").attribution.windowDays).toEqual({ email: 7, sms: 2, whatsapp: 7 });
  });
  test("has headers as files have them, once they are cleaned", () => {
    expect(readConfig({ contacts: { keys: ["\uFEFF Kunden-Nr\u00a0", "Gro\u0308\u00dfe"] } }, "a test").contacts.keys).toEqual([
      "Kunden-Nr",
      "Gr\u00f6\u00dfe",
    ]);
  });
  test.each([
    ["contacts.keys", { contacts: { keys: [] } }],
    ["contacts.keys", { contacts: { keys: ["Email", "Email "] } }],
    ["contacts.keys.0", { contacts: { keys: [" "] } }],
    ["attribution.windowDays.email", { attribution: { windowDays: { email: 0 } } }],
    ["attribution.windowDays.sms", { attribution: { windowDays: { sms: 1.5 } } }],
  ])("refuses %s: %j", (name, input) => {
    expect(() => readConfig(input, "a test")).toThrow(`${name}: `);
  });
});
