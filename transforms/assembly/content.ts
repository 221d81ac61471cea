/**
 * Cuts SIGNAL_CONTENT into texts: those of its fields, of an order's items, and of what has no column. Which field means what is told by tables (transforms/content-plan.ts). Read is only
 * what the row path would read in the same way for sure: JSON without exponents, with each key once, and with a value of its kind for each field. All other content is refused, and its record left to the row path. What is not refused is valid JSON.
 */
import { fieldEnd, fieldStart, isAccepted, isTime, refuse, rowCount, typeOf, writeText } from "./records";

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
const SLASH: u8 = 0x2f;
const COMMA: u8 = 0x2c;
const COLON: u8 = 0x3a;
const OPEN: u8 = 0x7b;
const CLOSE: u8 = 0x7d;
const OPEN_LIST: u8 = 0x5b;
const CLOSE_LIST: u8 = 0x5d;
const MINUS: u8 = 0x2d;
const POINT: u8 = 0x2e;
const ZERO: u8 = 0x30;
const NINE: u8 = 0x39;
const TRUE: u32 = 0x65757274;
const U: u8 = 0x75;
const ALSE: u32 = 0x65736c61;
const NULL: u32 = 0x6c6c756e;

/** What becomes of a field: transforms/content-plan.ts has the same numbers. */
const UNKNOWN: u32 = 0;
const IGNORED: u32 = 1;
const TEXT: u32 = 2;
const ASCII: u32 = 3;
const DECIMAL: u32 = 4;
const BOOLEAN: u32 = 5;
const TEXTS: u32 = 6;
const JSON: u32 = 7;
const ITEMS: u32 = 8;
const TIME: u32 = 9;
/** A field's action has its column above these bits. */
const COLUMN_SHIFT: u32 = 4;

/** Fields of one content that have no column; keys of the objects in a value that are open; how deep those nest. */
const MOST_EXTRAS: u32 = 64;
const MOST_KEYS: u32 = 256;
const MOST_DEPTH: i32 = 16;
/** Digits of a decimal before and behind its point: DECIMAL(18,4). */
const WHOLE_DIGITS: u32 = 14;
const FRACTION_DIGITS: u32 = 4;
/** Characters of a number, its sign and point among them. */
const MOST_DIGITS: usize = 40;

/** The first place that is free: what is before it is in use here. */
export const firstPlace: usize = __heap_base;

// The plan: names by their hash, and for each type, and for items, what a name means.
let slots: usize = 0;
let slotMask: u32 = 0;
let nameCount: usize = 0;
let actions: usize = 0;
let itemActions: usize = 0;
let nodes: usize = 0;
let payloads: usize = 0;
let itemColumns: usize = 0;
let wholeColumn: u32 = 0;
let extraColumn: u32 = 0;
// When a name, or a column, was seen last.
let nameStamps: usize = 0;
let itemNameStamps: usize = 0;
let itemColumnStamps: usize = 0;
let columnStamps: usize = 0;
let stamp: u32 = 0;

/**
 * @param planSlots a power of two, of which `mask` is one less: id + 1 of a name (0: none), its place, its length @param count how many names there are
 * @param planActions for each type and name, then for each name of an item: what it means, in 16 bits @param types how many types there are
 * @param planNodes for each node, one where an object may nest, and each name: the node below @param planPayloads for each node: whether a payload may be there
 * @param planItemColumns place and length of an item's columns' names @param whole the column of the content itself @param extra that of what has none
 * @param columns how many columns there are @param work room for twelve bytes a name and twenty a column, that are 0
 */
export function setPlan(
  planSlots: usize,
  mask: u32,
  count: u32,
  planActions: usize,
  types: u32,
  planNodes: usize,
  planPayloads: usize,
  planItemColumns: usize,
  whole: u32,
  extra: u32,
  columns: u32,
  work: usize,
): void {
  slots = planSlots;
  slotMask = mask;
  nameCount = count;
  actions = planActions;
  itemActions = planActions + ((<usize>(types * count)) << 1);
  nodes = planNodes;
  payloads = planPayloads;
  itemColumns = planItemColumns;
  wholeColumn = whole;
  extraColumn = extra;
  nameStamps = work;
  itemNameStamps = nameStamps + ((<usize>count) << 2);
  itemColumnStamps = itemNameStamps + ((<usize>count) << 2);
  columnStamps = itemColumnStamps + ((<usize>count) << 2);
  chains = columnStamps + ((<usize>columns) << 2);
  touched = chains + ((<usize>columns) << 3);
  columnCount = columns;
}

