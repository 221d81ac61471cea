/** What becomes of a field of SIGNAL_CONTENT. Both compilers read this file: constants without types, and nothing else. */

/** It has no column. */
export const UNKNOWN = 0;
/** What it says stands elsewhere. */
export const IGNORED = 1;
export const TEXT = 2;
/** A text whose letters are made large or small: only as ASCII are they what JavaScript makes of them. */
export const ASCII = 3;
export const DECIMAL = 4;
export const BOOLEAN = 5;
export const TEXTS = 6;
export const JSON = 7;
/** The items of an order. */
export const ITEMS = 8;
export const TIME = 9;
/** A time that may say when the signal happened. */
export const MOMENT = 10;

/** A meaning has an action in its lowest bits, so many, and a column above them. */
export const ACTION_BITS = 4;
