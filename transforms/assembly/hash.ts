/**
 * A hash of what a JSON text says, however it is written: neither the order of keys, nor white space, escapes, or how a number is spelled makes a difference, nor members that say nothing. For texts that
 * are known to be valid JSON; of others it gives anything, and reads nothing beyond their end.
 */
import { BACKSLASH, CLOSE, CLOSE_LIST, COLON, COMMA, DASH, isDigit, OPEN, OPEN_LIST, POINT, QUOTE, ZERO } from "./bytes";

const U: u8 = 0x75;
const T: u8 = 0x74;
const F: u8 = 0x66;
const E: u8 = 0x65;

/** Characters of a hash: 128 bits in hexadecimal digits. */
export const HASH: usize = 32;
/** JSON text inside a JSON text is looked into, so many times. */
const MOST_LAYERS: i32 = 3;

// Odd numbers of MurmurHash3 (x64, 128 bits), which is in the public domain.
const PRIME_A: u64 = 0x87c37b91114253d5;
const PRIME_B: u64 = 0x4cf5ad432745937f;
const END_A: u64 = 0xff51afd7ed558ccd;
const END_B: u64 = 0xc4ceb9fe1a85ec53;

// What a value begins with.
const TRUE_VALUE: u64 = 1;
const FALSE_VALUE: u64 = 2;
const NUMBER_VALUE: u64 = 3;
const STRING_VALUE: u64 = 4;
const LIST_VALUE: u64 = 5;
const OBJECT_VALUE: u64 = 6;

/** The two halves of the hash that is being made, or was. */
let a: u64 = 0;
let b: u64 = 0;

let at: usize = 0;
let end: usize = 0;
/** Where texts with escapes are written out. */
let room: usize = 0;
let roomEnd: usize = 0;
let hasRoom: bool = true;

/**
 * Writes the hash of a JSON text. @param scratch room for the text without its escapes, up to `scratchEnd` @param target room for 32 characters
 * @returns how many were written: 0 where the text says nothing; -1 where there was no room
 */
export function hashContent(start: usize, textEnd: usize, scratch: usize, scratchEnd: usize, target: usize): i32 {
  at = start;
  end = textEnd;
  room = scratch;
  roomEnd = scratchEnd;
  hasRoom = true;
  const saysSomething = hashWhole(0);
  if (!hasRoom) return -1;
  if (!saysSomething) return 0;
  writeHex(a, target);
  writeHex(b, target + 16);
  return <i32>HASH;
}

function writeHex(half: u64, target: usize): void {
  for (let digit: usize = 0; digit < 16; digit += 1) {
    const value = <u8>(half >> (60 - ((<u64>digit) << 2))) & 15;
    store<u8>(target + digit, value < 10 ? ZERO + value : 0x57 + value);
  }
}

function hashWhole(layer: i32): bool {
  passOther();
  if (peekByte() == OPEN_LIST) return hashList(true);
  if (peekByte() != QUOTE || layer == MOST_LAYERS) return hashValue();
  const start = at + 1;
  const isEscaped = passString();
  const stringEnd = at - 1;
  if (!isEscaped) {
    at = start;
    end = stringEnd;
  } else {
    const before = room;
    unescape(start, stringEnd);
    at = before;
    end = room;
  }
  const text = at;
  const textEnd = end;
  passOther();
  const first = peekByte();
  if (first == OPEN || first == OPEN_LIST || first == QUOTE || first == 0x6e) return hashWhole(layer + 1);
  return at < end && hashText(text, textEnd);
}

/** Hashes the value at the place. @returns whether it says anything */
function hashValue(): bool {
  passOther();
  const first = peekByte();
  if (first == OPEN) return hashObject();
  if (first == OPEN_LIST) return hashList(false);
  if (first == QUOTE) return hashString();
  if (first == T || first == F) {
    at += first == T ? 4 : 5;
    begin(first == T ? TRUE_VALUE : FALSE_VALUE);
    finish();
    return true;
  }
  if (first == DASH || isDigit(first)) {
    hashNumber();
    return true;
  }
  // null, or what is no JSON.
  at += first == 0x6e ? 4 : 1;
  return false;
}

/** Members count in any order: their hashes are added up. */
function hashObject(): bool {
  let sumA: u64 = 0;
  let sumB: u64 = 0;
  let count: u64 = 0;
  at += 1;
  for (;;) {
    passOther();
    if (at >= end) break;
    const byte = peekByte();
    if (byte == CLOSE) {
      at += 1;
      break;
    }
    if (byte != QUOTE) {
      at += 1;
      continue;
    }
    const isType = namesType();
    hashName();
    const nameA = a;
    const nameB = b;
    if (!hashValue() || isType) continue;
    mix(nameA);
    mix(nameB);
    finish();
    sumA += a;
    sumB += b;
    count += 1;
  }
  begin(OBJECT_VALUE);
  mix(sumA);
  mix(sumB);
  mix(count);
  finish();
  return count > 0;
}

