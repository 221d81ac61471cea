/** Characters that are looked for. */
export const QUOTE: u8 = 0x22;
export const BACKSLASH: u8 = 0x5c;
export const SLASH: u8 = 0x2f;
export const COMMA: u8 = 0x2c;
export const COLON: u8 = 0x3a;
export const OPEN: u8 = 0x7b;
export const CLOSE: u8 = 0x7d;
export const OPEN_LIST: u8 = 0x5b;
export const CLOSE_LIST: u8 = 0x5d;
export const DASH: u8 = 0x2d;
export const POINT: u8 = 0x2e;
export const ZERO: u8 = 0x30;
export const NINE: u8 = 0x39;
export const LF: u8 = 0x0a;
export const CR: u8 = 0x0d;

export function isDigit(byte: u8): bool {
  return byte >= ZERO && byte <= NINE;
}