/** The texts that were read of the rows: chains of entries, one for each column. An entry: the next one's place or 0, its row, where the text is, how long it is. */
const ENTRY_BYTES: usize = 16;
let chains: usize = 0;
let columnCount: usize = 0;
let nextEntry: usize = 0;
let lastEntry: usize = 0;
/** What is written of texts that do not stand in the content as they are. */
let arena: usize = 0;
let arenaEnd: usize = 0;
/** Whether there was no more room for a record's texts. */
let isFull: bool = false;

/** The content's place that is read, which ends with a zero. */
let at: usize = 0;
/** The columns that the content has, each with its chain's last entry before that. */
let touched: usize = 0;
let touchedCount: usize = 0;
/** Fields that have no column: where the name is, how long it is, where the value starts and ends, whether it is to be written anew. */
const extras = memory.data(64 * 20);
let extraCount: u32 = 0;
let extraLevel: i32 = 0;
/** Keys of objects that are open: place and length. */
const keys = memory.data(256 * 8);
let keyCount: u32 = 0;
/** Whether JSON that was read has white space between its parts, or characters that JSON.stringify writes otherwise. */
let isLoose: bool = false;

/**
 * Reads the content of the rows that setRows() has told and that are accepted, and refuses the others. In the entries rows are counted among those that are accepted then.
 * @param field where it stands @param isLast whether it is the last one of a record
 * @param texts room for all contents and a byte more for each @param rewritten, @param entries room that reaches to `rewrittenEnd`, and `entriesEnd`: what finds none is refused
 */
export function readContent(field: u32, isLast: bool, texts: usize, rewritten: usize, rewrittenEnd: usize, entries: usize, entriesEnd: usize): void {
  const rows = rowCount();
  let text = texts;
  let count: u32 = 0;
  arena = rewritten;
  arenaEnd = rewrittenEnd;
  nextEntry = entries;
  lastEntry = entriesEnd - ENTRY_BYTES;
  memory.fill(chains, 0, columnCount << 3);
  for (let row: u32 = 0; row < rows; row += 1) {
    if (!isAccepted(row)) continue;
    const start = fieldStart(row, field);
    const end = fieldEnd(row, field, isLast, start);
    if (end > start) {
      const after = writeText(start, end, text);
      if (after > text) {
        store<u8>(after, 0);
        if (!readRecord(text, after, typeOf(row), count)) {
          refuse(row);
          continue;
        }
        text = after + 1;
      }
    }
    count += 1;
  }
}

function readRecord(text: usize, end: usize, type: u32, row: u32): bool {
  const firstEntry = nextEntry;
  const firstRewritten = arena;
  stamp += 1;
  touchedCount = 0;
  extraCount = 0;
  isFull = false;
  at = text;
  space();
  if (load<u8>(at) == OPEN && readObject(0, 0, actions + ((<usize>type * nameCount) << 1), row)) {
    space();
    if (at == end && (extraCount == 0 || putExtra(row)) && put(wholeColumn, row, text, end - text) && !isFull) return true;
  }
  // As if it had not been begun.
  while (touchedCount > 0) {
    touchedCount -= 1;
    const column = load<u32>(touched + (touchedCount << 3));
    const last = <usize>load<u32>(touched + (touchedCount << 3) + 4);
    const chain = chains + ((<usize>column) << 3);
    store<u32>(chain + 4, <u32>last);
    store<u32>(last == 0 ? chain : last, 0);
  }
  nextEntry = firstEntry;
  arena = firstRewritten;
  return false;
}

