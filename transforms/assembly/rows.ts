/** The records whose columns are asked for, and what their fields say. */
import { CR, QUOTE } from "../bytes.ts";
import { VECTOR } from "./sizes.ts";

/**
 * The records whose columns are asked for: the bytes of their block, where each starts in it, where the ends of its fields are written, counted from the block's start, and the number
 * of its signal type, and whether it is accepted.
 */
let bytes: usize = 0;
let starts: usize = 0;
let ends: usize = 0;
let types: usize = 0;
let accepted: usize = 0;
let rows: u32 = 0;

export function setRows(blockBytes: usize, rowStarts: usize, rowEnds: usize, rowTypes: usize, rowsAccepted: usize, count: u32): void {
  bytes = blockBytes;
  starts = rowStarts;
  ends = rowEnds;
  types = rowTypes;
  accepted = rowsAccepted;
  rows = count;
}

export function typeOf(row: u32): u32 {
  return load<u8>(types + row);
}

export function rowCount(): u32 {
  return rows;
}

export function refuse(row: u32): void {
  store<u8>(accepted + row, 0);
}

/** Where a field of a row starts, with its quotes. */
export function fieldStart(row: u32, field: u32): usize {
  return bytes + (field == 0 ? load<u32>(starts + (row << 2)) : load<u32>(load<usize>(ends + (row << 2)) + (field << 2) - 4) + 1);
}

/** Where it ends. @param isLast whether it is the last one of a record: the line end is none of it */
export function fieldEnd(row: u32, field: u32, isLast: bool, start: usize): usize {
  const end = bytes + load<u32>(load<usize>(ends + (row << 2)) + (field << 2));
  return isLast && end > start && load<u8>(end - 1) == CR ? end - 1 : end;
}

/** What says null besides the empty text. */
let nullText: usize = 0;
let nullLength: usize = 0;

/** Says what text says null besides the empty one. */
export function setNull(text: usize, length: usize): void {
  nullText = text;
  nullLength = length;
}

function saysNull(start: usize, length: usize): bool {
  return length == nullLength && memory.compare(start, nullText, length) == 0;
}

/** Writes what a field says that is not empty, without the quotes around it and those that double others. @returns the place behind it: `target` where it says null */
export function writeText(start: usize, end: usize, target: usize): usize {
  const after = load<u8>(start) == QUOTE ? unquote(start + 1, end - 1, target) : copy(start, end, target);
  return saysNull(target, after - target) ? target : after;
}

/** Copies bytes, up to VECTOR - 1 more of them than are meant. */
export function copy(start: usize, end: usize, target: usize): usize {
  for (let at: usize = 0; at < end - start; at += VECTOR) v128.store(target + at, v128.load(start + at));
  return target + (end - start);
}

/** Copies what stands between quotes, in which a quote is doubled. */
function unquote(start: usize, end: usize, target: usize): usize {
  const quotes = i8x16.splat(<i8>QUOTE);
  let from = start;
  let to = target;
  while (from < end) {
    const some = v128.load(from);
    v128.store(to, some);
    const found = i8x16.bitmask(i8x16.eq(some, quotes));
    const size = found == 0 ? VECTOR : ctz(found) + 1;
    if (from + size > end) return to + (end - from);
    to += size;
    from += found == 0 ? size : size + 1;
  }
  return to;
}
