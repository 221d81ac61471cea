/** Finds where records start and where their fields end. */
import { COMMA, CR, LF, QUOTE } from "../bytes.ts";
import { VECTOR } from "./sizes.ts";
import * as Status from "./status.ts";

const COMMAS: u32 = 0x2c2c2c2c;

/** How many records the last mark() has marked, and the place behind them. */
export let records: u32 = 0;
export let next: usize = 0;

/** The place behind the fields' ends of the record that was read last. */
let endsNext: usize = 0;

/**
 * Marks the records between two places: where each starts, and where each of its fields ends, counted from the first place. Empty lines are none.
 * @param atEnd whether the file ends there @param most bytes that a record may have
 * @param starts, with room for `mostRecords` @param firsts which of the ends is the first one of a record; one more behind the last record
 * @param ends, which reach to `endsEnd`
 * @returns Status.WHOLE, or what the record at `next` is; Status.FULL where there was no room for its marks
 */
export function mark(
  start: usize,
  end: usize,
  atEnd: bool,
  most: usize,
  starts: usize,
  firsts: usize,
  mostRecords: u32,
  ends: usize,
  endsEnd: usize,
): i32 {
  let at = start;
  let status: i32 = Status.WHOLE;
  let count: u32 = 0;
  let to = ends;
  while (at < end) {
    if (count == mostRecords) {
      status = Status.FULL;
      break;
    }
    const after = recordEnd(at, end, atEnd, start, to, endsEnd);
    if (after == Status.FULL || after == Status.BROKEN) {
      status = after;
      break;
    }
    if ((after == Status.INCOMPLETE ? end : <usize>after) - at > most) {
      status = Status.TOO_LARGE;
      break;
    }
    if (after == Status.INCOMPLETE) {
      status = Status.INCOMPLETE;
      break;
    }
    if (!isEmptyLine(at, <usize>after)) {
      store<u32>(starts + (count << 2), <u32>(at - start));
      store<u32>(firsts + (count << 2), <u32>((to - ends) >> 2));
      to = endsNext;
      count += 1;
    }
    at = <usize>after;
  }
  store<u32>(firsts + (count << 2), <u32>((to - ends) >> 2));
  records = count;
  next = at;
  return status;
}

function isEmptyLine(start: usize, after: usize): bool {
  const first = load<u8>(start);
  return first == LF || (first == CR && (after == start + 1 || load<u8>(start + 1) == LF));
}

/** The place behind a record, its line end included; or Status.INCOMPLETE, Status.BROKEN, Status.FULL. Strict: a quote may only open a field, be doubled, or close one. */
function recordEnd(start: usize, end: usize, atEnd: bool, base: usize, ends: usize, endsEnd: usize): i32 {
  const commas = i8x16.splat(<i8>COMMA);
  let at = start;
  let to = ends;
  for (;;) {
    // A field starts here.
    if (to + VECTOR > endsEnd) return Status.FULL;
    if (at + 4 <= end && load<u32>(at) == COMMAS) {
      // Four empty ones: most fields of an export are.
      const place = <u32>(at - base);
      v128.store(to, i32x4.add(i32x4.splat(place), i32x4(0, 1, 2, 3)));
      to += VECTOR;
      at += 4;
      continue;
    }
    if (at < end && load<u8>(at) == QUOTE) {
      for (;;) {
        at = quoteFrom(at + 1, end);
        if (at >= end) return atEnd ? Status.BROKEN : Status.INCOMPLETE;
        at += 1;
        if (at >= end || load<u8>(at) != QUOTE) break;
      }
      store<u32>(to, <u32>(at - base));
      to += 4;
      if (at < end && load<u8>(at) == CR) {
        at += 1;
        if (at < end && load<u8>(at) != LF) return Status.BROKEN;
      }
      if (at >= end) {
        endsNext = to;
        return atEnd ? <i32>end : Status.INCOMPLETE;
      }
      const byte = load<u8>(at);
      at += 1;
      if (byte == COMMA) continue;
      endsNext = to;
      return byte == LF ? <i32>at : Status.BROKEN;
    }
    let byte: u8 = 0;
    for (;;) {
      // The comma is the greatest of the three bytes that matter.
      let found = 0;
      while (at < end && (found = i8x16.bitmask(i8x16.le_u(v128.load(at), commas))) == 0) at += VECTOR;
      at += found == 0 ? 0 : ctz(found);
      if (at >= end) {
        at = end;
        break;
      }
      byte = load<u8>(at);
      if (byte == COMMA || byte == LF || byte == QUOTE) break;
      at += 1;
    }
    if (at < end && byte == QUOTE) return Status.BROKEN;
    store<u32>(to, <u32>(at - base));
    to += 4;
    if (at < end && byte == COMMA) {
      at += 1;
      continue;
    }
    endsNext = to;
    if (at >= end) return atEnd ? <i32>end : Status.INCOMPLETE;
    return <i32>at + 1;
  }
}

/** The first quote from a place on; `end`, or beyond, where there is none. */
function quoteFrom(start: usize, end: usize): usize {
  const quotes = i8x16.splat(<i8>QUOTE);
  for (let at = start; at < end; at += VECTOR) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at), quotes));
    if (found != 0) return at + ctz(found);
  }
  return end;
}
