/** Sizes in bytes. Both compilers read this file: constants without types, and nothing else. */

/** What is looked at in one go: so many bytes must be there behind what is read, and behind what is written. */
export const VECTOR = 16;

/** The hash of a content: 128 bits in hexadecimal digits. */
export const HASH = 32;
