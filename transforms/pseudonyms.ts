/** Pseudonyms of many values: each is hashed once, as long as it is held. */
import { type Fold, pseudonym } from "../schemas/privacy.ts";

/** Values whose pseudonyms are held: a contact has several signals in a file. */
const MOST_HELD = 20_000;
/** A longer one is not. */
const LONGEST_HELD = 256;

export class Pseudonyms {
  readonly #secret: Buffer;
  readonly #held = new Map<string, string | undefined>();

  /** @param secret the privacy key */
  constructor(secret: Buffer) {
    this.#secret = secret;
  }

  /** As pseudonym(). Memory: 20,000 short values. */
  of(value: string, fold: Fold): string | undefined {
    const key = fold + value;
    const held = this.#held.get(key);
    if (held !== undefined) return held;
    const made = pseudonym(this.#secret, value, fold);
    if (value.length > LONGEST_HELD) return made;
    if (this.#held.size >= MOST_HELD) this.#held.clear();
    this.#held.set(key, made);
    return made;
  }
}
