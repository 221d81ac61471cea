/** Writes what rows say as columns. */
import { Entry } from "./entries.ts";
import * as Kind from "./kind.ts";
import { nameAt } from "./names.ts";
import { fieldEnd, fieldStart, rowCount, typeOf, writeText } from "./rows.ts";
import { behindLength, roomFor, writeTyped } from "./typed.ts";

/** Bytes of a length in front of a text: the format is Parquet's. */
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
    to = behindLength(to, after);
    setBit(present, firstRow + row);
  }
  return finish(to);
}

/**
 * Writes what the records' types have as a column of texts, null where it is nothing.
 * @param names of all types @param from, @param target and what follows: as for addField()
 */
export function addNames(from: u32, names: usize, target: usize, targetEnd: usize, present: usize, firstRow: u32): u32 {
  const count = rowCount();
  let to = target;
  for (let row = from; row < count; row += 1) {
    const name = nameAt(names, typeOf(row));
    if (name.length == 0) continue;
    const room = roomFor(Kind.TEXT, name.length);
    if (to + room > targetEnd) return stop(to, room, row);
    to = writeTyped(Kind.TEXT, name.start, name.length, to);
    setBit(present, firstRow + row);
  }
  return finish(to);
}

/**
 * Writes what was found in rows as a column.
 * @param kind what its values are @param from the place of the first one's entry; 0 where there is none @param target and what follows: as for addField()
 * @returns where something is wanted, the entry that there is no room for
 */
export function addFound(kind: u32, from: usize, target: usize, targetEnd: usize, present: usize, firstRow: u32): u32 {
  let to = target;
  for (let place = from; place != 0;) {
    const entry = changetype<Entry>(place);
    const room = roomFor(kind, entry.length);
    if (to + room > targetEnd) return stop(to, room, <u32>place);
    to = writeTyped(kind, entry.start, entry.length, to);
    setBit(present, firstRow + entry.row);
    place = entry.next;
  }
  return finish(to);
}

function setBit(bits: usize, bit: u32): void {
  const place = bits + (bit >> 3);
  store<u8>(place, load<u8>(place) | ((<u8>1) << (<u8>bit & 7)));
}
