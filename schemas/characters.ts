/** Characters that are there and are not seen, and those that do something to a line or a terminal. */

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

/**
 * What can end a line, drive a terminal, or turn round the order in which a line is read: controls (escape among them), Unicode's separators of lines and
 * paragraphs, its marks of direction, and halves of a character.
 */
const UNSAFE = String.raw`[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]`;
const UNSAFE_IN_LINE = new RegExp(UNSAFE, "gu");
/** Tabs and line ends have their meaning in a text of several lines. */
const UNSAFE_IN_LINES = new RegExp(String.raw`(?!\t|\r?\n)${UNSAFE}`, "gu");

/** As JSON writes it, so that a JSON text in which something is escaped still says the same. */
const escapeUnsafe = (character: string) => {
  const written = JSON.stringify(character).slice(1, -1);
  return written === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}` : written;
};

/** A text as one line that can forge no other one and that no terminal takes for a command: what could is shown as an escape. @param most characters; what is longer is cut */
export function oneLine(text: string, most = Infinity): string {
  const line = text.replace(UNSAFE_IN_LINE, escapeUnsafe);
  return line.length > most ? `${line.slice(0, most - 1).replace(/[\ud800-\udbff]$/, "")}…` : line;
}

/** What a server said, as a part of a message of ours: one line of so many characters at most, its line ends and blanks as single spaces. */
export const serverWords = (text: string, most = 500): string =>
  oneLine(
    text
      .slice(0, 10 * most)
      .replace(BLANKS, " ")
      .trim(),
    most,
  );

const BLANKS = /[\p{Z}\s]+/gu;

/** The same for a text of several lines, whose line ends and tabs stay. A JSON text still says the same. */
export const safeLines = (text: string): string => text.replace(UNSAFE_IN_LINES, escapeUnsafe);
