/** Fields whose values are looked at, rather than copied: each is put into a column, or its row refused. What is read here means what the row path makes of it for sure. */
import { BACKSLASH, CLOSE_LIST, COMMA, OPEN_LIST, QUOTE, SPACE } from "../bytes.ts";
import * as Action from "./action.ts";
import { put } from "./entries.ts";
import { fieldEnd, fieldStart, writeText } from "./rows.ts";
import { isTime, TIME_LENGTH } from "./times.ts";

/** Where a field stands, what becomes of it, and its column. */
@unmanaged
class Field {
  position: u32;
  isLast: u32;
  action: u32;
  column: u32;
}

let fields: usize = 0;
let fieldCount: u32 = 0;

/** Says which fields the rows have that are looked at: four numbers for each, as Field has them. */
export function setFields(places: usize, count: u32): void {
  fields = places;
  fieldCount = count;
}

/** Whether the row has said when it happened. */
export let hasMoment: bool = false;

/** Notes what a value says besides: a moment. */
export function note(action: u32): void {
  if (action == Action.MOMENT) hasMoment = true;
}

/**
 * Reads the fields of a row, and writes what they say behind `text`.
 * @returns the place behind it; 0 where the row is to be refused
 */
export function readFields(index: u32, text: usize): usize {
  hasMoment = false;
  let to = text;
  for (let number: u32 = 0; number < fieldCount; number += 1) {
    const field = changetype<Field>(fields + <usize>number * offsetof<Field>());
    const start = fieldStart(index, field.position);
    const end = fieldEnd(index, field.position, field.isLast != 0, start);
    if (end == start) continue;
    const after = writeText(start, end, to);
    if (after == to) continue;
    if (!isValue(field.action, to, after) || !put(field.column, to, after - to)) return 0;
    note(field.action);
    to = after;
  }
  return to;
}

function isValue(action: u32, start: usize, end: usize): bool {
  switch (action) {
    case Action.TIME:
    case Action.MOMENT:
      return end - start == TIME_LENGTH && isTime(start);
    case Action.BOOLEAN:
      return isWord(start, end, TRUE) || isWord(start, end - 1, FALS);
    case Action.TEXTS:
      return isList(start, end);
    default:
      return true;
  }
}

const TRUE: u32 = 0x65757274;
const FALS: u32 = 0x736c6166;

/** Whether there are four letters, and, where they are those of "false", its last one. */
function isWord(start: usize, end: usize, letters: u32): bool {
  return end - start == 4 && load<u32>(start) == letters && (letters == TRUE || load<u8>(end) == 0x65);
}

/** Whether there is a list of texts without white space and escapes. */
function isList(start: usize, end: usize): bool {
  const last = end - 1;
  if (end - start < 2 || load<u8>(start) != OPEN_LIST || load<u8>(last) != CLOSE_LIST) return false;
  let from = start + 1;
  if (from == last) return true;
  while (true) {
    if (from == last || load<u8>(from) != QUOTE) return false;
    from += 1;
    for (; from < last; from += 1) {
      const byte = load<u8>(from);
      if (byte == QUOTE) break;
      if (byte < <u8>SPACE || byte == BACKSLASH) return false;
    }
    if (from == last) return false;
    from += 1;
    if (from == last) return true;
    if (load<u8>(from) != COMMA) return false;
    from += 1;
  }
}
