import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteText } from "../../schemas/names.ts";

/** From now on this DuckDB reaches no file but its own, `files` and what is in `folders`, loads no extension, and cannot be told otherwise. */
export async function lockDown(connection: DuckDBConnection, files: readonly string[] = [], folders: readonly string[] = []): Promise<void> {
  if (files.length > 0) await connection.run(`SET allowed_paths = [${files.map(quoteText).join(", ")}]`);
  if (folders.length > 0) await connection.run(`SET allowed_directories = [${folders.map(quoteText).join(", ")}]`);
  await connection.run("SET autoinstall_known_extensions = false");
  await connection.run("SET autoload_known_extensions = false");
  await connection.run("SET enable_external_access = false");
  await connection.run("SET lock_configuration = true");
}
