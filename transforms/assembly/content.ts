/**
 * Cuts SIGNAL_CONTENT into texts: those of its fields, of an order's items, and of what has no column. Read is only what the row path would read in the same way for sure: JSON without
 * exponents, with each key once, and with a value of its kind for each field. All other content is refused, and its record left to the row path. What is not refused is valid JSON.
 */
import { BACKSLASH, CLOSE, COLON, COMMA, DASH, isDigit, OPEN, OPEN_LIST, POINT, QUOTE } from "./bytes";
import { beginEntries, beginRow, put, takeBack } from "./entries";
import { HASH, hashContent } from "./hash";
import { readItems } from "./items";
import {
  begin,
  isEscaped,
  isLoose,
  isRounded,
  LAST,
  MORE,
  nameLength,
  nameStart,
  NEITHER,
  passColon,
  passEmptyText,
  passMember,
  passNull,
  passOpening,
  passSpace,
  peek,
  place,
  readBoolean,
  readDecimal,
  readName,
  readScalar,
  readString,
  readTexts,
  readAny,
  scalarEnd,
  scalarStart,
  stringEnd,
  stringStart,
} from "./json";
import {
  actionIn,
  ASCII,
  BOOLEAN,
  columnIn,
  DECIMAL,
  extraColumn,
  hashColumn,
  IGNORED,
  isNameSeen,
  isPayload,
  ITEMS,
  JSON,
  meaningOf,
  nameId,
  nodeBelow,
  TEXT,
  TEXTS,
  TIME,
  UNKNOWN,
  wholeColumn,
} from "./plan";
import { fieldEnd, fieldStart, isAccepted, refuse, rowCount, typeOf, writeText } from "./rows";
import { isTime, TIME as TIME_BYTES } from "./times";
import {
  beginWriting,
  isWrittenInPart,
  reserve,
  rewind,
  write,
  writeBytes,
  writeCompact,
  writeQuoted,
  writeUnescaped,
  written,
  writtenEnd,
} from "./written";

const SPACE: u8 = 0x20;
const ZEROS: u32 = 0x30303030;
const LETTERS_F: u32 = 0x66666666;

/** The content that is read: a number of its own, its row among those that are accepted, its type. */
let content: u32 = 0;
let row: u32 = 0;
let type: u32 = 0;

/**
 * Reads the content of the rows that setRows() has told and that are accepted, and refuses the others. In the entries rows are counted among those that are accepted then.
 * @param field where it stands @param isLast whether it is the last one of a record @param id where the record's id stands; -1: nowhere
 * @param texts room for all contents and a byte more for each @param rewritten, @param entries room that reaches to `rewrittenEnd`, and `entriesEnd`: what finds none is refused
 */
export function readContent(
  field: u32,
  isLast: bool,
  id: i32,
  texts: usize,
  rewritten: usize,
  rewrittenEnd: usize,
  entries: usize,
  entriesEnd: usize,
): void {
  const count = rowCount();
  let text = texts;
  beginWriting(rewritten, rewrittenEnd);
  beginEntries(entries, entriesEnd);
  row = 0;
  for (let index: u32 = 0; index < count; index += 1) {
    if (!isAccepted(index)) continue;
    const start = fieldStart(index, field);
    const end = fieldEnd(index, field, isLast, start);
    if (end > start) {
      const after = writeText(start, end, text);
      if (after > text) {
        store<u8>(after, 0);
        type = typeOf(index);
        if (!readWhole(text, after, id < 0 || mayBeNoId(index, <u32>id))) {
          refuse(index);
          continue;
        }
        text = after + 1;
      }
    }
    row += 1;
  }
}

/** Whether a record's id may be none, as schemas/identity.ts has it: such ids are short, or begin with zeros or f, behind what may stand around them. */
function mayBeNoId(index: u32, id: u32): bool {
  const start = fieldStart(index, id);
  if (fieldEnd(index, id, false, start) - start < 28) return true;
  for (let from = start; from < start + 4; from += 1) {
    const some = load<u32>(from);
    if (some == ZEROS || (some | 0x20202020) == LETTERS_F) return true;
  }
  return false;
}

