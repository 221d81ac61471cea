import type { DuckDBConnection } from "@duckdb/node-api";
import type { DuckDBInstance } from "./duckdb.ts";
import type { Database } from "./place.ts";

/** An instance of DuckDB, as places open it. @param prepare what each connection needs before it is used */
export function databaseOf(instance: DuckDBInstance, prepare?: (connection: DuckDBConnection) => Promise<unknown>): Database {
  let isOpen = true;
  return {
    async connect() {
      const connection = await instance.connect();
      try {
        await prepare?.(connection);
        return connection;
      } catch (error) {
        connection.disconnectSync();
        throw error;
      }
    },
    close() {
      if (isOpen) instance.closeSync();
      isOpen = false;
    },
  };
}
