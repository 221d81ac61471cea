/** Characters of JSON: digits, escapes, and how they are written in UTF-8. */
import { BACKSLASH, CASE, NINE, ZERO } from "../bytes.ts";

export const U = 0x75;

export function isDigit(byte: u8): bool {
  return byte >= <u8>ZERO && byte <= <u8>NINE;
}

/** Four hexadecimal digits; 0 where they are none. */
function hexAt(start: usize): u32 {
  let code: u32 = 0;
  for (let from = start; from < start + 4; from += 1) {
    const byte = load<u8>(from);
    const letter = byte | CASE;
    if (isDigit(byte)) code = (code << 4) + (byte - ZERO);
    else if (letter >= 0x61 && letter <= 0x66) code = (code << 4) + (letter - 0x57);
    else return 0;
  }
  return code;
}

/** The character of an escape by number, or of two that are a pair; half of one where there is no other; 0 where there are no digits. @param start behind its u */
export function codeAt(start: usize): u32 {
  const code = hexAt(start);
  if ((code & 0xfc00) != 0xd800 || load<u8>(start + 4) != BACKSLASH || load<u8>(start + 5) != U) return code;
  const low = hexAt(start + 6);
  return (low & 0xfc00) == 0xdc00 ? 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff) : code;
}

/** Whether a code is half of a pair. */
export function isHalf(code: u32): bool {
  return (code & 0xfffff800) == 0xd800;
}

/** Characters that an escape by number has behind its u, or both of a pair have. */
export function codeLength(code: u32): usize {
  return code > 0xffff ? 10 : 4;
}

/** What an escape by letter means; all others stand for themselves. */
function meantBy(letter: u8): u8 {
  switch (letter) {
    case 0x62: // b
      return 8;
    case 0x66: // f
      return 12;
    case 0x6e: // n
      return 10;
    case 0x72: // r
      return 13;
    case 0x74: // t
      return 9;
    default:
      return letter;
  }
}

/** Writes the characters of a JSON text without their escapes: never more bytes than it has, so that it may be written over itself. @returns the place behind them */
export function unescape(start: usize, end: usize, target: usize): usize {
  let to = target;
  for (let from = start; from < end; from += 1) {
    let byte = load<u8>(from);
    if (byte == BACKSLASH) {
      from += 1;
      byte = load<u8>(from);
      if (byte == U) {
        const code = codeAt(from + 1);
        from += codeLength(code);
        to = writeCharacter(code, to);
        continue;
      }
      byte = meantBy(byte);
    }
    store<u8>(to, byte);
    to += 1;
  }
  return to;
}

/** Writes a character in UTF-8; half a pair as three bytes. @returns the place behind it */
export function writeCharacter(code: u32, target: usize): usize {
  if (code < 0x80) {
    store<u8>(target, code);
    return target + 1;
  }
  if (code < 0x800) {
    store<u8>(target, 0xc0 | (code >> 6));
    return writeRest(code, 0, target + 1);
  }
  if (code < 0x10000) {
    store<u8>(target, 0xe0 | (code >> 12));
    return writeRest(code, 6, target + 1);
  }
  store<u8>(target, 0xf0 | (code >> 18));
  return writeRest(code, 12, target + 1);
}

/** Writes six bits each, from those on that are not behind `shift` others. */
function writeRest(code: u32, shift: u32, target: usize): usize {
  let to = target;
  for (let bits = <i32>shift; bits >= 0; bits -= 6) {
    store<u8>(to, 0x80 | ((code >> bits) & 0x3f));
    to += 1;
  }
  return to;
}
