/** Inputs that are nearly real ones. */
import type { Random } from "../../samples/generator/random.ts";

/** What readers look for, and what they may fall over. */
const TOKENS = String.raw`" "" "," , \ \N { } [ ] : null 1e400 -0 \u0000 \ud800 __proto__ % ../ / * ** ? |1| @revoked # // /* SIGNAL_TYPE data errors`
  .split(" ")
  .concat("\n", "\r", "\r\n", " ", "\0", "\u{feff}", "\u{1f600}", "\u2028", "\u00a0")
  .map((text) => Buffer.from(text));
const BYTES = [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0x1f, 0x8b, 0x08], [0xf0, 0x9f], [0x80]].map((bytes) => Buffer.from(bytes));
const MOST_BYTES = 64 * 1024;

type Change = (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

const splice = (bytes: Buffer, start: number, end: number, between: Uint8Array) =>
  Buffer.concat([bytes.subarray(0, start), between, bytes.subarray(end)]);

/** A place in the bytes, and one behind it. */
function span(bytes: Buffer, random: Random, most: number): [number, number] {
  const start = random.int(0, bytes.length);
  return [start, Math.min(bytes.length, start + random.int(1, most))];
}

const CHANGES: readonly Change[] = [
  // A bit is another one.
  (bytes, random) => {
    if (bytes.length === 0) return bytes;
    const copy = Buffer.from(bytes);
    const at = random.int(0, copy.length - 1);
    copy[at] = (copy[at] as number) ^ (1 << random.int(0, 7));
    return copy;
  },
  // Something is gone, is there again, or is cut off.
  (bytes, random) => splice(bytes, ...span(bytes, random, 40), Buffer.alloc(0)),
  (bytes, random) => {
    const [start, end] = span(bytes, random, 200);
    return splice(bytes, start, start, bytes.subarray(start, end));
  },
  (bytes, random) => bytes.subarray(0, random.int(0, bytes.length)),
  // Something stands in the middle that means something.
  (bytes, random) => {
    const [start, end] = span(bytes, random, 8);
    return splice(bytes, start, random.chance(50) ? start : end, random.pick(random.chance(80) ? TOKENS : BYTES));
  },
  // Something stands there many times.
  (bytes, random) => {
    const [start] = span(bytes, random, 1);
    const token = random.pick(TOKENS);
    return splice(bytes, start, start, Buffer.alloc(token.length * random.int(2, 300), token));
  },
  // One begins as this and ends as another one.
  (bytes, random, others) => {
    const other = random.pick(others);
    return Buffer.concat([bytes.subarray(0, random.int(0, bytes.length)), other.subarray(random.int(0, other.length))]);
  },
];

/** One of some inputs, changed once to six times. */
export function mutated(random: Random, seeds: readonly Buffer[]): Buffer {
  let bytes = random.pick(seeds);
  for (let changes = random.int(1, 6); changes > 0; changes -= 1) bytes = random.pick(CHANGES)(bytes, random, seeds);
  return bytes.subarray(0, MOST_BYTES);
}

/** The same with the first line as it is. */
export function mutatedBody(random: Random, seeds: readonly Buffer[]): Buffer {
  const bytes = random.pick(seeds);
  const end = bytes.indexOf("\n") + 1;
  return Buffer.concat([bytes.subarray(0, end), mutated(random, [bytes.subarray(end)])]);
}
