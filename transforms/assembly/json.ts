/** Reads JSON, at a place: each function stops behind what it has read, and says whether that is there. A zero ends the text. */
import { BACKSLASH, CLOSE, CLOSE_LIST, COLON, COMMA, DASH, isDigit, OPEN, OPEN_LIST, POINT, QUOTE, SLASH, ZERO } from "./bytes";

const U: u8 = 0x75;
const TRUE: u32 = 0x65757274;
const ALSE: u32 = 0x65736c61;
const NULL: u32 = 0x6c6c756e;
const EMPTY_TEXT: u16 = 0x2222;
const ONE: u8 = 0x31;

/** Characters of a number, its sign and point among them. */
const MOST_DIGITS: usize = 40;
/** How deep lists and objects nest in a value, and how many keys those of them have that are open. */
const MOST_DEPTH: i32 = 16;
const MOST_KEYS: u32 = 256;

/** The place that is read next. */
let at: usize = 0;
/** Whether the value that readAny() has read is written otherwise by JSON.stringify. */
export let isLoose: bool = false;

export function begin(place: usize): void {
  at = place;
}

export function place(): usize {
  return at;
}

export function peek(): u8 {
  return load<u8>(at);
}

/** Passes a character, and gives it. */
export function pass(): u8 {
  const byte = load<u8>(at);
  at += 1;
  return byte;
}

export function passSpace(): void {
  for (;;) {
    const byte = load<u8>(at);
    if (byte > 0x20 || (byte != 0x20 && byte != 0x0a && byte != 0x09 && byte != 0x0d)) return;
    at += 1;
    isLoose = true;
  }
}

/** Passes what is between a name and its value. */
export function passColon(): bool {
  passSpace();
  if (load<u8>(at) != COLON) return false;
  at += 1;
  passSpace();
  return true;
}

/** Passes an opening bracket. @returns whether the closing one is behind it, which is passed then, too */
export function passOpening(closing: u8): bool {
  at += 1;
  passSpace();
  if (load<u8>(at) != closing) return false;
  at += 1;
  return true;
}

/** What comes behind a member: another one, the closing bracket, or what does not belong there. */
export const MORE: i32 = 1;
export const LAST: i32 = 0;
export const NEITHER: i32 = -1;

/** Passes what is behind a member, up to the next one. */
export function passMember(closing: u8): i32 {
  passSpace();
  const byte = pass();
  if (byte == closing) return LAST;
  if (byte != COMMA) return NEITHER;
  passSpace();
  return MORE;
}

export function passNull(): bool {
  if (load<u32>(at) != NULL) return false;
  at += 4;
  return true;
}

/** Passes a text without characters: but for texts, no value. */
export function passEmptyText(): bool {
  if (load<u16>(at) != EMPTY_TEXT) return false;
  at += 2;
  return true;
}

// What was read last.
export let nameStart: usize = 0;
export let nameLength: usize = 0;
export let nameHash: u32 = 0;
export let stringStart: usize = 0;
export let stringEnd: usize = 0;
export let isEscaped: bool = false;
export let scalarStart: usize = 0;
export let scalarEnd: usize = 0;
let wholeDigits: u32 = 0;
let fractionDigits: u32 = 0;

/** Reads a key without escapes. Its hash: see transforms/content-plan.ts. */
export function readName(): bool {
  if (load<u8>(at) != QUOTE) return false;
  const start = at + 1;
  let from = start;
  let hash: u32 = 0;
  for (;;) {
    const byte = load<u8>(from);
    if (byte == QUOTE) break;
    if (byte == BACKSLASH || byte < 0x20) return false;
    hash = hash * 31 + byte;
    from += 1;
  }
  nameStart = start;
  nameLength = from - start;
  nameHash = hash;
  at = from + 1;
  return true;
}

/** Reads a text. */
export function readString(): bool {
  if (peek() != QUOTE) return false;
  const quotes = i8x16.splat(QUOTE);
  const backslashes = i8x16.splat(BACKSLASH);
  const controls = i8x16.splat(0x1f);
  isEscaped = false;
  let from = at + 1;
  stringStart = from;
  while (true) {
    const some = v128.load(from);
    const found = i8x16.bitmask(v128.or(v128.or(i8x16.eq(some, quotes), i8x16.eq(some, backslashes)), i8x16.le_u(some, controls)));
    if (found == 0) {
      from += 16;
      continue;
    }
    from += ctz(found);
    const byte = load<u8>(from);
    if (byte == QUOTE) {
      stringEnd = from;
      at = from + 1;
      return true;
    }
    if (byte != BACKSLASH) return false;
    const escape = load<u8>(from + 1);
    if (escape == U) {
      // No control characters, which are written in many ways, and no halves of pairs, which no database takes.
      const code = hexAt(from + 2);
      if (code < 0x20 || (code & 0xfc00) == 0xdc00) return false;
      if ((code & 0xfc00) == 0xd800) {
        if (load<u8>(from + 6) != BACKSLASH || load<u8>(from + 7) != U || (hexAt(from + 8) & 0xfc00) != 0xdc00) return false;
        from += 6;
      }
      from += 4;
      isLoose = true;
    } else if (escape == SLASH) isLoose = true;
    // b, f, n, r, t.
    else if (escape != QUOTE && escape != BACKSLASH && escape != 0x62 && escape != 0x66 && escape != 0x6e && escape != 0x72 && escape != 0x74)
      return false;
    isEscaped = true;
    from += 2;
  }
}