/** Puts the hash of a content that is known to be valid. */
function putHash(text: usize, end: usize): bool {
  const hash = written();
  if (!reserve(HASH)) return false;
  const length = hashContent(text, end, written(), writtenEnd(), hash);
  return length >= 0 && put(hashColumn, row, hash, <usize>length);
}

function readWhole(text: usize, end: usize, isHashed: bool): bool {
  const before = written();
  rewind(before);
  beginRow();
  content += 1;
  extraCount = 0;
  deepest = 0;
  begin(text);
  passSpace();
  if (peek() == OPEN && readObject(0, 0)) {
    passSpace();
    if (place() == end && putExtra() && (!isHashed || putHash(text, end)) && put(wholeColumn, row, text, end - text) && !isWrittenInPart())
      return true;
  }
  takeBack();
  rewind(before);
  return false;
}

/** Reads an object that is a payload, or an envelope with one inside. @param level how many envelopes are around it */
function readObject(node: usize, level: i32): bool {
  let hasInner = false;
  let next = passOpening(CLOSE) ? LAST : MORE;
  while (next == MORE) {
    if (!readName()) return false;
    const name = nameStart;
    const length = nameLength;
    const id = nameId();
    if (!passColon()) return false;
    const inner: usize = id < 0 ? 0 : nodeBelow(node, id);
    if (inner != 0) {
      if (hasInner || peek() != OPEN || !readObject(inner, level + 1)) return false;
      hasInner = true;
    } else {
      if (id >= 0 && isNameSeen(id, content)) return false;
      const meaning = id < 0 ? UNKNOWN : meaningOf(type, id);
      if (!(meaning == UNKNOWN ? keepField(name, length, level) : readField(actionIn(meaning), columnIn(meaning), name, length, level))) return false;
    }
    next = passMember(CLOSE);
  }
  return next != NEITHER && (hasInner || isPayload(node));
}

/** Reads the value of a field that has a column. @param name, @param length, @param level as for keepField() */
function readField(action: u32, column: u32, name: usize, length: usize, level: i32): bool {
  if (action == IGNORED) return readAny();
  if (passNull()) return true;
  if (action != TEXT && action != ASCII && passEmptyText()) return true;
  const start = place();
  const first = peek();
  switch (action) {
    case TEXT:
      return first == QUOTE ? readString() && putString(column) : readScalar() && putScalar(column);
    case ASCII:
      return first == QUOTE ? readString() && !isEscaped && isAscii(stringStart, stringEnd) && putString(column) : readScalar() && putScalar(column);
    case DECIMAL:
      return readDecimal() && putScalar(column) && (!isRounded || addExtra(name, length, start, place(), false, true, level));
    case BOOLEAN:
      return readBoolean() && putScalar(column);
    case TIME:
      return readString() && stringEnd - stringStart == TIME_BYTES && isTime(stringStart) && putString(column);
    case TEXTS:
      if (first != QUOTE) return readTexts() && put(column, row, start, place() - start);
      if (!readString() || mayBeBlank(stringStart)) return false;
      return load<u8>(stringStart) == OPEN_LIST ? readTextsInText(column) : putString(column);
    case JSON:
      return readAny() && (first != QUOTE || !mayBeBlank(start + 1)) && putValue(column, start);
    case ITEMS:
      return first == QUOTE ? readItemsInText(column) : readItems(column, row);
    default:
      return false;
  }
}

function isAscii(start: usize, end: usize): bool {
  for (let from = start; from < end; from += 1) if (load<u8>(from) > 0x7f) return false;
  return true;
}

/** Whether a text may have nothing but blanks, which are of many kinds: it begins with one, with an escape, or with what is not ASCII. */
function mayBeBlank(start: usize): bool {
  const byte = load<u8>(start);
  return byte <= SPACE || byte > 0x7f || byte == BACKSLASH;
}

/** Where reading goes on behind a text that was opened, and where what stands in it ends. */
let behindText: usize = 0;
let insideEnd: usize = 0;

/** Begins to read what stands in the text that was read last, which is JSON itself. */
function openText(): bool {
  const text = written();
  writeUnescaped(stringStart, stringEnd);
  insideEnd = written();
  write(0);
  behindText = place();
  begin(text);
  return !isWrittenInPart();
}

/** Goes on behind the text. @returns whether all of it was read */
function closeText(): bool {
  passSpace();
  const isWhole = place() == insideEnd;
  begin(behindText);
  return isWhole;
}

