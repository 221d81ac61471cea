/** Reads an order's items, and writes them anew: by column, with all values as texts. */
import { CLOSE, CLOSE_LIST, COLON, COMMA, OPEN, OPEN_LIST, QUOTE } from "./bytes";
import { put } from "./entries";
import {
  LAST,
  MORE,
  NEITHER,
  passColon,
  passEmptyText,
  passMember,
  passNull,
  passOpening,
  peek,
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
import { write, writeQuoted, written } from "./written";

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
  write(CLOSE);
  return next != NEITHER;
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
  if (!(isDecimal ? readDecimal() : readScalar())) return false;
  textStart = scalarStart;
  textEnd = scalarEnd;
  return true;
}
