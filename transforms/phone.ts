/** Reading phone numbers as people write them. What a number means is libphonenumber's word, with the metadata of every country; nothing is guessed beside it. */
import { type CountryCode, isSupportedCountry, type PhoneNumber, parsePhoneNumberWithError } from "libphonenumber-js/max";
import { type PhoneFault, PHONE_LOOKS } from "../schemas/reference-set.ts";

/** A number in E.164 with what is doubtful about it, or the fault of a text that is none. */
export type PhoneReading =
  | {
      number: string;
      /** Its length is right, but no numbering plan has it: a new range, or a typing error. */
      isUnknown: boolean;
    }
  | { fault: PhoneFault };

/** The ISO 3166 code of a country that has phone numbers, in capitals. */
export const isPhoneCountry = (code: string): code is CountryCode => isSupportedCountry(code);

/** Digits of any script, blanks, and the signs that people put between digits, once the plus at the start is taken off. */
const SIGNS = /^[\p{Nd}\s()./\-\u2010-\u2015\u2212]+$/u;
const E164 = new RegExp(`^${PHONE_LOOKS}$`);

/**
 * Reads one number. What is E.164 already stays as it is.
 * @param country whose numbers may come without a country code; undefined: none may
 */
export function readPhone(text: string, country: CountryCode | undefined): PhoneReading {
  // Full-width digits and signs become plain ones, and marks of writing direction, which contact lists add, are no part of a number.
  const written = text
    .normalize("NFKC")
    .replace(/\p{Cf}/gu, "")
    .trim();
  const international = written.startsWith("+");
  if (!SIGNS.test(international ? written.slice(1) : written)) return { fault: "signs" };
  if (isSeveral(written, country)) return { fault: "several" };
  const read = parse(written, country);
  if (!(read instanceof Object)) return { fault: faultOf(read, international) };
  if (!read.isPossible()) return { fault: "length" };
  if (E164.test(text)) return { number: text, isUnknown: read.number !== text || !read.isValid() };
  // (0) is dialled in Italy, and only at home in Germany. Where the country's plan has neither taken it off nor a number with it, nobody knows.
  if (/\(\s*0\s*\)/.test(written) && !read.isValid()) {
    const digits = written.replace(/\P{Nd}/gu, "").length;
    if (read.number.length - 1 >= digits) return { fault: "zero" };
  }
  if (!international && isAmbiguous(written, read)) return { fault: "ambiguous" };
  // The country was ours to add: what no plan has would become somebody's number by guessing.
  if (!international && !read.isValid()) return { fault: "plan" };
  return { number: read.number, isUnknown: !read.isValid() };
}

/** The library's number, or its word for what is wrong. */
function parse(text: string, country: CountryCode | undefined): PhoneNumber | string {
  try {
    return parsePhoneNumberWithError(text, { extract: false, ...(country === undefined ? {} : { defaultCountry: country }) });
  } catch (error) {
    return (error as Error).message;
  }
}

function faultOf(word: string, international: boolean): PhoneFault {
  if (word === "INVALID_COUNTRY") return international ? "country_code" : "country";
  return word === "NOT_A_NUMBER" ? "signs" : "length";
}

/** "030 123456/654321", "+49 30 123456 - 17": what stands before the stroke is a number by itself. */
function isSeveral(text: string, country: CountryCode | undefined): boolean {
  const [before = "", ...others] = text.split(/\/|\s[-\u2010-\u2015\u2212]\s/);
  if (others.length === 0) return false;
  const read = parse(before, country);
  return read instanceof Object && read.isValid();
}

/** "491701234567" in Germany: the country code without its plus, or the town 4917? */
function isAmbiguous(text: string, read: PhoneNumber): boolean {
  const other = parse(`+${text.replace(/\P{Nd}/gu, "")}`, undefined);
  return other instanceof Object && other.isValid() && other.countryCallingCode === read.countryCallingCode && other.number !== read.number;
}
