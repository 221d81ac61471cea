import { describe, expect, test } from "vitest";
import type { PhoneFault } from "../../schemas/reference-set.ts";
import { isPhoneCountry, readPhone } from "../../transforms/phone.ts";

const read = (text: string, country?: string) => readPhone(text, country !== undefined && isPhoneCountry(country) ? country : undefined);

describe("numbers that are read", () => {
  test.each<[text: string, country: string | undefined, number: string]>([
    ["+39 06 1234567", undefined, "+39061234567"],
    ["+39 (0)6 1234567", undefined, "+39061234567"],
    ["+49 (0)170 1234567", undefined, "+491701234567"],
    ["+49 (0)170 / 123-45.67", undefined, "+491701234567"],
    ["+44 (0)20 7946 0958", undefined, "+442079460958"],
    ["+41 (0)44 668 18 00", undefined, "+41446681800"],
    ["+33 (0)1 42 68 53 00", undefined, "+33142685300"],
    ["+1 (415) 555-2671", undefined, "+14155552671"],
    ["+225 07 01 02 03 04", undefined, "+2250701020304"],
    ["+800 1234 5678", undefined, "+80012345678"],
    ["0049 170 1234567", "DE", "+491701234567"],
    ["(0049) 170 1234567", "DE", "+491701234567"],
    ["0170 1234567", "DE", "+491701234567"],
    ["0170/1234567", "DE", "+491701234567"],
    ["06 1234567", "IT", "+39061234567"],
    ["011 49 170 1234567", "US", "+491701234567"],
    ["(415) 555-2671", "US", "+14155552671"],
    ["1 415 555 2671", "US", "+14155552671"],
    ["+44 20 7946 0958", "DE", "+442079460958"],
    // As people's devices write them: full-width digits, blanks that do not break, marks of writing direction, a typographic dash.
    ["＋４９ １７０ １２３４５６７", undefined, "+491701234567"],
    ["\u202a+49\u00a0170\u00a0123\u20114567\u202c", undefined, "+491701234567"],
  ])("%s, %s", (text, country, number) => expect(read(text, country)).toEqual({ number, isUnknown: false }));
});

test.each(["+39061234567", "+491701234567", "+14155552671", "+80012345678"])("%s is E.164 and stays", (text) =>
  expect(read(text)).toEqual({ number: text, isUnknown: false }),
);

describe("numbers of a right length that no plan has are kept, and told", () => {
  test.each([
    ["+1 (555) 010-4567", "+15550104567"],
    ["+15550104567", "+15550104567"],
    // Written as E.164 it is left alone, though its zero is one that Germany does not dial from abroad.
    ["+4901701234567", "+4901701234567"],
    ["+39 6 1234567", "+3961234567"],
  ])("%s", (text, number) => expect(read(text)).toEqual({ number, isUnknown: true }));
});

describe("numbers that nobody can be sure of", () => {
  test.each<[text: string, country: string | undefined, fault: PhoneFault]>([
    ["0170 1234567", undefined, "country"],
    ["0049 170 1234567", undefined, "country"],
    ["491701234567", undefined, "country"],
    ["+999 12345678", undefined, "country_code"],
    ["+0049 170 1234567", "DE", "country_code"],
    ["+49", undefined, "length"],
    ["+49 1", undefined, "length"],
    ["110", "DE", "length"],
    ["+1234567890123456", undefined, "length"],
    ["+123456789012345", undefined, "length"],
    ["+1 415 555 267", undefined, "length"],
    ["+1 800 FLOWERS", undefined, "signs"],
    ["+49 30 12345 ext. 5", undefined, "signs"],
    ["+49 30 12345 x5", undefined, "signs"],
    ["+49 30 12345 #5", undefined, "signs"],
    ["tel:+491701234567", undefined, "signs"],
    ["+49 170 1234567, +49 171 7654321", undefined, "signs"],
    ["+49 170 1234567 +49 171 7654321", undefined, "signs"],
    ["n/a", undefined, "signs"],
    ["-", "DE", "signs"],
    ["+49 30 12345678/87654321", undefined, "several"],
    ["030 12345678 - 17", "DE", "several"],
    ["+36 (0)1 234 5678", undefined, "zero"],
    ["+48 (0)22 123 45 67", undefined, "zero"],
    ["491701234567", "DE", "ambiguous"],
    ["12345", "DE", "plan"],
    ["1234567890", "US", "plan"],
  ])("%s, %s", (text, country, fault) => expect(read(text, country)).toEqual({ fault }));
});

test("countries are ISO 3166 codes", () => expect(["DE", "GB", "UK", "de", "Germany", ""].filter(isPhoneCountry)).toEqual(["DE", "GB"]));
