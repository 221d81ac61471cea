import { DuckDBInstance } from "./duckdb.ts";
import { databaseOf } from "./database.ts";
import { NOT_ENCRYPTED } from "./encryption.ts";
import type { Place } from "./place.ts";

/** A place in memory: each time it is opened there is a new warehouse, which is gone when it is closed. */
export function memoryPlace(): Place {
  return {
    name: ":memory:",
    encryption: NOT_ENCRYPTED,
    exists: () => Promise.resolve(false),
    size: () => Promise.resolve(0),
    room: () => Promise.resolve(undefined),
    lock: () => Promise.resolve(() => undefined),
    open: async (_, options) => databaseOf(await DuckDBInstance.create(":memory:", { ...options })),
  };
}
