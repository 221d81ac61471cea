import { access } from "node:fs/promises";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { SignalhouseError } from "../schemas/errors.ts";
import type { ContactColumn } from "../schemas/header.ts";
import { claimFile } from "./claims.ts";
import { explainDuckdb } from "./duckdb-errors.ts";
import { contactColumns } from "./ledger.ts";
import { prepareSchema, schemaVersion } from "./migrate.ts";

export interface WarehouseOptions {
  /** The DuckDB file. It is created where it is missing, unless the warehouse is only read. */
  path: string;
  readOnly?: boolean;
  /** Memory that DuckDB may use, in its own spelling. */
  memory?: string;
  /** Threads that DuckDB may use; all cores where not given. */
  threads?: number;
  /** Written into a warehouse that is created or migrated. */
  version?: string;
}

/** An open warehouse. Whoever opened it closes it; while it is open for writing no other process can open the file. */
export interface Warehouse {
  readonly path: string;
  /** The connection for everything that is not a load. */
  readonly connection: DuckDBConnection;
  /** A further connection, for a load; the caller disconnects it. */
  connect(): Promise<DuckDBConnection>;
  /**
   * The contact columns, those included that a load in progress is about to add: two files that are read at the same time
   * must not give one column to two headers.
   */
  readonly contactColumns: ContactColumn[];
  close(): void;
}

/**
 * Opens a warehouse; creates or migrates it unless it is opened read-only.
 * @throws SignalhouseError warehouse_locked, warehouse_missing, warehouse_newer, warehouse_failed, disk_full
 */
export async function openWarehouse({ path, readOnly = false, memory, threads, version = "unknown" }: WarehouseOptions): Promise<Warehouse> {
  if (readOnly) await assertExists(path);
  const release = await claimFile(path, readOnly);
  const instance = await DuckDBInstance.create(path, {
    access_mode: readOnly ? "READ_ONLY" : "READ_WRITE",
    ...(memory === undefined ? {} : { memory_limit: memory }),
    ...(threads === undefined ? {} : { threads: String(threads) }),
  }).catch((error: unknown) => {
    release();
    throw explainDuckdb(error, path);
  });
  const connect = async () => {
    const connection = await instance.connect();
    // Times are shown and read in UTC, wherever the machine stands.
    await connection.run("SET TimeZone = 'UTC'");
    return connection;
  };
  const connection = await connect();
  // A connection that is left open would hold the file for as long as the process lives.
  const close = () => {
    connection.disconnectSync();
    instance.closeSync();
    release();
  };
  try {
    if (!readOnly) await prepareSchema(connection, version);
    else if ((await schemaVersion(connection)) === undefined) throw missing(path);
    return {
      path,
      connection,
      connect,
      contactColumns: await contactColumns(connection),
      close,
    };
  } catch (error) {
    close();
    throw explainDuckdb(error, path);
  }
}

async function assertExists(path: string): Promise<void> {
  await access(path).catch((error: unknown) => {
    throw missing(path, error);
  });
}

function missing(path: string, cause?: unknown): SignalhouseError {
  return new SignalhouseError(
    "warehouse_missing",
    `there is no warehouse at ${path}`,
    "Run `signalhouse sync` or `signalhouse load FILE` first, or name another one with --warehouse.",
    cause,
  );
}
