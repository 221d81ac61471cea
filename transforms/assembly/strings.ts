/** Reads names and texts of JSON: what was read last is told beside. */
import { BACKSLASH, CLOSE_LIST, OPEN_LIST, QUOTE, SLASH, SPACE } from "../bytes.ts";
import { codeAt, codeLength, isHalf, U } from "./characters.ts";
import { foundLoose, goTo, LAST, MORE, NEITHER, passMember, passOpening, peek, place } from "./cursor.ts";
import { hashWith } from "./names.ts";

export let nameStart: usize = 0;
export let nameLength: usize = 0;
export let nameHash: u32 = 0;

/** Reads a name without escapes. */
export function readName(): bool {
  if (peek() != QUOTE) return false;
  const start = place() + 1;
  let from = start;
  let hash: u32 = 0;
  for (;;) {
    const byte = load<u8>(from);
    if (byte == QUOTE) break;
    if (byte == BACKSLASH || byte < <u8>SPACE) return false;
    hash = hashWith(hash, byte);
    from += 1;
  }
  nameStart = start;
  nameLength = from - start;
  nameHash = hash;
  goTo(from + 1);
  return true;
}

/** Where the text stands, without its quotes. */
export let stringStart: usize = 0;
export let stringEnd: usize = 0;
export let isEscaped: bool = false;

/** Reads a text. */
export function readString(): bool {
  if (peek() != QUOTE) return false;
  const quotes = i8x16.splat(<i8>QUOTE);
  const backslashes = i8x16.splat(<i8>BACKSLASH);
  const controls = i8x16.splat(<i8>(SPACE - 1));
  isEscaped = false;
  let from = place() + 1;
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
      goTo(from + 1);
      return true;
    }
    if (byte != BACKSLASH) return false;
    const escape = load<u8>(from + 1);
    if (escape == U) {
      // No control characters, which are written in many ways, and no halves of pairs, which no database takes.
      const code = codeAt(from + 2);
      if (code < <u32>SPACE || isHalf(code)) return false;
      from += codeLength(code);
      foundLoose();
    } else if (escape == SLASH) foundLoose();
    // b, f, n, r, t.
    else if (escape != QUOTE && escape != BACKSLASH && escape != 0x62 && escape != 0x66 && escape != 0x6e && escape != 0x72 && escape != 0x74)
      return false;
    isEscaped = true;
    from += 2;
  }
}

/** Reads a list of texts. */
export function readTexts(): bool {
  if (peek() != OPEN_LIST) return false;
  let next = passOpening(CLOSE_LIST);
  while (next == MORE) next = readString() ? passMember(CLOSE_LIST) : NEITHER;
  return next == LAST;
}