/** Reads an object that is a payload, or an envelope with one inside. @param level how many envelopes are around it @param meanings of names */
function readObject(node: usize, level: i32, meanings: usize, row: u32): bool {
  let hasInner = false;
  at += 1;
  space();
  if (load<u8>(at) == CLOSE) at += 1;
  else {
    for (;;) {
      if (!readName()) return false;
      const name = nameStart;
      const length = nameLength;
      const id = nameId;
      if (!passColon()) return false;
      const inner = id < 0 ? 0 : load<u8>(nodes + node * nameCount + id);
      if (inner != 0) {
        if (hasInner || load<u8>(at) != OPEN) return false;
        hasInner = true;
        if (!readObject(inner, level + 1, meanings, row)) return false;
      } else {
        if (id >= 0 && isSeen(nameStamps + ((<usize>id) << 2), stamp)) return false;
        const meaning: u32 = id < 0 ? UNKNOWN : load<u16>(meanings + ((<usize>id) << 1));
        const action = meaning & 15;
        if (action == UNKNOWN) {
          if (!keepField(name, length, id, level)) return false;
        } else if (!readField(action, meaning >> COLUMN_SHIFT, row)) return false;
      }
      space();
      const byte = load<u8>(at);
      at += 1;
      if (byte == CLOSE) break;
      if (byte != COMMA) return false;
      space();
    }
  }
  return hasInner || load<u8>(payloads + node) != 0;
}

/** Passes what is between a name and its value. */
function passColon(): bool {
  space();
  if (load<u8>(at) != COLON) return false;
  at += 1;
  space();
  return true;
}

function isSeen(place: usize, now: u32): bool {
  if (load<u32>(place) == now) return true;
  store<u32>(place, now);
  return false;
}

/** Reads the value of a field that has a column. */
function readField(action: u32, column: u32, row: u32): bool {
  if (action == IGNORED) return readValue(0);
  const first = load<u8>(at);
  if (first == 0x6e && load<u32>(at) == NULL) {
    at += 4;
    return true;
  }
  switch (action) {
    case TEXT:
    case ASCII: {
      if (first != QUOTE) return readScalar() && put(column, row, scalarStart, scalarEnd - scalarStart);
      if (!readString()) return false;
      if (action == ASCII && (isEscaped || !isAscii(stringStart, stringEnd))) return false;
      return putString(column, row);
    }
    case DECIMAL: {
      if (!readDecimal(first)) return false;
      return put(column, row, scalarStart, scalarEnd - scalarStart);
    }
    case BOOLEAN: {
      if (first != 0x74 && first != 0x66) return false;
      return readScalar() && put(column, row, scalarStart, scalarEnd - scalarStart);
    }
    case TEXTS: {
      const start = at;
      if (first == OPEN_LIST) return readTexts() && put(column, row, start, at - start);
      // One text, which must not look like a list.
      if (first != QUOTE || !readString() || load<u8>(stringStart) == OPEN_LIST) return false;
      if (load<u8>(stringStart) == BACKSLASH && load<u8>(stringStart + 1) == U) return false;
      return putString(column, row);
    }
    case JSON: {
      const start = at;
      isLoose = false;
      if (!readValue(0)) return false;
      const end = at;
      if (!isLoose) return put(column, row, start, end - start);
      const text = arena;
      writeCompact(start, end);
      return put(column, row, text, arena - text);
    }
    case TIME: {
      if (first != QUOTE || !readString() || stringEnd - stringStart != 24 || !isTime(stringStart)) return false;
      return put(column, row, stringStart, stringEnd - stringStart);
    }
    case ITEMS:
      return readItems(column, row);
    default:
      return false;
  }
}

function put(column: u32, row: u32, start: usize, length: usize): bool {
  // A field under two names.
  if (isSeen(columnStamps + ((<usize>column) << 2), stamp) || nextEntry > lastEntry) return false;
  const chain = chains + ((<usize>column) << 3);
  const last = <usize>load<u32>(chain + 4);
  const note = touched + (touchedCount << 3);
  store<u32>(note, column);
  store<u32>(note + 4, <u32>last);
  touchedCount += 1;
  const entry = nextEntry;
  nextEntry += ENTRY_BYTES;
  store<u32>(last == 0 ? chain : last, <u32>entry);
  store<u32>(chain + 4, <u32>entry);
  store<u32>(entry, 0);
  store<u32>(entry + 4, row);
  store<u32>(entry + 8, <u32>start);
  store<u32>(entry + 12, <u32>length);
  return true;
}

