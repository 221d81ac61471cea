/** Reads JSON that is known to be valid, of any kind, up to an end: of what is none it reads anything, but nothing beyond its end. */
import { BACKSLASH, CASE, COLON, COMMA, DASH, POINT, QUOTE, SPACE, ZERO } from "../bytes.ts";
import { isDigit } from "./characters.ts";
import { VECTOR } from "./sizes.ts";

const E: u8 = 0x65;
const PLUS: u8 = 0x2b;

/** The place that is read next, and where the text ends. */
export let at: usize = 0;
export let end: usize = 0;

/** Begins to read a text. */
export function read(start: usize, textEnd: usize): void {
  at = start;
  end = textEnd;
}

export function goTo(place: usize): void {
  at = place;
}

/** The byte that is next; 0 at the end. */
export function peek(): u8 {
  return at < end ? load<u8>(at) : 0;
}

/** Passes some bytes. */
export function pass(bytes: usize): void {
  at += bytes;
}

/** Passes what says nothing: white space, commas, colons, and a byte order mark. */
export function passOther(): void {
  let from = at;
  for (; from < end; from += 1) {
    const byte = load<u8>(from);
    if (byte > <u8>SPACE && byte != COMMA && byte != COLON && byte != 0xef && byte != 0xbb && byte != 0xbf) break;
  }
  at = from;
}

/** Passes a closing bracket, if that is next. @returns whether it is, or the text ends */
export function passClosing(closing: u32): bool {
  passOther();
  if (at >= end) return true;
  if (load<u8>(at) != closing) return false;
  at += 1;
  return true;
}

/** Passes a string. @returns whether it has escapes */
export function passString(): bool {
  let isEscaped = false;
  const quotes = i8x16.splat(<i8>QUOTE);
  const backslashes = i8x16.splat(<i8>BACKSLASH);
  let from = at + 1;
  while (from < end) {
    const some = v128.load(from);
    const found = i8x16.bitmask(v128.or(i8x16.eq(some, quotes), i8x16.eq(some, backslashes)));
    if (found == 0) {
      from += VECTOR;
      continue;
    }
    from += ctz(found);
    if (from >= end) break;
    if (load<u8>(from) == QUOTE) {
      at = from + 1;
      return isEscaped;
    }
    isEscaped = true;
    from += 2;
  }
  at = end + 1;
  return isEscaped;
}

/** Where the digits of a number are that count, and how they count. */
export let firstDigit: usize = 0;
export let lastDigit: usize = 0;
export let isNegative: bool = false;
/** The point stands so many digits behind the first one that counts, its exponent included. */
export let scale: i64 = 0;

/** Passes a number. @returns whether any of its digits counts: zeros at either end do not */
export function passNumber(): bool {
  isNegative = passSign();
  let from = at;
  let point: usize = 0;
  let first: usize = 0;
  let last: usize = 0;
  for (; from < end; from += 1) {
    const byte = load<u8>(from);
    if (byte == POINT) point = from;
    else if (!isDigit(byte)) break;
    else if (byte != ZERO) {
      if (first == 0) first = from;
      last = from;
    }
  }
  const wholeEnd = point == 0 ? from : point;
  const places = first < wholeEnd ? <i64>(wholeEnd - first) : -(<i64>(first - wholeEnd - 1));
  at = from;
  scale = places + passExponent();
  firstDigit = first;
  lastDigit = last;
  return first != 0;
}

function passExponent(): i64 {
  if (at >= end || (load<u8>(at) | CASE) != E) return 0;
  at += 1;
  const isSmall = passSign();
  if (peek() == PLUS) at += 1;
  let exponent: i64 = 0;
  for (; at < end && isDigit(load<u8>(at)); at += 1) if (exponent < 1_000_000_000_000) exponent = exponent * 10 + (load<u8>(at) - ZERO);
  return isSmall ? -exponent : exponent;
}

function passSign(): bool {
  if (peek() != DASH) return false;
  at += 1;
  return true;
}
