/** The place where JSON is read: each function goes on behind what it names, and says whether that is there. A zero ends the text. */
import { COLON, COMMA, SPACE } from "../bytes.ts";

const NULL: u32 = 0x6c6c756e;
const EMPTY_TEXT: u16 = 0x2222;

let at: usize = 0;

/** Whether something was passed since expectTight() that JSON.stringify writes otherwise. */
export let isLoose: bool = false;

export function expectTight(): void {
  isLoose = false;
}

export function foundLoose(): void {
  isLoose = true;
}

export function place(): usize {
  return at;
}

export function goTo(place: usize): void {
  at = place;
}

export function peek(): u8 {
  return load<u8>(at);
}

export function passSpace(): void {
  for (;;) {
    const byte = load<u8>(at);
    if (byte > <u8>SPACE || (byte != SPACE && byte != 0x0a && byte != 0x09 && byte != 0x0d)) return;
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

// What comes behind an opening bracket or a member: another member, the closing bracket, or what does not belong there.
export const MORE = 1;
export const LAST = 0;
export const NEITHER = -1;

/** Passes an opening bracket, and the closing one if that is next. */
export function passOpening(closing: u32): i32 {
  at += 1;
  passSpace();
  if (load<u8>(at) != closing) return MORE;
  at += 1;
  return LAST;
}

/** Passes what is behind a member, up to the next one. */
export function passMember(closing: u32): i32 {
  passSpace();
  const byte = load<u8>(at);
  at += 1;
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
