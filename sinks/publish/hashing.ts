/** How a copy tells contacts apart: by keyed hashes of their ids, the same in every version. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { fingerprintOfKey } from "../../schemas/keyed-hash.ts";
import { useKeyedHash } from "../keyed-hash.ts";

/** By keyed hashes of contact ids, or by the ids themselves. */
export type ContactIds = { as: "hashed"; key: Buffer } | { as: "plain" };

/** Makes hashedSql() work on a connection. */
export async function useContactIds(connection: DuckDBConnection, ids: ContactIds): Promise<void> {
  if (ids.as === "plain") await connection.run("CREATE OR REPLACE TEMP MACRO published_id(id) AS id");
  else await useKeyedHash(connection, "published_id", ids.key);
}

/** SQL of what the copy has in place of a contact's id or alias; NULL of NULL. @param id SQL of a text */
export const hashedSql = (id: string): string => `published_id(${id})`;

/** What tells two keys apart, and nothing about them. */
export const fingerprintOf = (ids: ContactIds): string => (ids.as === "plain" ? "plain" : fingerprintOfKey(ids.key, "signalhouse publish"));
