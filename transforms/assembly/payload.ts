/** Reads payloads, and puts what their fields say into columns. */
import { BACKSLASH, CLOSE, OPEN, OPEN_LIST, QUOTE, SPACE } from "../bytes.ts";
import * as Action from "./action.ts";
import { goTo, isLoose, LAST, MORE, passColon, passEmptyText, passMember, passNull, passOpening, passSpace, peek, place } from "./cursor.ts";
import { put } from "./entries.ts";
import { addExtra, keepField } from "./extras.ts";
import { note } from "./fields.ts";
import { readItems } from "./items.ts";
import { isNameSeen, nameId } from "./names.ts";
import { actionIn, columnIn, isPayload, meaningOf, nodeBelow } from "./plan.ts";
import { isRounded, readBoolean, readDecimal, readScalar, scalarEnd, scalarStart } from "./scalars.ts";
import { isEscaped, nameHash, nameLength, nameStart, readName, readString, readTexts, stringEnd, stringStart } from "./strings.ts";
import { isTime, TIME_LENGTH } from "./times.ts";
import { readAny } from "./values.ts";
import { isWrittenInPart, write, writeCompact, written, writeUnescaped } from "./written.ts";

/** The content that is read: a number of its own, and its type. */
let content: u32 = 0;
let type: u32 = 0;

/** Reads a content that is a payload, or an envelope with one inside. @param signalType the number of the record's type */
export function readPayload(signalType: u32): bool {
  content += 1;
  type = signalType;
  return peek() == OPEN && readObject(0, 0);
}

/** Reads an object that is a payload, or an envelope with one inside. @param level how many envelopes are around it */
function readObject(node: usize, level: i32): bool {
  let hasInner = false;
  let next = passOpening(CLOSE);
  while (next == MORE) {
    if (!readName()) return false;
    const name = nameStart;
    const length = nameLength;
    const id = nameId(name, length, nameHash);
    if (!passColon()) return false;
    const inner: usize = id < 0 ? 0 : nodeBelow(node, id);
    if (inner != 0) {
      if (hasInner || peek() != OPEN || !readObject(inner, level + 1)) return false;
      hasInner = true;
    } else {
      if (id >= 0 && isNameSeen(id, content)) return false;
      const meaning = id < 0 ? Action.UNKNOWN : meaningOf(type, id);
      const action = actionIn(meaning);
      if (!(action == Action.UNKNOWN ? keepField(name, length, level) : readField(action, columnIn(meaning), name, length, level))) return false;
    }
    next = passMember(CLOSE);
  }
  return next == LAST && (hasInner || isPayload(node));
}

/** Reads the value of a field that has a column. @param name, @param length, @param level as for keepField() */
function readField(action: u32, column: u32, name: usize, length: usize, level: i32): bool {
  if (action == Action.IGNORED) return readAny();
  if (passNull()) return true;
  if (action != Action.TEXT && action != Action.ASCII && passEmptyText()) return true;
  const start = place();
  const first = peek();
  switch (action) {
    case Action.TEXT:
      return first == QUOTE ? readString() && putString(column) : readScalar() && putScalar(column);
    case Action.ASCII:
      return first == QUOTE ? readString() && !isEscaped && isAscii(stringStart, stringEnd) && putString(column) : readScalar() && putScalar(column);
    case Action.DECIMAL:
      return readDecimal() && putScalar(column) && (!isRounded || addExtra(name, length, start, place(), false, true, level));
    case Action.BOOLEAN:
      return readBoolean() && putScalar(column);
    case Action.TIME:
    case Action.MOMENT:
      note(action);
      return readString() && stringEnd - stringStart == TIME_LENGTH && isTime(stringStart) && putString(column);
    case Action.TEXTS:
      if (first != QUOTE) return readTexts() && put(column, start, place() - start);
      if (!readString() || mayBeBlank(stringStart)) return false;
      return load<u8>(stringStart) == OPEN_LIST ? readTextsInText(column) : putString(column);
    case Action.JSON:
      return readAny() && (first != QUOTE || !mayBeBlank(start + 1)) && putValue(column, start);
    case Action.ITEMS:
      return first == QUOTE ? readItemsInText(column) : readItems(column);
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
  return byte <= <u8>SPACE || byte > 0x7f || byte == BACKSLASH;
}

function putScalar(column: u32): bool {
  return put(column, scalarStart, scalarEnd - scalarStart);
}

function putString(column: u32): bool {
  if (!isEscaped) return put(column, stringStart, stringEnd - stringStart);
  const text = written();
  writeUnescaped(stringStart, stringEnd);
  return put(column, text, written() - text);
}

function putValue(column: u32, start: usize): bool {
  if (!isLoose) return put(column, start, place() - start);
  const text = written();
  writeCompact(start, place());
  return put(column, text, written() - text);
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
  goTo(text);
  return !isWrittenInPart();
}

/** Goes on behind the text. @returns whether all of it was read */
function closeText(): bool {
  passSpace();
  const isWhole = place() == insideEnd;
  goTo(behindText);
  return isWhole;
}

function readTextsInText(column: u32): bool {
  if (!openText()) return false;
  const start = place();
  return readTexts() && put(column, start, place() - start) && closeText();
}

function readItemsInText(column: u32): bool {
  if (!readString() || !openText()) return false;
  passSpace();
  return readItems(column) && closeText();
}
