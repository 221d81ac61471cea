/** Writes values as their columns have them: each was found to be one before. */
import { BACKSLASH, CASE, DASH, OPEN_LIST, POINT, QUOTE, ZERO } from "../bytes.ts";
import { isDigit, unescape } from "./characters.ts";
import * as Kind from "./kind.ts";
import { copy } from "./rows.ts";
import { decimalPlaces } from "./scalars.ts";
import { microsecondsOf } from "./times.ts";

const LENGTH_BYTES: usize = 4;
const ONE: u8 = 0x31;
const FIVE: u8 = 0x35;
const T: u8 = 0x74;

/** What stands before each text of a list. */
let listMark: u8 = 0;

/** Says what stands before each text of a list: schemas/plain-columns.ts tells. */
export function setListMark(mark: u32): void {
  listMark = <u8>mark;
}

/** Bytes that a value of so many characters takes at the most. */
export function roomFor(kind: u32, length: usize): usize {
  if (kind == Kind.BOOLEAN) return 1;
  return kind == Kind.TIME || kind == Kind.DECIMAL ? 8 : LENGTH_BYTES + 1 + length;
}

/** Writes a value. @returns the place behind it */
export function writeTyped(kind: u32, start: usize, length: usize, to: usize): usize {
  switch (kind) {
    case Kind.TIME:
      store<i64>(to, microsecondsOf(start));
      return to + 8;
    case Kind.DECIMAL:
      store<i64>(to, decimalOf(start, start + length));
      return to + 8;
    case Kind.BOOLEAN: {
      const first = load<u8>(start);
      store<u8>(to, first == T || first == ONE ? 1 : 0);
      return to + 1;
    }
    case Kind.LIST:
      return behindLength(to, writeList(start, start + length, to + LENGTH_BYTES));
    default: {
      const after = copy(start, start + length, to + LENGTH_BYTES);
      if (kind != Kind.TEXT) changeCase(kind == Kind.UPPER, to + LENGTH_BYTES, after);
      return behindLength(to, after);
    }
  }
}

/** Puts the length before a text that was written behind it. @returns the place behind it */
export function behindLength(to: usize, after: usize): usize {
  store<u32>(to, <u32>(after - to - LENGTH_BYTES));
  return after;
}

/** A number without an exponent, in units of its last place, rounded half away from zero. */
function decimalOf(start: usize, end: usize): i64 {
  const isNegative = load<u8>(start) == DASH;
  let units: i64 = 0;
  let places: i32 = -1;
  let from = isNegative ? start + 1 : start;
  const most = <i32>decimalPlaces;
  for (; from < end && places < most; from += 1) {
    const byte = load<u8>(from);
    if (places >= 0) places += 1;
    if (byte == POINT) places = 0;
    else units = units * 10 + <i64>(byte - ZERO);
  }
  if (from < end && places == most && isDigit(load<u8>(from)) && load<u8>(from) >= FIVE) units += 1;
  for (let place = places < 0 ? 0 : places; place < most; place += 1) units *= 10;
  return isNegative ? -units : units;
}

/** Changes the letters of ASCII. */
function changeCase(isUpper: bool, start: usize, end: usize): void {
  for (let at = start; at < end; at += 1) {
    const byte = load<u8>(at);
    const letter = byte | <u8>CASE;
    if (letter >= 0x61 && letter <= 0x7a) store<u8>(at, isUpper ? letter ^ <u8>CASE : letter);
  }
}

/** Writes the texts of a JSON list, each behind its mark; what is no list is a text by itself. @returns the place behind it */
function writeList(start: usize, end: usize, target: usize): usize {
  if (load<u8>(start) != OPEN_LIST) {
    store<u8>(target, listMark);
    return copy(start, end, target + 1);
  }
  let to = target;
  for (let from = start + 1; from < end; from += 1) {
    if (load<u8>(from) != QUOTE) continue;
    const text = from + 1;
    for (from = text; load<u8>(from) != QUOTE; from += 1) if (load<u8>(from) == BACKSLASH) from += 1;
    store<u8>(to, listMark);
    to = unescape(text, from, to + 1);
  }
  return to;
}