function readTextsInText(column: u32): bool {
  if (!openText()) return false;
  const start = place();
  return readTexts() && put(column, row, start, place() - start) && closeText();
}

function readItemsInText(column: u32): bool {
  if (!readString() || !openText()) return false;
  passSpace();
  return readItems(column, row) && closeText();
}

function putScalar(column: u32): bool {
  return put(column, row, scalarStart, scalarEnd - scalarStart);
}

function putString(column: u32): bool {
  if (!isEscaped) return put(column, row, stringStart, stringEnd - stringStart);
  const text = written();
  writeUnescaped(stringStart, stringEnd);
  return put(column, row, text, written() - text);
}

function putValue(column: u32, start: usize): bool {
  if (!isLoose) return put(column, row, start, place() - start);
  const text = written();
  writeCompact(start, place());
  return put(column, row, text, written() - text);
}

/**
 * Fields of a content that have no column, or are rounded in it: where the name is, how long it is, where the value starts and ends, whether it is to be written anew,
 * how many envelopes are around it, and whether it is rounded.
 */
const EXTRA_BYTES: usize = 28;
const MOST_EXTRAS: u32 = 64;
const extras = memory.data(64 * 28);
let extraCount: u32 = 0;
let deepest: i32 = 0;

/** Notes a field that has no column. @param level how many envelopes are around it */
function keepField(name: usize, length: usize, level: i32): bool {
  if (!isPlainName(name, length)) return false;
  for (let index: u32 = 0; index < extraCount; index += 1) {
    const other = extras + <usize>index * EXTRA_BYTES;
    if (<usize>load<u32>(other + 4) == length && memory.compare(load<u32>(other), name, length) == 0) return false;
  }
  const start = place();
  return readAny() && addExtra(name, length, start, place(), isLoose, false, level);
}

/** Notes a field that is to be among those without a column. */
function addExtra(name: usize, length: usize, start: usize, end: usize, loose: bool, rounded: bool, level: i32): bool {
  if (extraCount == MOST_EXTRAS) return false;
  const extra = extras + <usize>extraCount * EXTRA_BYTES;
  store<u32>(extra, <u32>name);
  store<u32>(extra + 4, <u32>length);
  store<u32>(extra + 8, <u32>start);
  store<u32>(extra + 12, <u32>end);
  store<u32>(extra + 16, loose ? 1 : 0);
  store<i32>(extra + 20, level);
  store<u32>(extra + 24, rounded ? 1 : 0);
  extraCount += 1;
  if (level > deepest) deepest = level;
  return true;
}

/** A name that means nothing to JSON or JavaScript: letters, digits, `_`, `.`, `-` and blanks behind a letter. */
function isPlainName(start: usize, length: usize): bool {
  for (let index: usize = 0; index < length; index += 1) {
    const byte = load<u8>(start + index);
    const letter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
    if (letter) continue;
    if (index == 0 || (!isDigit(byte) && byte != 0x5f && byte != POINT && byte != DASH && byte != 0x20)) return false;
  }
  return length > 0;
}

/**
 * Puts what has no column, as an object, if there is anything: the payload's own fields, then those of the envelopes around it, wherever they stand. What is rounded comes behind
 * them, as it was sent.
 */
function putExtra(): bool {
  if (extraCount == 0) return true;
  const text = written();
  for (let rounded: u32 = 0; rounded <= 1; rounded += 1) {
    for (let level = deepest; level >= 0; level -= 1) {
      for (let index: u32 = 0; index < extraCount; index += 1) {
        const extra = extras + <usize>index * EXTRA_BYTES;
        if (load<i32>(extra + 20) == level && load<u32>(extra + 24) == rounded) writeExtra(extra, written() == text);
      }
    }
  }
  write(CLOSE);
  return put(extraColumn, row, text, written() - text);
}

function writeExtra(extra: usize, isFirst: bool): void {
  write(isFirst ? OPEN : COMMA);
  writeQuoted(load<u32>(extra), load<u32>(extra + 4));
  write(COLON);
  const start = <usize>load<u32>(extra + 8);
  const end = <usize>load<u32>(extra + 12);
  if (load<u32>(extra + 16) != 0) writeCompact(start, end);
  else writeBytes(start, end - start);
}
