/**
 * The loops that see every byte of every file, in AssemblyScript (https://www.assemblyscript.org): V8 needs some four nanoseconds for a byte or a word in
 * JavaScript, and as long for sixteen bytes here. Compiled by `npm run build`; transforms/assembly.ts tells how it is called.
 *
 * Bytes are looked at sixteen at a time, up to fifteen behind their end: whoever calls leaves that room behind what is read and what is written.
 */

const QUOTE: u8 = 0x22;
const COMMA: u8 = 0x2c;
const COMMAS: u32 = 0x2c2c2c2c;
const LF: u8 = 0x0a;
const CR: u8 = 0x0d;
const BACKSLASH: u8 = 0x5c;
const N: u8 = 0x4e;
const ZERO: u8 = 0x30;
const DASH: u8 = 0x2d;
const COLON: u8 = 0x3a;
const POINT: u8 = 0x2e;
const T: u8 = 0x54;
const Z: u8 = 0x5a;

/** Why marking stopped: transforms/assembly.ts has the same numbers. */
const WHOLE: i32 = 0;
const INCOMPLETE: i32 = -1;
const BROKEN: i32 = -2;
const TOO_LARGE: i32 = -3;
const FULL: i32 = -4;

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
 * @returns WHOLE, or what the record at `next` is; FULL where there was no room for its marks
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
  let status = WHOLE;
  let count: u32 = 0;
  let to = ends;
  while (at < end) {
    if (count == mostRecords) {
      status = FULL;
      break;
    }
    const after = recordEnd(at, end, atEnd, start, to, endsEnd);
    if (after == FULL || after == BROKEN) {
      status = after;
      break;
    }
    if ((after == INCOMPLETE ? end : <usize>after) - at > most) {
      status = TOO_LARGE;
      break;
    }
    if (after == INCOMPLETE) {
      status = INCOMPLETE;
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

/** The place behind a record, its line end included; or INCOMPLETE, BROKEN, FULL. Strict: a quote may only open a field, be doubled, or close one. */
function recordEnd(start: usize, end: usize, atEnd: bool, base: usize, ends: usize, endsEnd: usize): i32 {
  const commas = i8x16.splat(COMMA);
  let at = start;
  let to = ends;
  for (;;) {
    // A field starts here.
    if (to + 16 > endsEnd) return FULL;
    if (at + 4 <= end && load<u32>(at) == COMMAS) {
      // Four empty ones: most fields of an export are.
      const place = <u32>(at - base);
      v128.store(to, i32x4.add(i32x4.splat(place), i32x4(0, 1, 2, 3)));
      to += 16;
      at += 4;
      continue;
    }
    if (at < end && load<u8>(at) == QUOTE) {
      for (;;) {
        at = quoteFrom(at + 1, end);
        if (at >= end) return atEnd ? BROKEN : INCOMPLETE;
        at += 1;
        if (at >= end || load<u8>(at) != QUOTE) break;
      }
      store<u32>(to, <u32>(at - base));
      to += 4;
      if (at < end && load<u8>(at) == CR) {
        at += 1;
        if (at < end && load<u8>(at) != LF) return BROKEN;
      }
      if (at >= end) {
        endsNext = to;
        return atEnd ? <i32>end : INCOMPLETE;
      }
      const byte = load<u8>(at);
      at += 1;
      if (byte == COMMA) continue;
      endsNext = to;
      return byte == LF ? <i32>at : BROKEN;
    }
    let byte: u8 = 0;
    for (;;) {
      // The comma is the greatest of the three bytes that matter.
      let found = 0;
      while (at < end && (found = i8x16.bitmask(i8x16.le_u(v128.load(at), commas))) == 0) at += 16;
      at += found == 0 ? 0 : ctz(found);
      if (at >= end) {
        at = end;
        break;
      }
      byte = load<u8>(at);
      if (byte == COMMA || byte == LF || byte == QUOTE) break;
      at += 1;
    }
    if (at < end && byte == QUOTE) return BROKEN;
    store<u32>(to, <u32>(at - base));
    to += 4;
    if (at < end && byte == COMMA) {
      at += 1;
      continue;
    }
    endsNext = to;
    if (at >= end) return atEnd ? <i32>end : INCOMPLETE;
    return <i32>at + 1;
  }
}

/** The first quote from a place on; `end`, or beyond, where there is none. */
function quoteFrom(start: usize, end: usize): usize {
  const quotes = i8x16.splat(QUOTE);
  for (let at = start; at < end; at += 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at), quotes));
    if (found != 0) return at + ctz(found);
  }
  return end;
}

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

