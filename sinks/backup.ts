/** A copy of a warehouse's file, for the day on which the file is lost. */
import { existsSync } from "node:fs";
import { constants, copyFile, realpath, stat } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import type { DuckDBConnection } from "@duckdb/node-api";
import { SignalhouseError } from "../schemas/errors.ts";
import { quoteIdentifier as id, quoteText } from "../schemas/names.ts";
import { explainDuckdb } from "./duckdb-errors.ts";
import type { FindEncryption } from "./encryption.ts";
import type { Place } from "./place.ts";
import { placeOf } from "./places.ts";
import { rows } from "./sql.ts";
import { openWarehouse } from "./warehouse.ts";
import { replaceBy, writeRefused } from "./whole-file.ts";

export interface Backup {
  /** Bytes of the copy. */
  size: number;
  /** All tables of the copy, with their rows as it says itself. */
  tables: TableRows[];
}

interface TableRows {
  /** With its schema, where that is not main. */
  table: string;
  rows: bigint;
}

/**
 * Copies the file of a warehouse that is open to read, which keeps writers out meanwhile, and looks into the copy before it takes the place of an older one. Where the file system shares blocks between files (Btrfs, XFS, APFS),
 * that takes next to no time and room. The copy of one that is encrypted is encrypted with the same key. When it is over, DuckDB's lock on the warehouse is gone: it must be closed next.
 * @param to where the copy is to be; what is there is replaced, when the new copy is whole
 * @throws SignalhouseError usage where it cannot be there, disk_full, warehouse_failed where the copy does not say what the warehouse says
 */
export async function backUp({ name, encryption }: Place, connection: DuckDBConnection, to: string): Promise<Backup> {
  await assertOther(name, to);
  // The file is held now, so that nobody writes to it any more.
  if (existsSync(logOf(name))) throw unmerged(name);
  const tables = await countAll(connection);
  return replaceBy(to, 0o600, async (_, at) => {
    // In one step: to close another look at the warehouse's file would give DuckDB's lock back.
    await copyFile(name, at, constants.COPYFILE_FICLONE);
    if (!isDeepStrictEqual(await countCopy(at, encryption), tables)) throw unlike(name, to);
    return { size: (await stat(at)).size, tables };
  }).catch((error: unknown) => {
    throw writeRefused(to, error, "Name a file in a folder that is there, and that you may write to.");
  });
}

/** A process that was killed has left what it wrote last in the log. It goes into the file, which alone is copied; an older warehouse stays one. @throws SignalhouseError warehouse_locked */
export async function mergeLog(place: Place): Promise<void> {
  const { name } = place;
  if (!existsSync(logOf(name))) return;
  const unlock = await place.lock("write");
  try {
    (await place.open("write", {})).close();
  } catch (error) {
    throw explainDuckdb(error, name);
  } finally {
    unlock();
  }
}

const logOf = (name: string) => `${name}.wal`;

/** The rows of all tables, whatever version has made them, and whoever. */
async function countAll(connection: DuckDBConnection): Promise<TableRows[]> {
  const tables = await rows<{ schema: string; name: string }>(
    connection,
    "SELECT schema_name AS schema, table_name AS name FROM duckdb_tables() WHERE database_name = current_database() AND NOT temporary ORDER BY ALL",
  );
  const counts = tables.map(({ schema, name }) => {
    const table = schema === "main" ? name : `${schema}.${name}`;
    return `SELECT ${quoteText(table)} AS "table", count(*) AS rows FROM ${id(schema)}.${id(name)}`;
  });
  return rows(connection, counts.join(" UNION ALL "));
}

async function countCopy(path: string, encryption: FindEncryption): Promise<TableRows[]> {
  const copy = await openWarehouse(placeOf(path, encryption), { access: "read", mayLack: "anything" });
  try {
    return await countAll(copy.connection);
  } finally {
    copy.close();
  }
}

/** The warehouse itself is no backup of it. */
async function assertOther(name: string, to: string): Promise<void> {
  const [warehouse, other] = await Promise.all([name, to].map((path) => realpath(path).catch(() => path)));
  if (other?.startsWith(`${warehouse}.`)) {
    throw new SignalhouseError(
      "usage",
      `${to} has a name that belongs to what is kept beside the warehouse`,
      "Choose another name, best on another disk.",
    );
  }
  if (warehouse !== other) return;
  throw new SignalhouseError("usage", `${to} is the warehouse itself`, "Name another file, best on another disk.");
}

const unmerged = (name: string): SignalhouseError =>
  new SignalhouseError("warehouse_failed", `a process that wrote to ${name} was ended in the middle, just now`, "Run it again.");

const unlike = (name: string, to: string): SignalhouseError =>
  new SignalhouseError(
    "warehouse_failed",
    `the copy of ${name} does not have the rows that the warehouse has; ${to} was not written`,
    "Something wrote to the warehouse meanwhile, past DuckDB's lock, or a disk does not give back what it was given. Run it again; if it stays so, see what the system's log says of the disks.",
  );
