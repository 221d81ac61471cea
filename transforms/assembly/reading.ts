/** Reads what rows say beyond the fields that are copied: fields that are looked at, and content. What it finds are entries, by column; the rows that it cannot read for sure are refused. */
import { CASE, DASH, POINT, QUOTE } from "../bytes.ts";
import { isDigit } from "./characters.ts";
import { readContent } from "./content.ts";
import { beginEntries, beginRow, put, takeBack } from "./entries.ts";
import { hasMoment, readFields } from "./fields.ts";
import { keyColumn } from "./plan.ts";
import { fieldEnd, fieldStart, refuse, rowCount, typeOf, writeText } from "./rows.ts";
import { beginWriting, isWrittenInPart, rewind, written } from "./written.ts";

/**
 * Reads the rows that setRows() has told. In the entries they are counted among those that are not refused.
 * @param content where it stands; -1: nowhere @param isLast whether it is the last field of a record @param id where the record's id stands; -1: nowhere
 * @param texts room for all fields and a byte more for each row @param rewritten, @param entries room that reaches to `rewrittenEnd`, and `entriesEnd`: what finds none is refused
 */
export function readRows(
  content: i32,
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
  let row: u32 = 0;
  beginWriting(rewritten, rewrittenEnd);
  beginEntries(entries, entriesEnd);
  for (let index: u32 = 0; index < count; index += 1) {
    const before = written();
    rewind(before);
    beginRow(row);
    let after = readFields(index, text);
    const hasKey = after != 0 && id >= 0 && readKey(index, <u32>id);
    if (after != 0 && content >= 0) after = readField(index, content, isLast, !hasKey, after);
    if (after != 0 && hasMoment && !isWrittenInPart()) {
      text = after;
      row += 1;
    } else {
      takeBack();
      rewind(before);
      refuse(index);
    }
  }
}

/** Reads the field that has the content. @param isHashed whether a hash of it is wanted @returns the place behind its text; 0 where it is to be refused */
function readField(index: u32, field: u32, isLast: bool, isHashed: bool, text: usize): usize {
  const start = fieldStart(index, field);
  const end = fieldEnd(index, field, isLast, start);
  if (end == start) return text;
  const after = writeText(start, end, text);
  if (after == text) return text;
  store<u8>(after, 0);
  return readContent(text, after, typeOf(index), isHashed) ? after + 1 : 0;
}

/** Characters: what is no id, or has blanks around it, has fewer, or others than letters, digits, and three more, or no letter but f. */
const LEAST_OF_ID: usize = 32;
const UNDERSCORE: u8 = 0x5f;
const F: u8 = 0x66;

/** Puts a record's id as its key, where it is one for sure, as schemas/identity.ts tells: nearly all are, and then nobody need look at it again, or wants a hash of what the record says. */
function readKey(index: u32, field: u32): bool {
  let start = fieldStart(index, field);
  let end = fieldEnd(index, field, false, start);
  if (end > start && load<u8>(start) == QUOTE) {
    start += 1;
    end -= 1;
  }
  if (end < start + LEAST_OF_ID) return false;
  let hasLetter = false;
  for (let at = start; at < end; at += 1) {
    const byte = load<u8>(at);
    const letter = byte | <u8>CASE;
    if (letter >= 0x61 && letter <= 0x7a) hasLetter = hasLetter || letter != F;
    else if (!isDigit(byte) && byte != DASH && byte != UNDERSCORE && byte != POINT) return false;
  }
  return hasLetter && put(keyColumn, start, end - start);
}
