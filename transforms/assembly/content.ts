/**
 * Cuts SIGNAL_CONTENT into texts: those of its fields, of an order's items, and of what has no column. Read is only what the row path would read in the same way for sure: JSON without
 * exponents, with each key once, and with a value of its kind for each field. All other content is refused, and its record left to the row path. What is not refused is valid JSON.
 */
import { goTo, passSpace, place } from "./cursor.ts";
import { put } from "./entries.ts";
import { beginExtras, putExtra } from "./extras.ts";
import { hashContent } from "./hash.ts";
import { readPayload } from "./payload.ts";
import { hashColumn, wholeColumn } from "./plan.ts";
import { HASH } from "./sizes.ts";
import { reserve, written, writtenEnd } from "./written.ts";

/**
 * Reads a content.
 * @param text it, up to `end`, where a zero stands @param type the number of the record's type @param isHashed whether a hash of it is wanted
 * @returns false where it is to be refused; it may be, too, where there was no room for all that was to be written
 */
export function readContent(text: usize, end: usize, type: u32, isHashed: bool): bool {
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