function putString(column: u32, row: u32): bool {
  return isEscaped ? putUnescaped(column, row) : put(column, row, stringStart, stringEnd - stringStart);
}

function putUnescaped(column: u32, row: u32): bool {
  const text = arena;
  const end = stringEnd;
  for (let from = stringStart; from < end; from += 1) {
    let byte = load<u8>(from);
    if (byte == BACKSLASH) {
      from += 1;
      byte = load<u8>(from);
      if (byte == U) {
        const code = codeAt(from + 1);
        writeCharacter(code);
        from += code > 0xffff ? 10 : 4;
        continue;
      }
      // b, f, n, r, t; all others stand for themselves.
      if (byte == 0x62) byte = 8;
      else if (byte == 0x66) byte = 12;
      else if (byte == 0x6e) byte = 10;
      else if (byte == 0x72) byte = 13;
      else if (byte == 0x74) byte = 9;
    }
    write(byte);
  }
  return put(column, row, text, arena - text);
}

/** Notes a field that has no column. */
function keepField(name: usize, length: usize, id: i32, level: i32): bool {
  if (!isPlainName(name, length)) return false;
  if (extraCount == MOST_EXTRAS) return false;
  // Those of envelopes come behind the payload's own, wherever they stand.
  if (extraCount > 0 && extraLevel != level) return false;
  extraLevel = level;
  if (id < 0) {
    for (let index: u32 = 0; index < extraCount; index += 1) {
      const other = extras + <usize>index * 20;
      if (<usize>load<u32>(other + 4) == length && memory.compare(load<u32>(other), name, length) == 0) return false;
    }
  }
  const start = at;
  isLoose = false;
  if (!readValue(0)) return false;
  const extra = extras + <usize>extraCount * 20;
  store<u32>(extra, <u32>name);
  store<u32>(extra + 4, <u32>length);
  store<u32>(extra + 8, <u32>start);
  store<u32>(extra + 12, <u32>at);
  store<u32>(extra + 16, isLoose ? 1 : 0);
  extraCount += 1;
  return true;
}

/** A name that means nothing to JSON or JavaScript: letters, digits, `_`, `.`, `-` and blanks behind a letter. */
function isPlainName(start: usize, length: usize): bool {
  for (let index: usize = 0; index < length; index += 1) {
    const byte = load<u8>(start + index);
    const letter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
    if (letter) continue;
    if (index == 0) return false;
    if (!(byte >= ZERO && byte <= NINE) && byte != 0x5f && byte != POINT && byte != MINUS && byte != 0x20) return false;
  }
  return length > 0;
}

function putExtra(row: u32): bool {
  const text = arena;
  for (let index: u32 = 0; index < extraCount; index += 1) {
    const extra = extras + <usize>index * 20;
    write(index == 0 ? OPEN : COMMA);
    writeQuoted(load<u32>(extra), load<u32>(extra + 4));
    write(COLON);
    const start = <usize>load<u32>(extra + 8);
    const end = <usize>load<u32>(extra + 12);
    if (load<u32>(extra + 16) != 0) writeCompact(start, end);
    else writeBytes(start, end - start);
  }
  write(CLOSE);
  return put(extraColumn, row, text, arena - text);
}

function write(byte: u8): void {
  if (arena == arenaEnd) {
    isFull = true;
    return;
  }
  store<u8>(arena, byte);
  arena += 1;
}

function writeBytes(start: usize, length: usize): void {
  if (arena + length > arenaEnd) {
    isFull = true;
    return;
  }
  memory.copy(arena, start, length);
  arena += length;
}

function writeQuoted(start: usize, length: usize): void {
  write(QUOTE);
  writeBytes(start, length);
  write(QUOTE);
}