/** @param isOpened whether a list of one is that one */
function hashList(isOpened: bool): bool {
  let listA: u64 = LIST_VALUE;
  let listB: u64 = LIST_VALUE;
  let onlyA: u64 = 0;
  let onlyB: u64 = 0;
  let said: u32 = 0;
  at += 1;
  for (;;) {
    passOther();
    if (at >= end) break;
    if (peekByte() == CLOSE_LIST) {
      at += 1;
      break;
    }
    if (hashValue()) {
      said += 1;
      onlyA = a;
      onlyB = b;
    } else begin(0);
    const itemA = a;
    const itemB = b;
    a = listA;
    b = listB;
    mix(itemA);
    mix(itemB);
    listA = a;
    listB = b;
  }
  if (isOpened && said == 1) {
    a = onlyA;
    b = onlyB;
    return true;
  }
  a = listA;
  b = listB;
  finish();
  return said > 0;
}

/** Whether the name at the place is signalType or behaviorType: what it says is told beside the content, and may be left out of it. */
function namesType(): bool {
  return isName(at + 1, SIGNAL, 10) || isName(at + 1, BEHAVIOR, 12);
}

const SIGNAL = memory.data<u8>([0x73, 0x69, 0x67, 0x6e, 0x61, 0x6c, 0x54, 0x79, 0x70, 0x65]);
const BEHAVIOR = memory.data<u8>([0x62, 0x65, 0x68, 0x61, 0x76, 0x69, 0x6f, 0x72, 0x54, 0x79, 0x70, 0x65]);

function isName(start: usize, name: usize, length: usize): bool {
  return start + length < end && load<u8>(start + length) == QUOTE && memory.compare(start, name, length) == 0;
}

function hashName(): void {
  if (!hashString()) begin(0);
}

/** A text of blanks says nothing, and a number as a text what the number says: some senders write all that they have as texts. */
function hashString(): bool {
  const start = at + 1;
  if (!passString()) {
    const after = at;
    if (!isNumber(start, after - 1)) return hashText(start, after - 1);
    at = start;
    hashNumber();
    at = after;
    return true;
  }
  const before = room;
  unescape(start, at - 1);
  const says = hashText(before, room);
  room = before;
  return says;
}

/** Whether a text is a number as JSON has it. */
function isNumber(start: usize, textEnd: usize): bool {
  let from = start < textEnd && load<u8>(start) == DASH ? start + 1 : start;
  const whole = from;
  while (from < textEnd && isDigit(load<u8>(from))) from += 1;
  if (from == whole || (from > whole + 1 && load<u8>(whole) == ZERO)) return false;
  if (from < textEnd && load<u8>(from) == POINT) {
    const fraction = (from += 1);
    while (from < textEnd && isDigit(load<u8>(from))) from += 1;
    if (from == fraction) return false;
  }
  return from == textEnd;
}

/** The place behind the blanks that a text begins with, of whatever kind. */
function afterBlanks(start: usize, textEnd: usize): usize {
  let from = start;
  while (from < textEnd) {
    const byte = load<u8>(from);
    const two: u32 = from + 1 < textEnd ? load<u8>(from + 1) : 0;
    const three: u32 = from + 2 < textEnd ? load<u8>(from + 2) : 0;
    if (byte <= 0x20) from += 1;
    // U+00A0.
    else if (byte == 0xc2 && two == 0xa0) from += 2;
    // U+2000 to U+200F, U+202F, U+205F, U+2060; U+3000; U+FEFF.
    else if (byte == 0xe2 && ((two == 0x80 && (three <= 0x8f || three == 0xaf)) || (two == 0x81 && (three == 0x9f || three == 0xa0)))) from += 3;
    else if ((byte == 0xe3 && two == 0x80 && three == 0x80) || (byte == 0xef && two == 0xbb && three == 0xbf)) from += 3;
    else break;
  }
  return from;
}

function hashText(start: usize, textEnd: usize): bool {
  let from = afterBlanks(start, textEnd);
  if (from >= textEnd) return false;
  begin(STRING_VALUE);
  from = start;
  for (; from + 8 <= textEnd; from += 8) mix(load<u64>(from));
  let rest: u64 = 0;
  for (let bit: u64 = 0; from < textEnd; from += 1, bit += 8) rest |= (<u64>load<u8>(from)) << bit;
  mix(rest);
  mix(textEnd - start);
  finish();
  return true;
}

/** A number is its sign, its digits without zeros at either end, and where its point is: 12.50, 12.5 and 1.25e1 are one. */
function hashNumber(): void {
  const isNegative = peekByte() == DASH;
  if (isNegative) at += 1;
  let point: usize = 0;
  let first: usize = 0;
  let last: usize = 0;
  for (; at < end; at += 1) {
    const byte = load<u8>(at);
    if (byte == POINT) point = at;
    else if (!isDigit(byte)) break;
    else if (byte != ZERO) {
      if (first == 0) first = at;
      last = at;
    }
  }
  const stop = at;
  const exponent = passExponent();
  begin(NUMBER_VALUE);
  if (first == 0) {
    finish();
    return;
  }
  const wholeEnd = point == 0 ? stop : point;
  // The point stands so many digits behind the first one that counts.
  const places = first < wholeEnd ? <i64>(wholeEnd - first) : -(<i64>(first - wholeEnd - 1));
  for (let from = first; from <= last; from += 1) if (load<u8>(from) != POINT) mix(load<u8>(from));
  mix(<u64>(places + exponent));
  mix(isNegative ? 1 : 0);
  finish();
}

