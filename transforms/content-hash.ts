/** What SIGNAL_CONTENT says, as a hash: whoever reads many records at once has it made by the same code, see transforms/assembly/hash.ts. */
import { HASH } from "./assembly/sizes.ts";
import { Assembly } from "./assembly.ts";

/** A memory that had a larger text is given back. */
const LARGE = 1024 * 1024;

let shared: Assembly | undefined;

/**
 * Hashes what a JSON text says, however it is written: neither the order of keys, nor white space, escapes, or how a number is spelled makes a difference, nor members that say nothing (null, blanks, empty objects
 * and lists). JSON text inside a JSON text is looked into.
 * @param text valid JSON
 * @returns 32 hexadecimal digits; empty where it says nothing
 */
export function contentHash(text: string): string {
  const content = Buffer.from(text);
  const assembly = (shared ??= new Assembly());
  assembly.clear();
  const start = assembly.place(content.length);
  const scratch = assembly.place(content.length * 2);
  const target = assembly.place(HASH);
  assembly.bytes.set(content, start);
  const length = assembly.code.hashContent(start, start + content.length, scratch, scratch + content.length * 2, target);
  const hash = assembly.bytes.toString("latin1", target, target + length);
  if (content.length > LARGE) shared = undefined;
  return hash;
}
