/** Keyed hashes in SQL: those of schemas/keyed-hash.ts. */
import { createHash } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import { HASH_DIGITS } from "../schemas/keyed-hash.ts";

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
    `CREATE OR REPLACE TEMP MACRO ${name}(text) AS left(sha256(getvariable('${name}_outer') || unhex(sha256(getvariable('${name}_inner') || encode(text)))), ${HASH_DIGITS})`,
  );
}
