/** Writes texts that do not stand in the content as they are, one behind the other. */
import { BACKSLASH, QUOTE, SLASH } from "./bytes";
import { codeAt } from "./json";

const U: u8 = 0x75;

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

export function write(byte: u8): void {
  if (next == end) {
    isFull = true;
    return;
  }
  store<u8>(next, byte);
  next += 1;
}

export function writeBytes(start: usize, length: usize): void {
  if (next + length > end) {
    isFull = true;
    return;
  }
  memory.copy(next, start, length);
  next += length;
}

/** Leaves room for so many bytes that somebody else writes. @returns whether there is some */
export function reserve(length: usize): bool {
  if (next + length > end) return false;
  next += length;
  return true;
}

export function writeQuoted(start: usize, length: usize): void {
  write(QUOTE);
  writeBytes(start, length);
  write(QUOTE);
}

/** Writes JSON as JSON.stringify does: without white space between its parts, and with escapes for quotes and backslashes, and by letter, only. */
export function writeCompact(start: usize, after: usize): void {
  let isText = false;
  for (let from = start; from < after; from += 1) {
    const byte = load<u8>(from);
    if (byte == BACKSLASH) {
      from += 1;
      const escape = load<u8>(from);
      if (escape == U) {
        const code = codeAt(from + 1);
        if (code == QUOTE || code == BACKSLASH) write(BACKSLASH);
        writeCharacter(code);
        from += code > 0xffff ? 10 : 4;
        continue;
      }
      if (escape != SLASH) write(byte);
      write(escape);
      continue;
    }
    if (byte == QUOTE) isText = !isText;
    if (isText || byte > 0x20) write(byte);
  }
}

/** Writes the characters of a JSON text, without what stands around them. */
export function writeUnescaped(start: usize, after: usize): void {
  for (let from = start; from < after; from += 1) {
    let byte = load<u8>(from);
    if (byte == BACKSLASH) {
      from += 1;
      byte = load<u8>(from);
      if (byte == U) {
        const code = codeAt(from + 1);
        writeCharacter(code);
        from += code > 0xffff ? 10 : 4;
        continue;
      }
      // b, f, n, r, t; all others stand for themselves.
      if (byte == 0x62) byte = 8;
      else if (byte == 0x66) byte = 12;
      else if (byte == 0x6e) byte = 10;
      else if (byte == 0x72) byte = 13;
      else if (byte == 0x74) byte = 9;
    }
    write(byte);
  }
}

/** Writes a character in UTF-8. */
function writeCharacter(code: u32): void {
  if (code < 0x80) return write(<u8>code);
  if (code < 0x800) write(<u8>(0xc0 | (code >> 6)));
  else {
    if (code < 0x10000) write(<u8>(0xe0 | (code >> 12)));
    else {
      write(<u8>(0xf0 | (code >> 18)));
      write(<u8>(0x80 | ((code >> 12) & 0x3f)));
    }
    write(<u8>(0x80 | ((code >> 6) & 0x3f)));
  }
  write(<u8>(0x80 | (code & 0x3f)));
}