/** Writes JSON as JSON.stringify does: without white space between its parts, and with escapes for quotes and backslashes, and by letter, only. */
function writeCompact(start: usize, end: usize): void {
  let isText = false;
  for (let from = start; from < end; from += 1) {
    const byte = load<u8>(from);
    if (byte == BACKSLASH) {
      from += 1;
      const escape = load<u8>(from);
      if (escape == U) {
        const code = codeAt(from + 1);
        if (code == QUOTE || code == BACKSLASH) write(BACKSLASH);
        writeCharacter(code);
        from += code > 0xffff ? 10 : 4;
        continue;
      }
      if (escape != SLASH) write(byte);
      write(escape);
      continue;
    }
    if (byte == QUOTE) isText = !isText;
    if (isText || byte > 0x20) write(byte);
  }
}

/** The character of an escape by number, or of two that are a pair, which readString() has found to be one. @param start behind its u */
function codeAt(start: usize): u32 {
  const code = hexAt(start);
  return (code & 0xfc00) == 0xd800 ? 0x10000 + ((code & 0x3ff) << 10) + (hexAt(start + 6) & 0x3ff) : code;
}

/** Four hexadecimal digits; 0 where they are none. */
function hexAt(start: usize): u32 {
  let code: u32 = 0;
  for (let from = start; from < start + 4; from += 1) {
    const byte = load<u8>(from);
    const letter = byte | 0x20;
    if (isDigit(byte)) code = (code << 4) + (byte - ZERO);
    else if (letter >= 0x61 && letter <= 0x66) code = (code << 4) + (letter - 0x57);
    else return 0;
  }
  return code;
}

/** Writes a character in UTF-8. */
function writeCharacter(code: u32): void {
  if (code < 0x80) return write(<u8>code);
  if (code < 0x800) write(<u8>(0xc0 | (code >> 6)));
  else {
    if (code < 0x10000) write(<u8>(0xe0 | (code >> 12)));
    else {
      write(<u8>(0xf0 | (code >> 18)));
      write(<u8>(0x80 | ((code >> 12) & 0x3f)));
    }
    write(<u8>(0x80 | ((code >> 6) & 0x3f)));
  }
  write(<u8>(0x80 | (code & 0x3f)));
}

/** Reads an order's items, and writes them anew: by column, with all values as texts. */
function readItems(column: u32, row: u32): bool {
  if (load<u8>(at) != OPEN_LIST) return false;
  const text = arena;
  write(OPEN_LIST);
  at += 1;
  space();
  if (load<u8>(at) == CLOSE_LIST) at += 1;
  else {
    for (;;) {
      if (load<u8>(at) != OPEN || !readItem()) return false;
      space();
      const byte = load<u8>(at);
      at += 1;
      if (byte == CLOSE_LIST) break;
      if (byte != COMMA) return false;
      write(COMMA);
      space();
    }
  }
  write(CLOSE_LIST);
  return put(column, row, text, arena - text);
}

let itemStamp: u32 = 0;

function readItem(): bool {
  let isFirst = true;
  itemStamp += 1;
  write(OPEN);
  at += 1;
  space();
  if (load<u8>(at) == CLOSE) at += 1;
  else {
    for (;;) {
      if (!readName() || nameId < 0) return false;
      if (isSeen(itemNameStamps + ((<usize>nameId) << 2), itemStamp)) return false;
      const meaning: u32 = load<u16>(itemActions + ((<usize>nameId) << 1));
      const action = meaning & 15;
      const column = <usize>(meaning >> COLUMN_SHIFT);
      if (action == UNKNOWN || !passColon()) return false;
      const first = load<u8>(at);
      if (first == 0x6e && load<u32>(at) == NULL) at += 4;
      else {
        if (isSeen(itemColumnStamps + (column << 2), itemStamp)) return false;
        if (action == DECIMAL) {
          if (!readDecimal(first)) return false;
        } else if (first == QUOTE) {
          if (!readString()) return false;
          scalarStart = stringStart;
          scalarEnd = stringEnd;
        } else if (!readScalar()) return false;
        if (!isFirst) write(COMMA);
        isFirst = false;
        writeQuoted(load<u32>(itemColumns + (column << 3)), load<u32>(itemColumns + (column << 3) + 4));
        write(COLON);
        writeQuoted(scalarStart, scalarEnd - scalarStart);
      }
      space();
      const byte = load<u8>(at);
      at += 1;
      if (byte == CLOSE) break;
      if (byte != COMMA) return false;
      space();
    }
  }
  write(CLOSE);
  return true;
}

