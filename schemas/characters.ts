/** Characters that are there and are not seen. */

/** Signs without a shape that are neither blanks, controls nor format characters to Unicode: fillers, joiners, and selectors of variants. */
const SHAPELESS = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\u{e0100}-\u{e01ef}";

/** Blanks of every kind and whatever is invisible, as a pattern that RE2 and JavaScript (with the flag u) read alike. */
export const UNSEEN = String.raw`[\p{Z}\p{Cc}\p{Cf}${SHAPELESS}]`;

const ESCAPED = new RegExp(String.raw`(?! )${UNSEEN}`, "gu");
const ESCAPED_WITH_MARKS = new RegExp(String.raw`(?! )${UNSEEN}|\p{M}`, "gu");
const escape = (character: string) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/** A text in quotes, with everything escaped that would not be seen, but for spaces. @param marks escape accents that stand by themselves, too */
export function shown(text: string, marks = false): string {
  return JSON.stringify(text).replace(marks ? ESCAPED_WITH_MARKS : ESCAPED, escape);
}

/** A text as one that is compared with others: without what is not seen, without case, in one Unicode form. */
export const folded = (text: string): string => text.replace(new RegExp(UNSEEN, "gu"), "").normalize("NFC").toLowerCase();
