/** Reads an order's items, and writes them anew: by column, with all values as texts. */
import { BACKSLASH, CLOSE, CLOSE_LIST, COLON, COMMA, OPEN, OPEN_LIST, QUOTE } from "./bytes";
import { put } from "./entries";
import {
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
  peek,
  place,
  readDecimal,
  readName,
  readScalar,
  readString,
  scalarEnd,
  scalarStart,
  stringEnd,
  stringStart,
} from "./json";
import {
  actionIn,
  columnIn,
  DECIMAL,
  isItemColumnSeen,
  isItemNameSeen,
  itemColumnLength,
  itemColumnName,
  itemMeaningOf,
  nameId,
  UNKNOWN,
} from "./plan";
import { write, writeBytes, writeQuoted, written } from "./written";

export function readItems(column: u32, row: u32): bool {
  if (peek() != OPEN_LIST) return false;
  const text = written();
  write(OPEN_LIST);
  let next = passOpening(CLOSE_LIST) ? LAST : MORE;
  while (next == MORE) {
    if (peek() != OPEN || !readItem()) return false;
    next = passMember(CLOSE_LIST);
    if (next == MORE) write(COMMA);
  }
  write(CLOSE_LIST);
  return next != NEITHER && put(column, row, text, written() - text);
}

let item: u32 = 0;

function readItem(): bool {
  let isFirst = true;
  item += 1;
  roundedCount = 0;
  write(OPEN);
  let next = passOpening(CLOSE) ? LAST : MORE;
  while (next == MORE) {
    if (!readName()) return false;
    const id = nameId();
    if (id < 0 || isItemNameSeen(id, item)) return false;
    const meaning = itemMeaningOf(id);
    const column = columnIn(meaning);
    if (actionIn(meaning) == UNKNOWN || !passColon()) return false;
    const isDecimal = actionIn(meaning) == DECIMAL;
    if (!passNull() && !(isDecimal && passEmptyText())) {
      if (isItemColumnSeen(column, item) || !readText(isDecimal)) return false;
      if (!isFirst) write(COMMA);
      isFirst = false;
      writeQuoted(itemColumnName(column), itemColumnLength(column));
      write(COLON);
      writeQuoted(textStart, textEnd - textStart);
    }
    next = passMember(CLOSE);
  }
  if (roundedCount > 0) writeRounded();
  write(CLOSE);
  return next != NEITHER;
}

/** Fields of an item that are rounded: where the name is, how long it is, where the value starts and ends. There is one at most for each column. */
const ROUNDED_BYTES: usize = 16;
const MOST_ROUNDED: u32 = 16;
const rounded = memory.data(16 * 16);
let roundedCount: u32 = 0;

function addRounded(start: usize, end: usize): bool {
  if (roundedCount == MOST_ROUNDED) return false;
  const field = rounded + <usize>roundedCount * ROUNDED_BYTES;
  store<u32>(field, <u32>nameStart);
  store<u32>(field + 4, <u32>nameLength);
  store<u32>(field + 8, <u32>start);
  store<u32>(field + 12, <u32>end);
  roundedCount += 1;
  return true;
}

/** "extra": in its quotes, as a name. */
const EXTRA = memory.data<u8>([0x22, 0x65, 0x78, 0x74, 0x72, 0x61, 0x22]);
const EXTRA_LENGTH: usize = 7;

/** Writes them as they were sent: the text of an object, which is the item's extra. Their columns stand before it. */
function writeRounded(): void {
  write(COMMA);
  writeBytes(EXTRA, EXTRA_LENGTH);
  write(COLON);
  write(QUOTE);
  for (let index: u32 = 0; index < roundedCount; index += 1) {
    const field = rounded + <usize>index * ROUNDED_BYTES;
    write(index == 0 ? OPEN : COMMA);
    writeEscapedQuote();
    writeBytes(load<u32>(field), load<u32>(field + 4));
    writeEscapedQuote();
    write(COLON);
    const start = <usize>load<u32>(field + 8);
    const end = <usize>load<u32>(field + 12);
    if (load<u8>(start) == QUOTE) {
      writeEscapedQuote();
      writeBytes(start + 1, end - start - 2);
      writeEscapedQuote();
    } else writeBytes(start, end - start);
  }
  write(CLOSE);
  write(QUOTE);
}

function writeEscapedQuote(): void {
  write(BACKSLASH);
  write(QUOTE);
}

let textStart: usize = 0;
let textEnd: usize = 0;

/** Reads a value that is written as a text, with its escapes. */
function readText(isDecimal: bool): bool {
  if (!isDecimal && peek() == QUOTE) {
    if (!readString()) return false;
    textStart = stringStart;
    textEnd = stringEnd;
    return true;
  }
  const start = place();
  if (!(isDecimal ? readDecimal() : readScalar())) return false;
  textStart = scalarStart;
  textEnd = scalarEnd;
  return !isDecimal || !isRounded || addRounded(start, place());
}
