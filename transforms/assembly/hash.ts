/**
 * A hash of what a JSON text says, however it is written: neither the order of keys, nor white space, escapes, or how a number is spelled makes a difference, nor members that say nothing. For texts that
 * are known to be valid JSON.
 */
import { CLOSE, CLOSE_LIST, DASH, OPEN, OPEN_LIST, POINT, QUOTE } from "../bytes.ts";
import { isDigit, unescape } from "./characters.ts";
import { begin, finish, hashA, hashB, mix, writeHash } from "./murmur.ts";
import { isNamed, nameAt } from "./names.ts";
import { HASH } from "./sizes.ts";
import { isBlank, isNumber } from "./texts.ts";
import {
  at,
  end,
  firstDigit,
  goTo,
  isNegative,
  lastDigit,
  pass,
  passClosing,
  passNumber,
  passOther,
  passString,
  peek,
  read,
  scale,
} from "./valid.ts";

const T: u8 = 0x74;
const F: u8 = 0x66;
const N: u8 = 0x6e;

/** JSON text inside a JSON text is looked into, so many times. */
const MOST_LAYERS: i32 = 3;

// What a value begins with.
const TRUE_VALUE: u64 = 1;
const FALSE_VALUE: u64 = 2;
const NUMBER_VALUE: u64 = 3;
const STRING_VALUE: u64 = 4;
const LIST_VALUE: u64 = 5;
const OBJECT_VALUE: u64 = 6;

let typeFields: usize = 0;
let typeFieldCount: u32 = 0;

/** Says which names say a signal's type: what they say is told beside the content, and may be left out of it. */
export function setTypeFields(names: usize, count: u32): void {
  typeFields = names;
  typeFieldCount = count;
}

/** Where texts with escapes are written out: the text that is read, if it had any, and behind it, at `room`, one at a time. */
let area: usize = 0;
let areaEnd: usize = 0;
let room: usize = 0;
let hadRoom: bool = true;

/**
 * Writes the hash of a JSON text. @param scratch room for the text without its escapes, up to `scratchEnd`: twice as many bytes are enough @param target room for HASH characters
 * @returns how many were written: 0 where the text says nothing; -1 where there was no room
 */
export function hashContent(start: usize, textEnd: usize, scratch: usize, scratchEnd: usize, target: usize): i32 {
  read(start, textEnd);
  area = scratch;
  areaEnd = scratchEnd;
  room = scratch;
  hadRoom = true;
  const saysSomething = hashWhole(0);
  if (!hadRoom) return -1;
  if (!saysSomething) return 0;
  writeHash(target);
  return HASH;
}

/** Writes a string out. @returns the place behind it */
function unescapeTo(target: usize, start: usize, stringEnd: usize): usize {
  if (areaEnd - target >= stringEnd - start) return unescape(start, stringEnd, target);
  hadRoom = false;
  return target;
}

function hashWhole(layer: i32): bool {
  passOther();
  if (peek() == OPEN_LIST) return hashList(true);
  if (peek() != QUOTE || layer == MOST_LAYERS) return hashValue();
  const start = at + 1;
  const isEscaped = passString();
  const stringEnd = at - 1;
  if (isEscaped) {
    // Over the text that it stands in, if that was written out, too.
    room = unescapeTo(area, start, stringEnd);
    read(area, room);
  } else read(start, stringEnd);
  const text = at;
  const textEnd = end;
  passOther();
  const first = peek();
  if (first == OPEN || first == OPEN_LIST || first == QUOTE || first == N) return hashWhole(layer + 1);
  return at < end && hashText(text, textEnd);
}

/** Hashes the value at the place. @returns whether it says anything */
function hashValue(): bool {
  passOther();
  const first = peek();
  if (first == OPEN) return hashObject();
  if (first == OPEN_LIST) return hashList(false);
  if (first == QUOTE) return hashString();
  if (first == T || first == F) {
    pass(first == T ? 4 : 5);
    beginValue(first == T ? TRUE_VALUE : FALSE_VALUE);
    finish();
    return true;
  }
  if (first == DASH || isDigit(first)) {
    hashNumber();
    return true;
  }
  // null, or what is no JSON.
  pass(first == N ? 4 : 1);
  return false;
}

function beginValue(what: u64): void {
  begin(what, what);
}

/** Members count in any order: their hashes are added up. */
function hashObject(): bool {
  let sumA: u64 = 0;
  let sumB: u64 = 0;
  let count: u64 = 0;
  pass(1);
  while (!passClosing(CLOSE)) {
    if (peek() != QUOTE) {
      pass(1);
      continue;
    }
    const isType = namesType();
    hashName();
    const nameA = hashA;
    const nameB = hashB;
    if (!hashValue() || isType) continue;
    mix(nameA);
    mix(nameB);
    finish();
    sumA += hashA;
    sumB += hashB;
    count += 1;
  }
  beginValue(OBJECT_VALUE);
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
  pass(1);
  while (!passClosing(CLOSE_LIST)) {
    if (hashValue()) {
      said += 1;
      onlyA = hashA;
      onlyB = hashB;
    } else begin(0, 0);
    const itemA = hashA;
    const itemB = hashB;
    begin(listA, listB);
    mix(itemA);
    mix(itemB);
    listA = hashA;
    listB = hashB;
  }
  if (isOpened && said == 1) {
    begin(onlyA, onlyB);
    return true;
  }
  begin(listA, listB);
  finish();
  return said > 0;
}

/** Whether the name at the place says the type. */
function namesType(): bool {
  for (let index: u32 = 0; index < typeFieldCount; index += 1) {
    const name = nameAt(typeFields, index);
    const after = at + 1 + name.length;
    if (after < end && load<u8>(after) == QUOTE && isNamed(name, at + 1, name.length)) return true;
  }
  return false;
}

function hashName(): void {
  if (!hashString()) begin(0, 0);
}

/** A text of blanks says nothing, and a number as a text what the number says: some senders write all that they have as texts. */
function hashString(): bool {
  const start = at + 1;
  const isEscaped = passString();
  const after = at;
  const stringEnd = after - 1;
  if (isEscaped) return hashText(room, unescapeTo(room, start, stringEnd));
  if (!isNumber(start, stringEnd)) return hashText(start, stringEnd);
  goTo(start);
  hashNumber();
  goTo(after);
  return true;
}

function hashText(start: usize, textEnd: usize): bool {
  if (isBlank(start, textEnd)) return false;
  beginValue(STRING_VALUE);
  let from = start;
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
  const counts = passNumber();
  beginValue(NUMBER_VALUE);
  if (counts) {
    for (let from = firstDigit; from <= lastDigit; from += 1) if (load<u8>(from) != POINT) mix(load<u8>(from));
    mix(<u64>scale);
    mix(isNegative ? 1 : 0);
  }
  finish();
}
