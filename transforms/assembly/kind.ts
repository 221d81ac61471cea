/** What a column's values are. Both compilers read this file: constants without types, and nothing else. */

/** A text, JSON among them. */
export const TEXT = 0;
/** A text in capitals, or in small letters: of ASCII alone, in which they are what JavaScript makes of them. */
export const UPPER = 1;
export const LOWER = 2;
/** Microseconds since 1970, in eight bytes. */
export const TIME = 3;
/** Units of the last place, in eight bytes. */
export const DECIMAL = 4;
/** 1 or 0, in a byte. */
export const BOOLEAN = 5;
/** A list of texts, as text: each behind a mark. */
export const LIST = 6;
