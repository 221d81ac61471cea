/** Fields of a content that have no column, or are rounded in it: they become one object. */
import { CASE, CLOSE, COLON, COMMA, DASH, OPEN, POINT, SPACE } from "../bytes.ts";
import { isDigit } from "./characters.ts";
import { isLoose, place } from "./cursor.ts";
import { put } from "./entries.ts";
import { isNamed, Name } from "./names.ts";
import { extraColumn } from "./plan.ts";
import { readAny } from "./values.ts";
import { write, writeBytes, writeCompact, writeQuoted, written } from "./written.ts";

@unmanaged
class Extra extends Name {
  valueStart: usize;
  valueEnd: usize;
  /** How many envelopes are around it. */
  level: i32;
  /** Whether it is to be written anew. */
  isLoose: bool;
  isRounded: bool;
}

const MOST_EXTRAS = 64;
const extras = memory.data(MOST_EXTRAS * <i32>offsetof<Extra>());
let extraCount: u32 = 0;
let deepest: i32 = 0;

/** Begins a content. */
export function beginExtras(): void {
  extraCount = 0;
  deepest = 0;
}

function extraAt(index: u32): Extra {
  return changetype<Extra>(extras + <usize>index * offsetof<Extra>());
}

/** Reads the value of a field that has no column, and notes it. @param name, @param length where its name stands @param level how many envelopes are around it */
export function keepField(name: usize, length: usize, level: i32): bool {
  if (!isPlainName(name, length)) return false;
  for (let index: u32 = 0; index < extraCount; index += 1) if (isNamed(extraAt(index), name, length)) return false;
  const start = place();
  return readAny() && addExtra(name, length, start, place(), isLoose, false, level);
}

/** Notes a field that is to be among those without a column. */
export function addExtra(name: usize, length: usize, start: usize, end: usize, isLoose: bool, isRounded: bool, level: i32): bool {
  if (extraCount == MOST_EXTRAS) return false;
  const extra = extraAt(extraCount);
  extra.start = name;
  extra.length = length;
  extra.valueStart = start;
  extra.valueEnd = end;
  extra.level = level;
  extra.isLoose = isLoose;
  extra.isRounded = isRounded;
  extraCount += 1;
  if (level > deepest) deepest = level;
  return true;
}

/** A name that means nothing to JSON or JavaScript: letters, digits, `_`, `.`, `-` and blanks behind a letter. */
function isPlainName(start: usize, length: usize): bool {
  for (let index: usize = 0; index < length; index += 1) {
    const byte = load<u8>(start + index);
    const letter = byte | CASE;
    if (letter >= 0x61 && letter <= 0x7a) continue;
    if (index == 0 || (!isDigit(byte) && byte != 0x5f && byte != POINT && byte != DASH && byte != SPACE)) return false;
  }
  return length > 0;
}

/**
 * Puts what has no column, as an object, if there is anything: the payload's own fields, then those of the envelopes around it, wherever they stand. What is rounded comes behind
 * them, as it was sent.
 */
export function putExtra(): bool {
  if (extraCount == 0) return true;
  const text = written();
  writeExtras(false, text);
  writeExtras(true, text);
  write(CLOSE);
  return put(extraColumn, text, written() - text);
}

/** @param text where the object begins */
function writeExtras(isRounded: bool, text: usize): void {
  for (let level = deepest; level >= 0; level -= 1) {
    for (let index: u32 = 0; index < extraCount; index += 1) {
      const extra = extraAt(index);
      if (extra.level == level && extra.isRounded == isRounded) writeExtra(extra, written() == text);
    }
  }
}

function writeExtra(extra: Extra, isFirst: bool): void {
  write(isFirst ? OPEN : COMMA);
  writeQuoted(extra.start, extra.length);
  write(COLON);
  if (extra.isLoose) writeCompact(extra.valueStart, extra.valueEnd);
  else writeBytes(extra.valueStart, extra.valueEnd - extra.valueStart);
}
