/** The storage version of a warehouse's file, which decides what DuckDB can read it. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteText } from "../schemas/names.ts";
import { DuckDBInstance } from "./duckdb.ts";
import { rows } from "./sql.ts";

/**
 * The storage version of new files: DuckDB 1.4 and later read them, older ones refuse them. Since v1.3.0 columns that are mostly null cost little (DICT_FSST, duckdb/duckdb#15637):
 * a file of v1.2.0 or older is 7 % larger and takes a quarter more of the writer's time. To switch DICT_FSST off instead leaves the texts uncompressed, as the older ways are not to
 * be had beside it; v1.5.0 saves nothing more, and DuckDB 1.4 refuses it.
 */
export const STORAGE = "v1.4.0";

/**
 * What DuckDB 1.4 and later write as v1.3.0 is not what DuckDB 1.3 reads as such: a text column that has nulls (DICT_FSST with "Empty Validity") is nothing but nulls there, and
 * nothing tells. What 1.3 wrote itself it reads, but a file does not say who wrote which part.
 */
export const MISREAD_STORAGE = "v1.3.0";

/** The storage version of the database that a connection has open. */
export async function storageOf(connection: DuckDBConnection): Promise<string> {
  const sql = "SELECT tags['storage_version'] AS version FROM duckdb_databases() WHERE database_name = current_database()";
  const [found] = await rows<{ version: string | null }>(connection, sql);
  // DuckDB writes v1.4.0+: that version, or a later one.
  return (found?.version ?? "unknown").replace(/\+$/, "");
}

/**
 * Raises a file to STORAGE, so that a DuckDB that would misread it refuses it. Its rows stay as they are; nobody may have it open.
 * @param options DuckDB's own, such as its memory
 */
export async function raiseStorage(path: string, options: Record<string, string>): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:", options);
  const connection = await instance.connect();
  try {
    // Only ATTACH raises a file that is there (duckdb/duckdb#15794), and only with something to write: a table that is gone before anybody sees it.
    await connection.run(`ATTACH ${quoteText(path)} AS raised (STORAGE_VERSION '${STORAGE}')`);
    await connection.run("BEGIN; CREATE TABLE raised.main.storage (version VARCHAR); DROP TABLE raised.main.storage; COMMIT; CHECKPOINT raised");
    await connection.run("DETACH raised");
  } finally {
    connection.disconnectSync();
    instance.closeSync();
  }
}