/** The character of an escape by number, or of two that are a pair, which readString() has found to be one. @param start behind its u */
export function codeAt(start: usize): u32 {
  const code = hexAt(start);
  return (code & 0xfc00) == 0xd800 ? 0x10000 + ((code & 0x3ff) << 10) + (hexAt(start + 6) & 0x3ff) : code;
}

/** Four hexadecimal digits; 0 where they are none. */
function hexAt(start: usize): u32 {
  let code: u32 = 0;
  for (let from = start; from < start + 4; from += 1) {
    const byte = load<u8>(from);
    const letter = byte | 0x20;
    if (isDigit(byte)) code = (code << 4) + (byte - ZERO);
    else if (letter >= 0x61 && letter <= 0x66) code = (code << 4) + (letter - 0x57);
    else return 0;
  }
  return code;
}

/** Reads true, false, or a number. */
export function readScalar(): bool {
  const byte = load<u8>(at);
  scalarStart = at;
  if (byte == 0x74) {
    if (load<u32>(at) != TRUE) return false;
    at += 4;
  } else if (byte == 0x66) {
    if (load<u32>(at + 1) != ALSE) return false;
    at += 5;
  } else if (!readNumber()) return false;
  scalarEnd = at;
  return true;
}

/** Reads a number without an exponent. */
function readNumber(): bool {
  const start = at;
  if (load<u8>(at) == DASH) at += 1;
  const whole = at;
  while (isDigit(load<u8>(at))) at += 1;
  wholeDigits = <u32>(at - whole);
  fractionDigits = 0;
  if (wholeDigits == 0 || (wholeDigits > 1 && load<u8>(whole) == ZERO)) return false;
  if (load<u8>(at) == POINT) {
    at += 1;
    const fraction = at;
    while (isDigit(load<u8>(at))) at += 1;
    fractionDigits = <u32>(at - fraction);
    if (fractionDigits == 0) return false;
  }
  return at - start <= MOST_DIGITS;
}

/** Whether the number that readDecimal() has read has more places than a decimal, and DuckDB is to round it. */
export let isRounded: bool = false;

/** Digits of a decimal before and behind its point: DECIMAL(18,4). */
const WHOLE_DIGITS: u32 = 14;
const FRACTION_DIGITS: u32 = 4;

/** Reads a number that DECIMAL(18,4) holds, rounded if need be, or a text that is one, as a scalar. */
export function readDecimal(): bool {
  const isText = load<u8>(at) == QUOTE;
  if (isText) at += 1;
  scalarStart = at;
  if (!readNumber() || wholeDigits > WHOLE_DIGITS) return false;
  scalarEnd = at;
  isRounded = fractionDigits > FRACTION_DIGITS && !areZeros(at - fractionDigits + FRACTION_DIGITS, at);
  // Up is too large, perhaps.
  if (isRounded && wholeDigits == WHOLE_DIGITS) return false;
  if (!isText) return true;
  if (load<u8>(at) != QUOTE) return false;
  at += 1;
  return true;
}

/** Reads true, false, 1 or 0, or a text that is one of them, as a scalar. */
export function readBoolean(): bool {
  const isText = load<u8>(at) == QUOTE;
  if (isText) at += 1;
  const first = load<u8>(at);
  if (first == ZERO || first == ONE) {
    scalarStart = at;
    at += 1;
    scalarEnd = at;
  } else if (isDigit(first) || first == DASH || !readScalar()) return false;
  if (!isText) return true;
  if (load<u8>(at) != QUOTE) return false;
  at += 1;
  return true;
}

function areZeros(start: usize, end: usize): bool {
  for (let from = start; from < end; from += 1) if (load<u8>(from) != ZERO) return false;
  return true;
}

/** Reads a list of texts. */
export function readTexts(): bool {
  if (peek() != OPEN_LIST) return false;
  let next = passOpening(CLOSE_LIST) ? LAST : MORE;
  while (next == MORE) next = readString() ? passMember(CLOSE_LIST) : NEITHER;
  return next != NEITHER;
}

/** Keys of objects that are open: place and length. */
const keys = memory.data(256 * 8);
let keyCount: u32 = 0;

/** Reads a value of any kind, whose objects have each key once, in the order that JavaScript gives them. */
export function readAny(): bool {
  isLoose = false;
  return readValue(0);
}

function readValue(depth: i32): bool {
  const first = peek();
  if (first == QUOTE) return readString();
  if (first != OPEN && first != OPEN_LIST) return passNull() || readScalar();
  if (depth == MOST_DEPTH) return false;
  const isObject = first == OPEN;
  const closing = isObject ? CLOSE : CLOSE_LIST;
  const firstKey = keyCount;
  let next = passOpening(closing) ? LAST : MORE;
  while (next == MORE) {
    next = (!isObject || (readKey(firstKey) && passColon())) && readValue(depth + 1) ? passMember(closing) : NEITHER;
  }
  keyCount = firstKey;
  return next != NEITHER;
}

/** Reads a key that its object does not have yet, and that is no whole number: JavaScript would put it first. */
function readKey(firstKey: u32): bool {
  if (!readString() || isEscaped) return false;
  const length = stringEnd - stringStart;
  if (length == 0 || isDigit(load<u8>(stringStart)) || keyCount == MOST_KEYS) return false;
  for (let index = firstKey; index < keyCount; index += 1) {
    const key = keys + ((<usize>index) << 3);
    if (<usize>load<u32>(key + 4) == length && memory.compare(load<u32>(key), stringStart, length) == 0) return false;
  }
  const key = keys + ((<usize>keyCount) << 3);
  store<u32>(key, <u32>stringStart);
  store<u32>(key + 4, <u32>length);
  keyCount += 1;
  return true;
}
