/** Where a warehouse is. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { FindEncryption } from "./encryption.ts";

/** A database that is open. Whoever opened it closes it. */
export interface Database {
  /** A further connection; the caller disconnects it. */
  connect(): Promise<DuckDBConnection>;
  /** May be called twice. */
  close(): void;
}

/** What is to be done with a warehouse: `read` lets other readers in, `write` keeps everybody else out. */
export type Access = "read" | "write";

/** A place for a warehouse. Whatever implements it is held to test/sinks/place.test.ts. */
export interface Place {
  /** What messages call it: a file's path. */
  readonly name: string;
  /** How what is there is encrypted, and what is made there. */
  readonly encryption: FindEncryption;
  /** Whether somebody has made a warehouse there. */
  exists(): Promise<boolean>;
  /** Bytes that it takes; 0 where there is none. */
  size(): Promise<number>;
  /** Bytes that are free for it; undefined where that cannot be told. */
  room(): Promise<number | undefined>;
  /**
   * Takes the place for this process, before it is opened.
   * @returns a function that gives it back; it may be called twice
   * @throws SignalhouseError warehouse_locked where this process has it already, unless both only read; warehouse_failed where no warehouse can be there
   */
  lock(access: Access): Promise<() => void>;
  /**
   * Opens what is there; to write, a new database is made where there is none, whole or not at all. To be locked before, and until the database is closed.
   * @param options DuckDB's own, such as its memory
   * @throws SignalhouseError warehouse_failed, warehouse_damaged, warehouse_key, warehouse_not_encrypted, extension_missing; DuckDB's errors as they are
   */
  open(access: Access, options: Readonly<Record<string, string>>): Promise<Database>;
}
