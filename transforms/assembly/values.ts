/** Reads JSON values of any kind. */
import { CLOSE, CLOSE_LIST, OPEN, OPEN_LIST, QUOTE } from "../bytes.ts";
import { isDigit } from "./characters.ts";
import { expectTight, LAST, MORE, NEITHER, passColon, passMember, passNull, passOpening, peek } from "./cursor.ts";
import { isNamed, Name, nameAt } from "./names.ts";
import { readScalar } from "./scalars.ts";
import { isEscaped, readString, stringEnd, stringStart } from "./strings.ts";

/** How deep lists and objects nest in a value, and how many keys those of them have that are open. */
const MOST_DEPTH: i32 = 16;
const MOST_KEYS = 256;

/** Keys of objects that are open. */
const keys = memory.data(MOST_KEYS * <i32>offsetof<Name>());
let keyCount: u32 = 0;

/** Reads a value of any kind, whose objects have each key once, in the order that JavaScript gives them. */
export function readAny(): bool {
  expectTight();
  return readValue(0);
}

function readValue(depth: i32): bool {
  const first = peek();
  if (first == QUOTE) return readString();
  if (first != OPEN && first != OPEN_LIST) return passNull() || readScalar();
  if (depth == MOST_DEPTH) return false;
  const isObject = first == OPEN;
  const closing = isObject ? CLOSE : CLOSE_LIST;
  const firstKey = keyCount;
  let next = passOpening(closing);
  while (next == MORE) {
    next = (!isObject || (readKey(firstKey) && passColon())) && readValue(depth + 1) ? passMember(closing) : NEITHER;
  }
  keyCount = firstKey;
  return next == LAST;
}

/** Reads a key that its object does not have yet, and that is no whole number: JavaScript would put it first. */
function readKey(firstKey: u32): bool {
  if (!readString() || isEscaped) return false;
  const length = stringEnd - stringStart;
  if (length == 0 || isDigit(load<u8>(stringStart)) || keyCount == MOST_KEYS) return false;
  for (let index = firstKey; index < keyCount; index += 1) if (isNamed(nameAt(keys, index), stringStart, length)) return false;
  const key = nameAt(keys, keyCount);
  key.start = stringStart;
  key.length = length;
  keyCount += 1;
  return true;
}
