import type { DuckDBInstance } from "./duckdb.ts";
import type { Database } from "./place.ts";

/** An instance of DuckDB, as places open it. */
export function databaseOf(instance: DuckDBInstance): Database {
  let isOpen = true;
  return {
    connect: () => instance.connect(),
    close() {
      if (isOpen) instance.closeSync();
      isOpen = false;
    },
  };
}
