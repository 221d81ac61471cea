/** Opening a warehouse, wherever it is, with the schema of this version. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { SignalhouseError } from "../schemas/errors.ts";
import type { ContactColumn } from "../schemas/header.ts";
import { NO_PRIVACY, type PrivacySettings } from "../schemas/privacy.ts";
import { explainDuckdb } from "./duckdb-errors.ts";
import { contactColumns } from "./contact-columns.ts";
import { assertCurrent, type MigrationOptions, prepareSchema, schemaVersion } from "./migrate.ts";
import type { Access, Place } from "./place.ts";

export interface WarehouseOptions {
  /** To write, which creates or migrates it, unless something else is said. */
  access?: Access;
  /** What it may lack, where it is only read: parts that somebody has taken out, or anything that one of an older version lacks; nothing by default. */
  mayLack?: "parts" | "anything";
  /** Memory that DuckDB may use, in its own spelling. */
  memory?: string | undefined;
  /** Threads that DuckDB may use; all cores where not given. */
  threads?: number | undefined;
  /** Written into a warehouse that is created or migrated. */
  version?: string;
  /** What it takes to migrate an older one. */
  migration?: MigrationOptions;
  /** Finds the key of pseudonyms and of the hashes of what was forgotten, once it is needed. */
  privacyKey?: FindKey;
  /** What the configuration's privacy lists; nothing by default. */
  privacy?: PrivacySettings;
}

/** Finds a key; undefined where there is none. @param options.make whether one is made then */
export type FindKey = (options?: { make?: boolean }) => Promise<Buffer | undefined>;

const CANNOT_MIGRATE: MigrationOptions = {
  contentKey: () => {
    throw new Error("the warehouse is of an older version, and whoever opens it has no way to migrate it");
  },
};

const NO_KEY: FindKey = () => Promise.resolve(undefined);

/** An open warehouse. Whoever opened it closes it; while it is open for writing nobody else can open it. */
export interface Warehouse {
  /** What messages call the place where it is. */
  readonly name: string;
  /** Memory that DuckDB may use, as whoever opened it said. */
  readonly memory: string | undefined;
  /** Whether what is in it is to lie on no disk in the clear. */
  readonly isEncrypted: boolean;
  /** The connection for everything that is not a load. */
  readonly connection: DuckDBConnection;
  /** A further connection, for a load; the caller disconnects it. */
  connect(): Promise<DuckDBConnection>;
  /**
   * The contact columns, those included that a load in progress is about to add: two files that are read at the same time
   * must not give one column to two headers. None where the warehouse is only read.
   */
  readonly contactColumns: ContactColumn[];
  /** Finds the key of pseudonyms and of the hashes of what was forgotten. */
  readonly privacyKey: FindKey;
  /** What the configuration's privacy lists. */
  readonly privacy: PrivacySettings;
  /** May be called twice. */
  close(): void;
}

/** DuckDB's settings that hold for every warehouse. */
const SETTINGS = {
  // Rows are written as soon as a row group is full, rather than five of them at once: as quick, in a fifth of the memory.
  write_buffer_row_group_count: "1",
  // What a load spools is read once, and then gone: to cache it would fill the memory with nothing.
  enable_external_file_cache: "false",
  // What DuckDB lets go of returns to the system in the background, rather than now and then: less memory, and less time of the threads that work.
  allocator_background_threads: "true",
  // A load says what it is to be (sinks/load.ts).
  max_vacuum_tasks: "1",
};

/** And for those that are written to. */
const WRITING_SETTINGS = {
  // No order of rows in a table means anything: so several threads may write one, and do with less memory.
  preserve_insertion_order: "false",
};

/**
 * Opens a warehouse; creates or migrates it unless it is only read.
 * @throws SignalhouseError warehouse_locked, warehouse_missing, warehouse_newer, warehouse_older, warehouse_failed, disk_full
 */
export async function openWarehouse(place: Place, options: WarehouseOptions = {}): Promise<Warehouse> {
  const {
    access = "write",
    mayLack,
    memory,
    threads,
    version = "unknown",
    migration = CANNOT_MIGRATE,
    privacyKey = NO_KEY,
    privacy = NO_PRIVACY,
  } = options;
  if (access === "read" && !(await place.exists())) throw missing(place);
  const unlock = await place.lock(access);
  try {
    const database = await place.open(access, {
      ...(memory === undefined ? {} : { memory_limit: memory }),
      ...(threads === undefined ? {} : { threads: String(threads) }),
      ...SETTINGS,
      ...(access === "read" ? {} : WRITING_SETTINGS),
    });
    const connect = async () => {
      const connection = await database.connect();
      // Times are shown and read in UTC, wherever the machine stands.
      await connection.run("SET TimeZone = 'UTC'");
      return connection;
    };
    const connection = await connect().catch((error: unknown) => {
      database.close();
      throw error;
    });
    const close = () => {
      // A connection that is left open would hold the file for as long as the process lives.
      connection.disconnectSync();
      database.close();
      unlock();
    };
    try {
      if (access === "write") await prepareSchema(connection, place, version, migration);
      else {
        const found = await schemaVersion(connection);
        if (found === undefined) throw missing(place);
        if (mayLack !== "anything") await assertCurrent(connection, place.name, { exceptParts: mayLack === "parts", version: found });
      }
      const columns = access === "write" ? await contactColumns(connection) : [];
      const isEncrypted = (await place.encryption()) !== undefined;
      return { name: place.name, memory, isEncrypted, connection, connect, contactColumns: columns, privacyKey, privacy, close };
    } catch (error) {
      close();
      throw error;
    }
  } catch (error) {
    unlock();
    throw explainDuckdb(error, place.name);
  }
}

const missing = ({ name }: Place): SignalhouseError =>
  new SignalhouseError(
    "warehouse_missing",
    `there is no warehouse at ${name}`,
    "Run `signalhouse sync` or `signalhouse load FILE` first, or name another one with --warehouse.",
  );