export function isAccepted(row: u32): bool {
  return load<u8>(accepted + row) != 0;
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

/** Writes what a field says that is not empty, without the quotes around it and those that double others. @returns the place behind it: `target` where it says null */
export function writeText(start: usize, end: usize, target: usize): usize {
  const after = load<u8>(start) == QUOTE ? unquote(start + 1, end - 1, target) : copy(start, end, target);
  return after - target == 2 && load<u8>(target) == BACKSLASH && load<u8>(target + 1) == N ? target : after;
}

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
  const count = rows;
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

/** Characters of a canonical time: 2025-09-14T10:02:11.480Z. */
const TIME: usize = 24;
const TIME_BYTES: usize = 8;

/** Refuses rows whose field has something else than a canonical time. */
export function refuseTimes(field: u32, isLast: bool): void {
  const count = rows;
  for (let row: u32 = 0; row < count; row += 1) {
    const start = fieldStart(row, field);
    const end = fieldEnd(row, field, isLast, start);
    if (end > start && timeAt(start, end) == 0 && !isNullField(start, end)) refuse(row);
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

/** Whether there is a time with milliseconds and Z, from the year 1000 on, on a day that every month has: CANONICAL.timestamp of schemas/kinds.ts. */
export function isTime(start: usize): bool {
  // Digits, and what is between them: dddd-dd-ddTdd:dd and :dd.dddZ.
  const head = v128.load(start);
  const tail = load<u64>(start + 16);
  const zeros = i8x16.splat(ZERO);
  const digits = i8x16.le_u(i8x16.sub(head, zeros), i8x16.splat(9));
  if (i8x16.bitmask(digits) != 0b1101101101101111) return false;
  if (load<u8>(start + 4) != DASH || load<u8>(start + 7) != DASH || load<u8>(start + 10) != T || load<u8>(start + 13) != COLON) return false;
  if (<u8>tail != COLON || <u8>(tail >> 24) != POINT || <u8>(tail >> 56) != Z) return false;
  for (let at = start + 17; at < start + 23; at += 1) if (at != start + 19 && <u8>(load<u8>(at) - ZERO) > 9) return false;
  const century = load<u8>(start);
  const month = two(start + 5);
  const day = two(start + 8);
  return (
    (century == 0x31 || century == 0x32) &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= 28 &&
    two(start + 11) <= 23 &&
    load<u8>(start + 14) <= 0x35 &&
    load<u8>(start + 17) <= 0x35
  );
}

function two(start: usize): u32 {
  return <u32>(load<u8>(start) - ZERO) * 10 + <u32>(load<u8>(start + 1) - ZERO);
}

/** The microseconds since 1970 of a canonical time. */
function microsecondsOf(start: usize): i64 {
  // Days of the Gregorian calendar, in years that begin in March (http://howardhinnant.github.io/date_algorithms.html).
  const month = two(start + 5);
  const year = two(start) * 100 + two(start + 2) - (month <= 2 ? 1 : 0);
  const century = year / 400;
  const yearOfCentury = year - century * 400;
  const dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + two(start + 8) - 1;
  const days = <i64>(century * 146097 + yearOfCentury * 365 + yearOfCentury / 4 - yearOfCentury / 100 + dayOfYear) - 719468;
  const seconds = days * 86400 + <i64>(two(start + 11) * 3600 + two(start + 14) * 60 + two(start + 17));
  return seconds * 1000000 + <i64>(two(start + 20) * 10 + <u32>(load<u8>(start + 22) - ZERO)) * 1000;
}

/** Writes a field as a column of times: as addField(), but eight bytes for each. */
export function addTimes(from: u32, field: u32, isLast: bool, target: usize, targetEnd: usize, present: usize, firstRow: u32): i32 {
  const count = rows;
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
  const count = rows;
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

function copy(start: usize, end: usize, target: usize): usize {
  for (let at: usize = 0; at < end - start; at += 16) v128.store(target + at, v128.load(start + at));
  return target + (end - start);
}

/** Copies what stands between quotes, in which a quote is doubled. */
function unquote(start: usize, end: usize, target: usize): usize {
  const quotes = i8x16.splat(QUOTE);
  let from = start;
  let to = target;
  while (from < end) {
    const some = v128.load(from);
    v128.store(to, some);
    const found = i8x16.bitmask(i8x16.eq(some, quotes));
    const size = found == 0 ? 16 : ctz(found) + 1;
    if (from + size > end) return to + (end - from);
    to += size;
    from += found == 0 ? size : size + 1;
  }
  return to;
}
