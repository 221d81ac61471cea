/** Keyed hashes: HMAC-SHA256, by which the same text has the same hash each time, and nobody without the key can tell what was hashed. sinks/keyed-hash.ts makes the same in SQL. */
import { createHmac } from "node:crypto";

/** Hexadecimal digits that are kept of a hash: 128 bits, by which no two texts meet. */
export const HASH_DIGITS = 32;

/** HMAC-SHA256 of a text in UTF-8, cut to 32 hexadecimal digits; 3 microseconds each. */
export const keyedHash = (secret: Buffer, text: string): string =>
  createHmac("sha256", secret).update(text, "utf8").digest("hex").slice(0, HASH_DIGITS);

/** What tells a key from another one, and nothing about it. @param purpose what it is the key of */
export const fingerprintOfKey = (secret: Buffer, purpose: string): string => createHmac("sha256", secret).update(purpose).digest("hex");

/** What tells the privacy key from another one: signalhouse.suppressions and signalhouse.meta have it. */
export const privacyFingerprint = (secret: Buffer): string => fingerprintOfKey(secret, "signalhouse privacy");

/** What is hashed of something that is remembered: what stands before its value. @param name the header of a key; empty of all else */
export const remembering = (what: "key" | "session" | "click" | "signal", name: string): string => `${what}\u001f${name}\u001f`;
