/** Writes texts that do not stand in the content as they are, one behind the other. */
import { BACKSLASH, QUOTE, SLASH, SPACE } from "../bytes.ts";
import { codeAt, codeLength, U, unescape, writeCharacter } from "./characters.ts";

let next: usize = 0;
let end: usize = 0;
let isFull: bool = false;

export function beginWriting(area: usize, areaEnd: usize): void {
  next = area;
  end = areaEnd;
}

/** The place behind what was written. */
export function written(): usize {
  return next;
}

/** Where there is no more room. */
export function writtenEnd(): usize {
  return end;
}

/** Forgets what was written from a place on. */
export function rewind(place: usize): void {
  next = place;
  isFull = false;
}

/** Whether there was no room for something since the last rewind(). */
export function isWrittenInPart(): bool {
  return isFull;
}

/** Whether there is room for so many bytes. */
function hasRoom(length: usize): bool {
  if (next + length <= end) return true;
  isFull = true;
  return false;
}

export function write(byte: u32): void {
  if (!hasRoom(1)) return;
  store<u8>(next, byte);
  next += 1;
}

export function writeBytes(start: usize, length: usize): void {
  if (!hasRoom(length)) return;
  memory.copy(next, start, length);
  next += length;
}

/** Leaves room for so many bytes that somebody else writes. @returns whether there is some */
export function reserve(length: usize): bool {
  if (!hasRoom(length)) return false;
  next += length;
  return true;
}

export function writeQuoted(start: usize, length: usize): void {
  write(QUOTE);
  writeBytes(start, length);
  write(QUOTE);
}

/** Writes the characters of a JSON text, without their escapes. */
export function writeUnescaped(start: usize, after: usize): void {
  if (hasRoom(after - start)) next = unescape(start, after, next);
}

/** Writes JSON as JSON.stringify does: without white space between its parts, and with escapes for quotes and backslashes, and by letter, only. That is never longer. */
export function writeCompact(start: usize, after: usize): void {
  if (!hasRoom(after - start)) return;
  let isText = false;
  for (let from = start; from < after; from += 1) {
    const byte = load<u8>(from);
    if (byte == BACKSLASH) {
      from += 1;
      const escape = load<u8>(from);
      if (escape == U) {
        const code = codeAt(from + 1);
        if (code == QUOTE || code == BACKSLASH) write(BACKSLASH);
        next = writeCharacter(code, next);
        from += codeLength(code);
        continue;
      }
      if (escape != SLASH) write(byte);
      write(escape);
      continue;
    }
    if (byte == QUOTE) isText = !isText;
    if (isText || byte > <u8>SPACE) write(byte);
  }
}
