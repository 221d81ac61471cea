/** Why mark() stopped. Both compilers read this file: constants without types, and nothing else. */

/** All is marked. */
export const WHOLE = 0;
/** The next record does not end here. */
export const INCOMPLETE = -1;
/** It is no CSV. */
export const BROKEN = -2;
/** It is larger than a record may be. */
export const TOO_LARGE = -3;
/** There is no more room for marks. */
export const FULL = -4;
