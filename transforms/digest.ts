import { createHash } from "node:crypto";

/** Size and SHA-256 of the bytes that went by. */
export class Digest {
  bytes = 0;
  readonly #hash = createHash("sha256");

  /** Passes the chunks on unchanged. */
  async *through(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      this.bytes += chunk.length;
      this.#hash.update(chunk);
      yield chunk;
    }
  }

  /** The hash in hex; to be asked for once, at the end. */
  sha256(): string {
    return this.#hash.digest("hex");
  }
}