// What was read last.
let nameStart: usize = 0;
let nameLength: usize = 0;
let nameId: i32 = 0;
let stringStart: usize = 0;
let stringEnd: usize = 0;
let isEscaped: bool = false;
let scalarStart: usize = 0;
let scalarEnd: usize = 0;
let wholeDigits: u32 = 0;
let fractionDigits: u32 = 0;

/** Reads a key without escapes, and looks it up; `nameId` is -1 where the plan has none such. */
function readName(): bool {
  if (load<u8>(at) != QUOTE) return false;
  at += 1;
  const start = at;
  let hash: u32 = 0;
  for (;;) {
    const byte = load<u8>(at);
    if (byte == QUOTE) break;
    if (byte == BACKSLASH || byte < 0x20) return false;
    hash = hash * 31 + byte;
    at += 1;
  }
  nameStart = start;
  nameLength = at - start;
  at += 1;
  for (let slot = hash & slotMask; ; slot = (slot + 1) & slotMask) {
    const entry = slots + <usize>slot * 12;
    const id = load<u32>(entry);
    if (id == 0) break;
    if (<usize>load<u32>(entry + 8) == nameLength && memory.compare(load<u32>(entry + 4), start, nameLength) == 0) {
      nameId = <i32>id - 1;
      return true;
    }
  }
  nameId = -1;
  return true;
}

function space(): void {
  for (;;) {
    const byte = load<u8>(at);
    if (byte > 0x20 || (byte != 0x20 && byte != 0x0a && byte != 0x09 && byte != 0x0d)) return;
    at += 1;
    isLoose = true;
  }
}

/** Reads a text. */
function readString(): bool {
  const quotes = i8x16.splat(QUOTE);
  const backslashes = i8x16.splat(BACKSLASH);
  const controls = i8x16.splat(0x1f);
  isEscaped = false;
  let from = at + 1;
  stringStart = from;
  while (true) {
    const some = v128.load(from);
    const found = i8x16.bitmask(v128.or(v128.or(i8x16.eq(some, quotes), i8x16.eq(some, backslashes)), i8x16.le_u(some, controls)));
    if (found == 0) {
      from += 16;
      continue;
    }
    from += ctz(found);
    const byte = load<u8>(from);
    if (byte == QUOTE) {
      stringEnd = from;
      at = from + 1;
      return true;
    }
    if (byte != BACKSLASH) return false;
    const escape = load<u8>(from + 1);
    if (escape == U) {
      // No control characters, which are written in many ways, and no halves of pairs, which no database takes.
      const code = hexAt(from + 2);
      if (code < 0x20 || (code & 0xfc00) == 0xdc00) return false;
      if ((code & 0xfc00) == 0xd800) {
        if (load<u8>(from + 6) != BACKSLASH || load<u8>(from + 7) != U || (hexAt(from + 8) & 0xfc00) != 0xdc00) return false;
        from += 6;
      }
      from += 4;
      isLoose = true;
    } else if (escape == SLASH) isLoose = true;
    // b, f, n, r, t.
    else if (escape != QUOTE && escape != BACKSLASH && escape != 0x62 && escape != 0x66 && escape != 0x6e && escape != 0x72 && escape != 0x74)
      return false;
    isEscaped = true;
    from += 2;
  }
}

function isAscii(start: usize, end: usize): bool {
  for (let from = start; from < end; from += 1) if (load<u8>(from) > 0x7f) return false;
  return true;
}

