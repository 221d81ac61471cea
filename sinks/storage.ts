/** The storage version of a warehouse's file, which decides what DuckDB can read it. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteText } from "../schemas/names.ts";
import { encryptedAs, type Encryption } from "./encryption.ts";
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

/** What a warehouse that is opened to write is called. */
export const ATTACHED = "warehouse";

/**
 * Rows that are written together. Each thread that writes fills row groups of its own: with fewer rows than DuckDB's own 122,880 they become full in a stretch of a file; what does not is written again by
 * another thread, or stays so. Files are some 6 % larger. What is there already stays as it is.
 */
export const ROW_GROUP_ROWS = 40_960;

/** The storage version of the database that a connection has open. */
export async function storageOf(connection: DuckDBConnection, database = "current_database()"): Promise<string> {
  const [found] = await rows<{ version: string | null }>(
    connection,
    `SELECT tags['storage_version'] AS version FROM duckdb_databases() WHERE database_name = ${database}`,
  );
  // DuckDB writes v1.4.0+: that version, or a later one.
  return (found?.version ?? "unknown").replace(/\+$/, "");
}

/** Opens a file to write, as ATTACHED. One that some DuckDB would misread is raised to STORAGE, so that it refuses it; its rows stay as they are. */
export async function attach(connection: DuckDBConnection, path: string, encryption: Encryption | undefined): Promise<void> {
  const open = (more = "") =>
    connection.run(`ATTACH ${quoteText(path)} AS ${ATTACHED} (ROW_GROUP_SIZE ${ROW_GROUP_ROWS}${more}${encryptedAs(encryption)})`);
  await open();
  if ((await storageOf(connection, quoteText(ATTACHED))) !== MISREAD_STORAGE) return;
  await connection.run(`DETACH ${ATTACHED}`);
  // Only ATTACH raises a file that is there (duckdb/duckdb#15794), and only with something to write: a table that is gone before anybody sees it.
  await open(`, STORAGE_VERSION '${STORAGE}'`);
  // A user may have a table of any usual name.
  const table = `${ATTACHED}.main."signalhouse raises the storage version"`;
  await connection.run(`BEGIN; CREATE TABLE ${table} (version VARCHAR); DROP TABLE ${table}; COMMIT; CHECKPOINT ${ATTACHED}`);
}
