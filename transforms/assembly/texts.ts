/** What a text looks like, between two places. */
import { DASH, POINT, SPACE, ZERO } from "../bytes.ts";
import { isDigit } from "./characters.ts";

/** Whether it is a number as JSON has it, without an exponent. */
export function isNumber(start: usize, end: usize): bool {
  let from = start < end && load<u8>(start) == DASH ? start + 1 : start;
  const whole = from;
  from = afterDigits(from, end);
  if (from == whole || (from > whole + 1 && load<u8>(whole) == ZERO)) return false;
  if (from < end && load<u8>(from) == POINT) {
    const fraction = from + 1;
    from = afterDigits(fraction, end);
    if (from == fraction) return false;
  }
  return from == end;
}

function afterDigits(start: usize, end: usize): usize {
  let from = start;
  while (from < end && isDigit(load<u8>(from))) from += 1;
  return from;
}

/** Whether it has nothing but blanks, of whatever kind. */
export function isBlank(start: usize, end: usize): bool {
  let from = start;
  while (from < end) {
    const byte = load<u8>(from);
    const two: u32 = from + 1 < end ? load<u8>(from + 1) : 0;
    const three: u32 = from + 2 < end ? load<u8>(from + 2) : 0;
    if (byte <= <u8>SPACE) from += 1;
    // U+00A0.
    else if (byte == 0xc2 && two == 0xa0) from += 2;
    // U+2000 to U+200F, U+202F, U+205F, U+2060; U+3000; U+FEFF.
    else if (byte == 0xe2 && ((two == 0x80 && (three <= 0x8f || three == 0xaf)) || (two == 0x81 && (three == 0x9f || three == 0xa0)))) from += 3;
    else if ((byte == 0xe3 && two == 0x80 && three == 0x80) || (byte == 0xef && two == 0xbb && three == 0xbf)) from += 3;
    else return false;
  }
  return true;
}
