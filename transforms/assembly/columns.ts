/** Writes what rows say as columns. */
import { QUOTE } from "./bytes";
import { copy, fieldEnd, fieldStart, isNull, refuse, rowCount, typeOf, writeText } from "./rows";
import { isTime, microsecondsOf, TIME } from "./times";

/** Bytes that a time has. */
const TIME_BYTES: usize = 8;

/** Bytes that a length in front of a text has. */
const LENGTH: usize = 4;

/** What is added when there is nothing more. */
const DONE: i32 = -1;

/** The place behind what was written to a column, and, where there was no more room, bytes that the next text wants. */
export let filled: usize = 0;
export let wanted: usize = 0;

/**
 * Writes a field of the records as a column: each text behind its length. What is empty or `\N`, quoted or not, is null: of it nothing is written but that its bit stays 0.
 * @param from the first row that is meant @param isLast whether the field is the last one of a record
 * @param target to `targetEnd`, where there is room @param present a bit for each row of the column, all 0 from `firstRow` on, which is the column's row for the first record
 * @returns the row that there is no room for, or DONE
 */
export function addField(from: u32, field: u32, isLast: bool, target: usize, targetEnd: usize, present: usize, firstRow: u32): i32 {
  const count = rowCount();
  let to = target;
  for (let row = from; row < count; row += 1) {
    const start = fieldStart(row, field);
    const end = fieldEnd(row, field, isLast, start);
    const size = end - start;
    if (size == 0) continue;
    const text = to + LENGTH;
    if (text + size > targetEnd) {
      wanted = LENGTH + size;
      filled = to;
      return <i32>row;
    }
    const after = writeText(start, end, text);
    if (after == text) continue;
    store<u32>(to, <u32>(after - text));
    to = after;
    setBit(present, firstRow + row);
  }
  filled = to;
  return DONE;
}

/** Refuses rows whose field has something else than a canonical time. */
export function refuseTimes(field: u32, isLast: bool): void {
  const count = rowCount();
  for (let row: u32 = 0; row < count; row += 1) {
    const start = fieldStart(row, field);
    const end = fieldEnd(row, field, isLast, start);
    if (end > start && timeAt(start, end) == 0 && !isNull(start, end)) refuse(row);
  }
}

function isNullField(start: usize, end: usize): bool {
  if (end - start == 2) return load<u8>(start) == QUOTE || (load<u8>(start) == BACKSLASH && load<u8>(start + 1) == N);
  return end - start == 4 && load<u8>(start) == QUOTE && load<u8>(start + 1) == BACKSLASH && load<u8>(start + 2) == N;
}

/** Where a field's canonical time starts; 0 where it has none. */
function timeAt(start: usize, end: usize): usize {
  const time = load<u8>(start) == QUOTE ? start + 1 : start;
  return end - start == TIME + ((time - start) << 1) && isTime(time) ? time : 0;
}

/** Writes a field as a column of times: as addField(), but eight bytes for each. */
export function addTimes(from: u32, field: u32, isLast: bool, target: usize, targetEnd: usize, present: usize, firstRow: u32): i32 {
  const count = rowCount();
  let to = target;
  for (let row = from; row < count; row += 1) {
    const start = fieldStart(row, field);
    const end = fieldEnd(row, field, isLast, start);
    if (end - start < TIME) continue;
    if (to + TIME_BYTES > targetEnd) {
      wanted = TIME_BYTES;
      filled = to;
      return <i32>row;
    }
    store<i64>(to, microsecondsOf(load<u8>(start) == QUOTE ? start + 1 : start));
    to += TIME_BYTES;
    setBit(present, firstRow + row);
  }
  filled = to;
  return DONE;
}

/**
 * Writes the names of the records' types as a column.
 * @param names of each type, place and length @param from, @param target and what follows: as for addField()
 */
export function addNames(from: u32, names: usize, target: usize, targetEnd: usize, present: usize, firstRow: u32): i32 {
  const count = rowCount();
  let to = target;
  for (let row = from; row < count; row += 1) {
    const name = names + ((<usize>typeOf(row)) << 3);
    const start = <usize>load<u32>(name);
    const size = <usize>load<u32>(name + 4);
    const text = to + LENGTH;
    if (text + size > targetEnd) {
      wanted = LENGTH + size;
      filled = to;
      return <i32>row;
    }
    store<u32>(to, <u32>size);
    to = copy(start, start + size, text);
    setBit(present, firstRow + row);
  }
  filled = to;
  return DONE;
}

/**
 * Writes texts as a column.
 * @param from the first one's entry: the next one's place or 0, the row, where the text is, how long it is; 0 where there is none @param target and what follows: as for addField()
 * @returns the entry that there is no room for, or DONE
 */
export function addTexts(from: usize, target: usize, targetEnd: usize, present: usize, firstRow: u32): i32 {
  let to = target;
  let entry = from;
  while (entry != 0) {
    const start = <usize>load<u32>(entry + 8);
    const size = <usize>load<u32>(entry + 12);
    const text = to + LENGTH;
    if (text + size > targetEnd) {
      wanted = LENGTH + size;
      filled = to;
      return <i32>entry;
    }
    store<u32>(to, <u32>size);
    to = copy(start, start + size, text);
    setBit(present, firstRow + load<u32>(entry + 4));
    entry = <usize>load<u32>(entry);
  }
  filled = to;
  return DONE;
}

function setBit(bits: usize, bit: u32): void {
  const place = bits + (bit >> 3);
  store<u8>(place, load<u8>(place) | ((<u8>1) << (<u8>bit & 7)));
}
