/**
 * Cuts SIGNAL_CONTENT into texts: those of its fields, of an order's items, and of what has no column. Read is only what the row path would read in the same way for sure: JSON without
 * exponents, with each key once, and with a value of its kind for each field. All other content is refused, and its record left to the row path. What is not refused is valid JSON.
 */
import { CASE } from "../bytes.ts";
import { goTo, passSpace, place } from "./cursor.ts";
import { beginEntries, beginRow, put, takeBack } from "./entries.ts";
import { beginExtras, putExtra } from "./extras.ts";
import { hashContent } from "./hash.ts";
import { readPayload } from "./payload.ts";
import { hashColumn, wholeColumn } from "./plan.ts";
import { fieldEnd, fieldStart, isAccepted, refuse, rowCount, typeOf, writeText } from "./rows.ts";
import { HASH } from "./sizes.ts";
import { beginWriting, isWrittenInPart, reserve, rewind, written, writtenEnd } from "./written.ts";

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
  let row: u32 = 0;
  beginWriting(rewritten, rewrittenEnd);
  beginEntries(entries, entriesEnd);
  for (let index: u32 = 0; index < count; index += 1) {
    if (!isAccepted(index)) continue;
    const start = fieldStart(index, field);
    const end = fieldEnd(index, field, isLast, start);
    if (end > start) {
      const after = writeText(start, end, text);
      if (after > text) {
        store<u8>(after, 0);
        const before = written();
        rewind(before);
        beginRow(row);
        if (!readWhole(text, after, typeOf(index), id < 0 || mayBeNoId(index, <u32>id)) || isWrittenInPart()) {
          takeBack();
          rewind(before);
          refuse(index);
          continue;
        }
        text = after + 1;
      }
    }
    row += 1;
  }
}

const ZEROS: u32 = 0x30303030;
const LETTERS_F: u32 = 0x66666666;
const CASES: u32 = CASE * 0x01010101;

/**
 * Whether a record's id may be none: such ids are short, or begin with zeros or f, behind what may stand around them. What is none is told by schemas/identity.ts: of one that is, and is not told here,
 * there is no hash, and the record is left to the row path.
 */
function mayBeNoId(index: u32, id: u32): bool {
  const start = fieldStart(index, id);
  if (fieldEnd(index, id, false, start) - start < 28) return true;
  for (let from = start; from < start + 4; from += 1) {
    const some = load<u32>(from);
    if (some == ZEROS || (some | CASES) == LETTERS_F) return true;
  }
  return false;
}

/** Reads a content. @returns false where it is to be refused; it may be, too, where there was no room for all that was to be written */
function readWhole(text: usize, end: usize, type: u32, isHashed: bool): bool {
  beginExtras();
  goTo(text);
  passSpace();
  if (!readPayload(type)) return false;
  passSpace();
  return place() == end && putExtra() && (!isHashed || putHash(text, end)) && put(wholeColumn, text, end - text);
}

/** Puts the hash of a content that is known to be valid. */
function putHash(text: usize, end: usize): bool {
  const hash = written();
  if (!reserve(HASH)) return false;
  const length = hashContent(text, end, written(), writtenEnd(), hash);
  return length >= 0 && put(hashColumn, hash, <usize>length);
}
