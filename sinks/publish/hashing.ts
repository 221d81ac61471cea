/** Keyed hashes of contact ids, in SQL: the same contact has the same one in every version, and without the key nobody can tell whose it is. */
import { createHash, createHmac } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";

/** How a copy tells contacts apart: by keyed hashes of their ids, or by the ids themselves. */
export type ContactIds = { as: "hashed"; key: Buffer } | { as: "plain" };

/** Hexadecimal digits that are kept of a hash: 128 bits, by which no two contacts meet. */
const DIGITS = 32;
/** Bytes of a block of SHA-256. */
const BLOCK = 64;

/**
 * Makes hashedSql() work on a connection: HMAC-SHA256 of the text in UTF-8, cut to 32 hexadecimal digits; 3 microseconds each. The key stands in variables of the connection, so that no error
 * of DuckDB repeats it.
 */
export async function useContactIds(connection: DuckDBConnection, ids: ContactIds): Promise<void> {
  if (ids.as === "plain") {
    await connection.run("CREATE OR REPLACE TEMP MACRO published_id(id) AS id");
    return;
  }
  // RFC 2104: a key is filled up with zeros to a block, and is hashed before where it is longer.
  const key = Buffer.alloc(BLOCK);
  (ids.key.length > BLOCK ? createHash("sha256").update(ids.key).digest() : ids.key).copy(key);
  const pad = (byte: number) => Buffer.from(key.map((part) => part ^ byte)).toString("hex");
  await connection.run(`SET VARIABLE published_inner = unhex('${pad(0x36)}'); SET VARIABLE published_outer = unhex('${pad(0x5c)}')`);
  await connection.run(
    `CREATE OR REPLACE TEMP MACRO published_id(id) AS left(sha256(getvariable('published_outer') || unhex(sha256(getvariable('published_inner') || encode(id)))), ${DIGITS})`,
  );
}

/** SQL of what the copy has in place of a contact's id or alias; NULL of NULL. @param id SQL of a text */
export const hashedSql = (id: string): string => `published_id(${id})`;

/** What tells two keys apart, and nothing about them. */
export const fingerprintOf = (ids: ContactIds): string =>
  ids.as === "plain" ? "plain" : createHmac("sha256", ids.key).update("signalhouse publish").digest("hex");
