/** Writes what rows say as columns. */
import { QUOTE } from "../bytes.ts";
import { Entry } from "./entries.ts";
import { nameAt } from "./names.ts";
import { copy, fieldEnd, fieldStart, isNull, refuse, rowCount, typeOf, writeText } from "./rows.ts";
import { isTime, microsecondsOf, TIME_LENGTH } from "./times.ts";

/** Bytes that a time has, and a length in front of a text: the format is Parquet's. */
const TIME_BYTES: usize = 8;
const LENGTH_BYTES: usize = 4;

/** How adding to a column ended: the place behind what was written, and, where there was no more room, bytes that the next text wants; else 0. */
export let filled: usize = 0;
export let wanted: usize = 0;

/** Ends adding because all was added. */
function finish(to: usize): u32 {
  filled = to;
  wanted = 0;
  return 0;
}

/** Ends it because there is no room for `next`. */
function stop(to: usize, size: usize, next: u32): u32 {
  filled = to;
  wanted = size;
  return next;
}

/**
 * Writes a field of the records as a column: each text behind its length. What is null is not written, but that its bit stays 0.
 * @param from the first row that is meant @param isLast whether the field is the last one of a record
 * @param target to `targetEnd`, where there is room @param present a bit for each row of the column, all 0 from `firstRow` on, which is the column's row for the first record
 * @returns where something is wanted, the row that there is no room for
 */
export function addField(from: u32, field: u32, isLast: bool, target: usize, targetEnd: usize, present: usize, firstRow: u32): u32 {
  const count = rowCount();
  let to = target;
  for (let row = from; row < count; row += 1) {
    const start = fieldStart(row, field);
    const end = fieldEnd(row, field, isLast, start);
    const size = end - start;
    if (size == 0) continue;
    const text = to + LENGTH_BYTES;
    if (text + size > targetEnd) return stop(to, LENGTH_BYTES + size, row);
    const after = writeText(start, end, text);
    if (after == text) continue;
    store<u32>(to, <u32>(after - text));
    to = after;
    setBit(present, firstRow + row);
  }
  return finish(to);
}

/** Refuses rows whose field has something else than a canonical time. */
export function refuseTimes(field: u32, isLast: bool): void {
  const count = rowCount();
  for (let row: u32 = 0; row < count; row += 1) {
    const start = fieldStart(row, field);
    const end = fieldEnd(row, field, isLast, start);
    if (end > start && !hasTime(start, end) && !isNull(start, end)) refuse(row);
  }
}

/** Where the time of a field starts that has one, in quotes or not. */
function timeIn(start: usize): usize {
  return load<u8>(start) == QUOTE ? start + 1 : start;
}

function hasTime(start: usize, end: usize): bool {
  const time = timeIn(start);
  return end - start == TIME_LENGTH + ((time - start) << 1) && isTime(time);
}

/** Writes a field as a column of times: as addField(), but eight bytes for each. All rows must have a canonical one, or none. */
export function addTimes(from: u32, field: u32, isLast: bool, target: usize, targetEnd: usize, present: usize, firstRow: u32): u32 {
  const count = rowCount();
  let to = target;
  for (let row = from; row < count; row += 1) {
    const start = fieldStart(row, field);
    const end = fieldEnd(row, field, isLast, start);
    if (end - start < TIME_LENGTH) continue;
    if (to + TIME_BYTES > targetEnd) return stop(to, TIME_BYTES, row);
    store<i64>(to, microsecondsOf(timeIn(start)));
    to += TIME_BYTES;
    setBit(present, firstRow + row);
  }
  return finish(to);
}

/**
 * Writes the names of the records' types as a column.
 * @param names of all types @param from, @param target and what follows: as for addField()
 */
export function addNames(from: u32, names: usize, target: usize, targetEnd: usize, present: usize, firstRow: u32): u32 {
  const count = rowCount();
  let to = target;
  for (let row = from; row < count; row += 1) {
    const name = nameAt(names, typeOf(row));
    if (to + LENGTH_BYTES + name.length > targetEnd) return stop(to, LENGTH_BYTES + name.length, row);
    to = addText(name.start, name.length, to);
    setBit(present, firstRow + row);
  }
  return finish(to);
}

/**
 * Writes texts as a column.
 * @param from the place of the first one's entry; 0 where there is none @param target and what follows: as for addField()
 * @returns where something is wanted, the entry that there is no room for
 */
export function addTexts(from: usize, target: usize, targetEnd: usize, present: usize, firstRow: u32): u32 {
  let to = target;
  for (let place = from; place != 0;) {
    const entry = changetype<Entry>(place);
    if (to + LENGTH_BYTES + entry.length > targetEnd) return stop(to, LENGTH_BYTES + entry.length, <u32>place);
    to = addText(entry.start, entry.length, to);
    setBit(present, firstRow + entry.row);
    place = entry.next;
  }
  return finish(to);
}

/** Writes a text behind its length. @returns the place behind it */
function addText(start: usize, length: usize, to: usize): usize {
  store<u32>(to, <u32>length);
  return copy(start, start + length, to + LENGTH_BYTES);
}

function setBit(bits: usize, bit: u32): void {
  const place = bits + (bit >> 3);
  store<u8>(place, load<u8>(place) | ((<u8>1) << (<u8>bit & 7)));
}
