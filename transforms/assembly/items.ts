/** Reads an order's items, and writes them anew: by column, with all values as texts. */
import { BACKSLASH, CLOSE, CLOSE_LIST, COLON, COMMA, OPEN, OPEN_LIST, QUOTE } from "../bytes.ts";
import * as Action from "./action.ts";
import { LAST, MORE, passColon, passEmptyText, passMember, passNull, passOpening, peek, place } from "./cursor.ts";
import { put } from "./entries.ts";
import { isItemColumnSeen, isItemNameSeen, Name, nameId } from "./names.ts";
import { actionIn, columnIn, itemColumnName, itemExtraName, itemMeaningOf } from "./plan.ts";
import { isRounded, readDecimal, readScalar, scalarEnd, scalarStart } from "./scalars.ts";
import { nameHash, nameLength, nameStart, readName, readString, stringEnd, stringStart } from "./strings.ts";
import { write, writeBytes, writeQuoted, written } from "./written.ts";

/** Reads a list of items, and puts what is written into a column. */
export function readItems(column: u32): bool {
  if (peek() != OPEN_LIST) return false;
  const text = written();
  write(OPEN_LIST);
  let next = passOpening(CLOSE_LIST);
  while (next == MORE) {
    if (peek() != OPEN || !readItem()) return false;
    next = passMember(CLOSE_LIST);
    if (next == MORE) write(COMMA);
  }
  write(CLOSE_LIST);
  return next == LAST && put(column, text, written() - text);
}

/** A number of the item's own. */
let item: u32 = 0;

function readItem(): bool {
  let isFirst = true;
  item += 1;
  roundedCount = 0;
  write(OPEN);
  let next = passOpening(CLOSE);
  while (next == MORE) {
    if (!readName()) return false;
    const id = nameId(nameStart, nameLength, nameHash);
    if (id < 0 || isItemNameSeen(id, item)) return false;
    const meaning = itemMeaningOf(id);
    const column = columnIn(meaning);
    if (actionIn(meaning) == Action.UNKNOWN || !passColon()) return false;
    const isDecimal = actionIn(meaning) == Action.DECIMAL;
    if (!passNull() && !(isDecimal && passEmptyText())) {
      if (isItemColumnSeen(column, item) || !readText(isDecimal)) return false;
      if (!isFirst) write(COMMA);
      isFirst = false;
      writeName(itemColumnName(column));
      write(COLON);
      writeQuoted(textStart, textEnd - textStart);
    }
    next = passMember(CLOSE);
  }
  if (roundedCount > 0) writeRounded();
  write(CLOSE);
  return next == LAST;
}

function writeName(name: Name): void {
  writeQuoted(name.start, name.length);
}

/** A field of an item that is rounded. There is one at most for each column. */
@unmanaged
class Rounded extends Name {
  valueStart: usize;
  valueEnd: usize;
}

const MOST_ROUNDED = 16;
const rounded = memory.data(MOST_ROUNDED * <i32>offsetof<Rounded>());
let roundedCount: u32 = 0;

function roundedAt(index: u32): Rounded {
  return changetype<Rounded>(rounded + <usize>index * offsetof<Rounded>());
}

function addRounded(start: usize, end: usize): bool {
  if (roundedCount == MOST_ROUNDED) return false;
  const field = roundedAt(roundedCount);
  field.start = nameStart;
  field.length = nameLength;
  field.valueStart = start;
  field.valueEnd = end;
  roundedCount += 1;
  return true;
}

/** Writes them as they were sent: the text of an object, which is the item's extra. Their columns stand before it. */
function writeRounded(): void {
  write(COMMA);
  writeName(itemExtraName());
  write(COLON);
  write(QUOTE);
  for (let index: u32 = 0; index < roundedCount; index += 1) {
    const field = roundedAt(index);
    write(index == 0 ? OPEN : COMMA);
    writeEscapedQuote();
    writeBytes(field.start, field.length);
    writeEscapedQuote();
    write(COLON);
    if (load<u8>(field.valueStart) == QUOTE) {
      writeEscapedQuote();
      writeBytes(field.valueStart + 1, field.valueEnd - field.valueStart - 2);
      writeEscapedQuote();
    } else writeBytes(field.valueStart, field.valueEnd - field.valueStart);
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