function passExponent(): i64 {
  if (at >= end || (load<u8>(at) | 0x20) != E) return 0;
  at += 1;
  const isNegative = peekByte() == DASH;
  if (isNegative || peekByte() == 0x2b) at += 1;
  let exponent: i64 = 0;
  for (; at < end && isDigit(load<u8>(at)); at += 1) if (exponent < 1_000_000_000_000) exponent = exponent * 10 + (load<u8>(at) - ZERO);
  return isNegative ? -exponent : exponent;
}

/** Passes a string. @returns whether it has escapes */
function passString(): bool {
  let isEscaped = false;
  const quotes = i8x16.splat(QUOTE);
  const backslashes = i8x16.splat(BACKSLASH);
  at += 1;
  while (at < end) {
    const some = v128.load(at);
    const found = i8x16.bitmask(v128.or(i8x16.eq(some, quotes), i8x16.eq(some, backslashes)));
    if (found == 0) {
      at += 16;
      continue;
    }
    at += ctz(found);
    if (at >= end) break;
    if (load<u8>(at) == QUOTE) {
      at += 1;
      return isEscaped;
    }
    isEscaped = true;
    at += 2;
  }
  at = end + 1;
  return isEscaped;
}

/** Writes a string out, at the room's end, in UTF-8; half a pair as three bytes. */
function unescape(start: usize, stringEnd: usize): void {
  if (roomEnd - room < stringEnd - start) {
    hasRoom = false;
    return;
  }
  let to = room;
  for (let from = start; from < stringEnd; from += 1) {
    let byte = load<u8>(from);
    if (byte == BACKSLASH) {
      from += 1;
      byte = load<u8>(from);
      if (byte == U) {
        let code = hexAt(from + 1);
        from += 4;
        if ((code & 0xfc00) == 0xd800 && from + 6 < stringEnd && load<u8>(from + 1) == BACKSLASH && load<u8>(from + 2) == U) {
          const low = hexAt(from + 3);
          if ((low & 0xfc00) == 0xdc00) {
            code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
            from += 6;
          }
        }
        to = putCharacter(code, to);
        continue;
      }
      if (byte == 0x62) byte = 8;
      else if (byte == F) byte = 12;
      else if (byte == 0x6e) byte = 10;
      else if (byte == 0x72) byte = 13;
      else if (byte == T) byte = 9;
    }
    store<u8>(to, byte);
    to += 1;
  }
  room = to;
}

function putCharacter(code: u32, target: usize): usize {
  let to = target;
  if (code < 0x80) store<u8>(to, <u8>code);
  else {
    if (code < 0x800) store<u8>(to, <u8>(0xc0 | (code >> 6)));
    else {
      if (code < 0x10000) store<u8>(to, <u8>(0xe0 | (code >> 12)));
      else {
        store<u8>(to, <u8>(0xf0 | (code >> 18)));
        store<u8>((to += 1), <u8>(0x80 | ((code >> 12) & 0x3f)));
      }
      store<u8>((to += 1), <u8>(0x80 | ((code >> 6) & 0x3f)));
    }
    store<u8>((to += 1), <u8>(0x80 | (code & 0x3f)));
  }
  return to + 1;
}

function hexAt(start: usize): u32 {
  let code: u32 = 0;
  for (let from = start; from < start + 4; from += 1) {
    const byte = load<u8>(from);
    code = (code << 4) + (isDigit(byte) ? byte - ZERO : ((byte | 0x20) - 0x57) & 15);
  }
  return code;
}

function peekByte(): u8 {
  return at < end ? load<u8>(at) : 0;
}

/** Passes what says nothing: white space, commas, colons, and a byte order mark. */
function passOther(): void {
  for (; at < end; at += 1) {
    const byte = load<u8>(at);
    if (byte > 0x20 && byte != COMMA && byte != COLON && byte != 0xef && byte != 0xbb && byte != 0xbf) return;
  }
}

function begin(kind: u64): void {
  a = kind;
  b = kind;
}

function mix(word: u64): void {
  a = rotl<u64>((a ^ word) * PRIME_A, 31) * PRIME_B;
  b = rotl<u64>((b + word) * PRIME_B, 33) * PRIME_A;
}

function finish(): void {
  a += b;
  b = finished(b ^ a);
  a = finished(a);
  a += b;
}

function finished(half: u64): u64 {
  let value = half;
  value = (value ^ (value >> 33)) * END_A;
  value = (value ^ (value >> 33)) * END_B;
  return value ^ (value >> 33);
}
