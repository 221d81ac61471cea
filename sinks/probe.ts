import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteIdentifier } from "../schemas/names.ts";
import { explainDuckdb } from "./duckdb-errors.ts";
import { openAsItIs } from "./file-place.ts";
import { interruptible } from "./interrupt.ts";
import { MIGRATIONS, schemaVersion } from "./migrate.ts";
import type { Place } from "./place.ts";
import { rows } from "./sql.ts";
import { storageOf } from "./storage.ts";

export interface Probed {
  /** Undefined where the file is no warehouse yet. */
  version: number | undefined;
  /** The schema version that a write would bring it to. */
  target: number;
  /** DuckDB's storage version of the file. */
  storage: string;
}

/** A place that is a file. */
type WarehouseFile = Pick<Place, "name" | "encryption">;

/**
 * Whether a warehouse that exists could be written to now, without writing to it.
 * @throws SignalhouseError warehouse_locked, warehouse_newer, warehouse_damaged, warehouse_key, warehouse_not_encrypted, extension_missing, warehouse_failed
 */
export async function probeWarehouse(place: WarehouseFile): Promise<Probed> {
  return probing(place, async (connection) => ({
    version: await schemaVersion(connection),
    target: MIGRATIONS.length + 1,
    storage: await storageOf(connection),
  }));
}

/**
 * Reads all that is in a warehouse: DuckDB compares each block with its checksum.
 * @param mostMs it ends after so many milliseconds, however much is left
 * @returns whether that was all
 * @throws SignalhouseError warehouse_locked, warehouse_damaged, warehouse_failed; the signal's reason
 */
export async function readWhole(place: WarehouseFile, mostMs: number, signal: AbortSignal): Promise<boolean> {
  const late = AbortSignal.timeout(mostMs);
  return probing(place, async (connection) => {
    try {
      await interruptible(connection, AbortSignal.any([late, signal]), async () => {
        const sql = "SELECT schema_name AS schema, table_name AS name FROM duckdb_tables() WHERE database_name = current_database() ORDER BY ALL";
        for (const { schema, name } of await rows<{ schema: string; name: string }>(connection, sql)) {
          await connection.run(`SELECT bit_xor(hash(t)) FROM ${quoteIdentifier(schema)}.${quoteIdentifier(name)} AS t`);
        }
      });
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if (late.aborted) return false;
      throw error;
    }
  });
}

async function probing<T>({ name: path, encryption }: WarehouseFile, work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  try {
    const database = await openAsItIs(path, "write", {}, encryption);
    try {
      const connection = await database.connect();
      return await work(connection).finally(() => connection.disconnectSync());
    } finally {
      database.close();
    }
  } catch (error) {
    throw explainDuckdb(error, path);
  }
}
