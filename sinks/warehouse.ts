import { access, link, open, rm, stat } from "node:fs/promises";
import { basename, dirname, join, parse } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { SignalhouseError } from "../schemas/errors.ts";
import type { ContactColumn } from "../schemas/header.ts";
import { claimFile } from "./claims.ts";
import { DuckDBInstance } from "./duckdb.ts";
import { explainDuckdb } from "./duckdb-errors.ts";
import { contactColumns } from "./ledger.ts";
import { type MigrationOptions, prepareSchema, schemaVersion } from "./migrate.ts";
import { ownFolder } from "./own-folder.ts";
import { MISREAD_STORAGE, raiseStorage, STORAGE, storageOf } from "./storage.ts";

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
  /** What it takes to migrate an older one. */
  migration?: MigrationOptions;
}

const CANNOT_MIGRATE: MigrationOptions = {
  contentKey: () => {
    throw new Error("the warehouse is of an older version, and whoever opens it has no way to migrate it");
  },
};

/** An open warehouse. Whoever opened it closes it; while it is open for writing no other process can open the file. */
export interface Warehouse {
  readonly path: string;
  /** Memory that DuckDB may use, as whoever opened it said. */
  readonly memory: string | undefined;
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
export async function openWarehouse({
  path,
  readOnly = false,
  memory,
  threads,
  version = "unknown",
  migration = CANNOT_MIGRATE,
}: WarehouseOptions): Promise<Warehouse> {
  assertName(path);
  if (readOnly) await assertExists(path);
  const release = await claimFile(path, readOnly);
  try {
    // Only now: closing a file lets go of every lock that this process has on it.
    await assertDuckdbFile(path);
    if (!readOnly) await createWhole(path);
  } catch (error) {
    release();
    throw error;
  }
  const options = {
    ...(memory === undefined ? {} : { memory_limit: memory }),
    ...(threads === undefined ? {} : { threads: String(threads) }),
    // Rows are written as soon as a row group is full, rather than five of them at once: as quick, in a fifth of the memory.
    write_buffer_row_group_count: "1",
    // What a load spools is read once, and then gone: to cache it would fill the memory with nothing.
    enable_external_file_cache: "false",
    // What DuckDB lets go of returns to the system in the background, rather than now and then: less memory, and less time of the threads that work.
    allocator_background_threads: "true",
  };
  const open = () => DuckDBInstance.create(path, { access_mode: readOnly ? "READ_ONLY" : "READ_WRITE", ...options });
  const instance = await (readOnly ? open() : openRaised(path, open, options)).catch((error: unknown) => {
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
    if (!readOnly) await prepareSchema(connection, version, migration);
    else if ((await schemaVersion(connection)) === undefined) throw missing(path);
    return {
      path,
      memory,
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

/** Opens a file for writing; first it raises one that some DuckDB would misread. */
async function openRaised(path: string, open: () => Promise<DuckDBInstance>, options: Record<string, string>): Promise<DuckDBInstance> {
  const instance = await open();
  const connection = await instance.connect();
  const storage = await storageOf(connection).finally(() => connection.disconnectSync());
  if (storage !== MISREAD_STORAGE) return instance;
  instance.closeSync();
  await raiseStorage(path, options);
  return open();
}

/**
 * DuckDB calls a database by its file's name: with a schema or catalog of the same name every `signalhouse.loads` would be ambiguous, here and in any
 * other tool that opens the file.
 */
function assertName(path: string): void {
  const name = parse(path).name.split(".")[0]?.toLowerCase() ?? "";
  if (path === ":memory:" || !["signalhouse", "main", "temp", "system"].includes(name)) return;
  throw new SignalhouseError(
    "warehouse_failed",
    `a warehouse cannot be called ${basename(path)}: DuckDB names the database after its file, and "${name}" is taken`,
    "Choose another file name, such as signals.duckdb.",
  );
}

/** Refuses a file that is none of DuckDB's. DuckDB itself would take a CSV or JSON file for something to query, and open a database in memory beside it. */
async function assertDuckdbFile(path: string): Promise<void> {
  if (path === ":memory:") return;
  // Whatever cannot be read here, DuckDB tells better.
  const start = await readStart(path).catch(() => "");
  if (start === "" || start.slice(8, 12) === "DUCK") return;
  throw new SignalhouseError(
    "warehouse_failed",
    `${path} is there, but it is not a DuckDB file`,
    "Nothing was changed. Check that the path is a DuckDB file, or name another one.",
  );
}

/**
 * Makes a new file beside its place and links it there: a process that is killed while DuckDB writes the first bytes must not leave a file that is
 * none. Of two processes that do so at once, one's file is taken by both.
 */
async function createWhole(path: string): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  // Where there is no folder, DuckDB says so.
  if (path === ":memory:" || isThere || !(await isFolder(dirname(path)))) return;
  const { folder } = await ownFolder(`${path}.new-`);
  try {
    const file = join(folder, basename(path));
    (await DuckDBInstance.create(file, { storage_compatibility_version: STORAGE })).closeSync();
    await link(file, path).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const isFolder = (path: string) =>
  stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );

async function readStart(path: string): Promise<string> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(12), 0, 12, 0);
    return buffer.toString("latin1", 0, bytesRead);
  } finally {
    await file.close();
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
