/** Times as Connect writes them: 2025-09-14T10:02:11.480Z. */
import { COLON, DASH, POINT, ZERO } from "../bytes.ts";

const T: u8 = 0x54;
const Z: u8 = 0x5a;

/** Characters of one. */
export const TIME_LENGTH: usize = 24;

/** Whether there is a time with milliseconds and Z, of the years 1000 to 2999: what the row path takes as it is written. */
export function isTime(start: usize): bool {
  // Digits, and what is between them: dddd-dd-ddTdd:dd and :dd.dddZ.
  const head = v128.load(start);
  const tail = load<u64>(start + 16);
  const zeros = i8x16.splat(<i8>ZERO);
  const digits = i8x16.le_u(i8x16.sub(head, zeros), i8x16.splat(9));
  if (i8x16.bitmask(digits) != 0b1101101101101111) return false;
  if (load<u8>(start + 4) != DASH || load<u8>(start + 7) != DASH || load<u8>(start + 10) != T || load<u8>(start + 13) != COLON) return false;
  if (<u8>tail != COLON || <u8>(tail >> 24) != POINT || <u8>(tail >> 56) != Z) return false;
  for (let at = start + 17; at < start + 23; at += 1) if (at != start + 19 && <u8>(load<u8>(at) - ZERO) > 9) return false;
  const year = yearAt(start);
  const month = two(start + 5);
  const day = two(start + 8);
  return (
    year >= 1000 &&
    year <= 2999 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysOf(year, month) &&
    two(start + 11) <= 23 &&
    load<u8>(start + 14) <= 0x35 &&
    load<u8>(start + 17) <= 0x35
  );
}

function daysOf(year: u32, month: u32): u32 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

function yearAt(start: usize): u32 {
  return two(start) * 100 + two(start + 2);
}

function two(start: usize): u32 {
  return <u32>(load<u8>(start) - ZERO) * 10 + <u32>(load<u8>(start + 1) - ZERO);
}

/** The microseconds since 1970 of a canonical time. */
export function microsecondsOf(start: usize): i64 {
  // Days of the Gregorian calendar, in years that begin in March (http://howardhinnant.github.io/date_algorithms.html).
  const month = two(start + 5);
  const year = yearAt(start) - (month <= 2 ? 1 : 0);
  const era = year / 400;
  const yearOfEra = year - era * 400;
  const dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + two(start + 8) - 1;
  const days = <i64>(era * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear) - 719468;
  const seconds = days * 86400 + <i64>(two(start + 11) * 3600 + two(start + 14) * 60 + two(start + 17));
  return seconds * 1000000 + <i64>(two(start + 20) * 10 + <u32>(load<u8>(start + 22) - ZERO)) * 1000;
}
