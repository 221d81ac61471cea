/** Keyed hashes in SQL: HMAC-SHA256, by which the same text has the same hash each time, and nobody without the key can tell what was hashed. */
import { createHash, createHmac } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";

/** Hexadecimal digits that are kept of a hash: 128 bits, by which no two texts meet. */
const DIGITS = 32;
/** Bytes of a block of SHA-256. */
const BLOCK = 64;

/**
 * Makes a temporary macro `name(text)` on a connection: HMAC-SHA256 of the text in UTF-8, cut to 32 hexadecimal digits; 3 microseconds each. The key stands in variables of the connection, so that no error
 * of DuckDB repeats it.
 */
export async function useKeyedHash(connection: DuckDBConnection, name: string, secret: Buffer): Promise<void> {
  // RFC 2104: a key is filled up with zeros to a block, and is hashed before where it is longer.
  const key = Buffer.alloc(BLOCK);
  (secret.length > BLOCK ? createHash("sha256").update(secret).digest() : secret).copy(key);
  const pad = (byte: number) => Buffer.from(key.map((part) => part ^ byte)).toString("hex");
  await connection.run(`SET VARIABLE ${name}_inner = unhex('${pad(0x36)}'); SET VARIABLE ${name}_outer = unhex('${pad(0x5c)}')`);
  await connection.run(
    `CREATE OR REPLACE TEMP MACRO ${name}(text) AS left(sha256(getvariable('${name}_outer') || unhex(sha256(getvariable('${name}_inner') || encode(text)))), ${DIGITS})`,
  );
}

/** The same hash outside of SQL. */
export const keyedHash = (secret: Buffer, text: string): string => createHmac("sha256", secret).update(text, "utf8").digest("hex").slice(0, DIGITS);

/** What tells a key from another one, and nothing about it. @param purpose what it is the key of */
export const fingerprintOfKey = (secret: Buffer, purpose: string): string => createHmac("sha256", secret).update(purpose).digest("hex");