/** Reads true, false, or a number. */
function readScalar(): bool {
  const byte = load<u8>(at);
  scalarStart = at;
  if (byte == 0x74) {
    if (load<u32>(at) != TRUE) return false;
    at += 4;
  } else if (byte == 0x66) {
    if (load<u32>(at + 1) != ALSE) return false;
    at += 5;
  } else if (!readNumber()) return false;
  scalarEnd = at;
  return true;
}

/** Reads a number without an exponent. */
function readNumber(): bool {
  const start = at;
  if (load<u8>(at) == MINUS) at += 1;
  const whole = at;
  while (isDigit(load<u8>(at))) at += 1;
  wholeDigits = <u32>(at - whole);
  fractionDigits = 0;
  if (wholeDigits == 0 || (wholeDigits > 1 && load<u8>(whole) == ZERO)) return false;
  if (load<u8>(at) == POINT) {
    at += 1;
    const fraction = at;
    while (isDigit(load<u8>(at))) at += 1;
    fractionDigits = <u32>(at - fraction);
    if (fractionDigits == 0) return false;
  }
  return at - start <= MOST_DIGITS;
}

function isDigit(byte: u8): bool {
  return byte >= ZERO && byte <= NINE;
}

/** Reads a number that DECIMAL(18,4) holds, or a text that is one. */
function readDecimal(first: u8): bool {
  if (first == QUOTE) at += 1;
  scalarStart = at;
  if (!readNumber() || wholeDigits > WHOLE_DIGITS || fractionDigits > FRACTION_DIGITS) return false;
  scalarEnd = at;
  if (first != QUOTE) return true;
  if (load<u8>(at) != QUOTE) return false;
  at += 1;
  return true;
}

/** Reads a list of texts. */
function readTexts(): bool {
  at += 1;
  space();
  if (load<u8>(at) == CLOSE_LIST) {
    at += 1;
    return true;
  }
  while (true) {
    if (load<u8>(at) != QUOTE || !readString()) return false;
    space();
    const byte = load<u8>(at);
    at += 1;
    if (byte == CLOSE_LIST) return true;
    if (byte != COMMA) return false;
    space();
  }
}

/** Reads any value that is written as it stands, but for white space: keys in their order, each once. */
function readValue(depth: i32): bool {
  const first = load<u8>(at);
  if (first == QUOTE) return readString();
  if (first == 0x6e && load<u32>(at) == NULL) {
    at += 4;
    return true;
  }
  if (first != OPEN && first != OPEN_LIST) return readScalar();
  if (depth == MOST_DEPTH) return false;
  const isObject = first == OPEN;
  const last = isObject ? CLOSE : CLOSE_LIST;
  const firstKey = keyCount;
  at += 1;
  space();
  if (load<u8>(at) == last) {
    at += 1;
    return true;
  }
  for (;;) {
    if (isObject && !(readKey(firstKey) && passColon())) break;
    if (!readValue(depth + 1)) break;
    space();
    const byte = load<u8>(at);
    at += 1;
    if (byte == last) {
      keyCount = firstKey;
      return true;
    }
    if (byte != COMMA) break;
    space();
  }
  keyCount = firstKey;
  return false;
}

/** Reads a key that its object does not have yet, and that is no whole number: JavaScript would put it first. */
function readKey(firstKey: u32): bool {
  if (load<u8>(at) != QUOTE || !readString() || isEscaped) return false;
  const length = stringEnd - stringStart;
  if (length == 0 || isDigit(load<u8>(stringStart)) || keyCount == MOST_KEYS) return false;
  for (let index = firstKey; index < keyCount; index += 1) {
    const key = keys + ((<usize>index) << 3);
    if (<usize>load<u32>(key + 4) == length && memory.compare(load<u32>(key), stringStart, length) == 0) return false;
  }
  const key = keys + ((<usize>keyCount) << 3);
  store<u32>(key, <u32>stringStart);
  store<u32>(key + 4, <u32>length);
  keyCount += 1;
  return true;
}

/** The first entry of a column, 0 where it has none. */
export function firstEntry(column: u32): usize {
  return load<u32>(chains + ((<usize>column) << 3));
}
