import { DuckDBInstance } from "./duckdb.ts";
import { explainDuckdb } from "./duckdb-errors.ts";
import { MIGRATIONS, schemaVersion } from "./migrate.ts";
import { storageOf } from "./storage.ts";

/**
 * Whether a warehouse that exists could be written to now, without writing to it.
 * @returns its schema version (undefined where the file is no warehouse yet), the one that a write would bring it to, and DuckDB's storage version of the file
 * @throws SignalhouseError warehouse_locked, warehouse_newer, warehouse_failed
 */
export async function probeWarehouse(path: string): Promise<{ version: number | undefined; target: number; storage: string }> {
  const instance = await DuckDBInstance.create(path, { access_mode: "READ_WRITE" }).catch((error: unknown) => {
    throw explainDuckdb(error, path);
  });
  const connection = await instance.connect();
  try {
    return { version: await schemaVersion(connection), target: MIGRATIONS.length + 1, storage: await storageOf(connection) };
  } catch (error) {
    throw explainDuckdb(error, path);
  } finally {
    connection.disconnectSync();
    instance.closeSync();
  }
}
