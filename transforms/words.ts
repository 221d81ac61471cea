/** Bytes that are looked at four at a time: V8 needs as long for one byte as for a word of four. */
export class Words {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly length: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.length = bytes.length;
  }

  /** The first place from `start` on that has a byte; `length`, or beyond, where there is none. */
  indexOf(byte: number, start: number): number {
    const last = this.length - 4;
    let at = start;
    for (; at <= last; at += 4) {
      const found = equal(byte, this.view.getInt32(at, true));
      if (found !== 0) return at + firstFound(found);
    }
    while (at < this.length && this.bytes[at] !== byte) at += 1;
    return at;
  }

  /** Copies other bytes here, and, where they have more, up to three behind them. @returns the place behind the copy */
  copy(source: Words, start: number, end: number, to: number): number {
    let [from, at] = [start, to];
    if (end + 3 <= source.length) {
      for (; from < end; from += 4, at += 4) this.view.setInt32(at, source.view.getInt32(from, true), true);
    } else {
      for (; from < end; from += 1, at += 1) this.bytes[at] = source.bytes[from] as number;
    }
    return to + end - start;
  }
}

const ONES = 0x01010101;
const HIGHEST = 0x80808080 | 0;

/** Bits for the bytes of a word that are equal to one; only the lowest bit is to be relied on. 0 where there is none. */
const equal = (byte: number, word: number) => lessThan(1, word ^ Math.imul(byte, ONES));

/** The same for bytes of at most so much, less than 128. */
export const atMost = (byte: number, word: number): number => lessThan(byte + 1, word);

const lessThan = (byte: number, word: number) => ((word - Math.imul(byte, ONES)) | 0) & ~word & HIGHEST;

/** Which byte of the word the lowest bit stands for. */
export const firstFound = (bits: number): number => (31 - Math.clz32(bits & -bits)) >> 3;
