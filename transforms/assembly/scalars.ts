/** Reads true, false and numbers: what was read last is told beside. */
import { DASH, POINT, QUOTE, ZERO } from "../bytes.ts";
import { isDigit } from "./characters.ts";
import { goTo, peek, place } from "./cursor.ts";

const TRUE: u32 = 0x65757274;
const ALSE: u32 = 0x65736c61;
const ONE: u8 = 0x31;

/** Characters of a number, its sign and point among them. */
const MOST_CHARACTERS: usize = 40;

/** Where the scalar stands, without quotes. */
export let scalarStart: usize = 0;
export let scalarEnd: usize = 0;
/** Digits of the number before and behind its point. */
let wholeDigits: u32 = 0;
let fractionDigits: u32 = 0;

/** Reads true, false, or a number. */
export function readScalar(): bool {
  const start = place();
  const byte = load<u8>(start);
  if (byte == 0x74) {
    if (load<u32>(start) != TRUE) return false;
    goTo(start + 4);
  } else if (byte == 0x66) {
    if (load<u32>(start + 1) != ALSE) return false;
    goTo(start + 5);
  } else if (!readNumber()) return false;
  scalarStart = start;
  scalarEnd = place();
  return true;
}

/** Reads a number without an exponent. */
function readNumber(): bool {
  const start = place();
  let from = start;
  if (load<u8>(from) == DASH) from += 1;
  const whole = from;
  while (isDigit(load<u8>(from))) from += 1;
  wholeDigits = <u32>(from - whole);
  fractionDigits = 0;
  if (wholeDigits == 0 || (wholeDigits > 1 && load<u8>(whole) == ZERO)) return false;
  if (load<u8>(from) == POINT) {
    from += 1;
    const fraction = from;
    while (isDigit(load<u8>(from))) from += 1;
    fractionDigits = <u32>(from - fraction);
    if (fractionDigits == 0) return false;
  }
  goTo(from);
  return from - start <= MOST_CHARACTERS;
}

/** Digits that a decimal has at most before its point, and behind it. */
let mostWhole: u32 = 0;
export let decimalPlaces: u32 = 0;

/** Says how many digits a decimal has before its point, and behind it. */
export function setDecimal(whole: u32, places: u32): void {
  mostWhole = whole;
  decimalPlaces = places;
}

/** Whether the number that readDecimal() has read has more places than a decimal, and is to be rounded. */
export let isRounded: bool = false;

/** Reads a number that a decimal holds, rounded if need be, or a text that is one, as a scalar. */
export function readDecimal(): bool {
  const isText = passQuote();
  const start = place();
  if (!readNumber() || wholeDigits > mostWhole) return false;
  const end = place();
  scalarStart = start;
  scalarEnd = end;
  isRounded = fractionDigits > decimalPlaces && !areZeros(end - fractionDigits + decimalPlaces, end);
  // Up is too large, perhaps.
  if (isRounded && wholeDigits == mostWhole) return false;
  return !isText || passQuote();
}

/** Reads true, false, 1 or 0, or a text that is one of them, as a scalar. */
export function readBoolean(): bool {
  const isText = passQuote();
  const first = peek();
  if (first == ZERO || first == ONE) {
    scalarStart = place();
    scalarEnd = scalarStart + 1;
    goTo(scalarEnd);
  } else if (isDigit(first) || first == DASH || !readScalar()) return false;
  return !isText || passQuote();
}

function passQuote(): bool {
  if (peek() != QUOTE) return false;
  goTo(place() + 1);
  return true;
}

function areZeros(start: usize, end: usize): bool {
  for (let from = start; from < end; from += 1) if (load<u8>(from) != ZERO) return false;
  return true;
}
