/** A warehouse in a DuckDB file. */
import { access, chmod, link, open, rmdir, stat } from "node:fs/promises";
import { basename, dirname, join, parse } from "node:path";
import { SignalhouseError } from "../schemas/errors.ts";
import { claimFile } from "./claims.ts";
import { damaged } from "./damage.ts";
import { databaseOf } from "./database.ts";
import { DuckDBInstance } from "./duckdb.ts";
import { kindOf } from "./file-kind.ts";
import { ownFolder } from "./own-folder.ts";
import type { Access, Database, Place } from "./place.ts";
import { ATTACHED, attach, STORAGE } from "./storage.ts";

/** A DuckDB file: a new one is made beside its place and put there whole. */
export function filePlace(path: string): Place {
  const exists = async () => {
    assertName(path);
    return isThere(path);
  };
  return {
    name: path,
    exists,
    size: async () => ((await exists()) ? (await stat(path)).size : 0),
    async lock(access) {
      assertName(path);
      return claimFile(path, access === "read");
    },
    open: (access, options) => openFile(path, access, options),
  };
}

async function openFile(path: string, access: Access, options: Readonly<Record<string, string>>): Promise<Database> {
  await assertDuckdbFile(path);
  if (access === "read") return databaseOf(await DuckDBInstance.create(path, { access_mode: "READ_ONLY", ...options }));
  await createWhole(path);
  // Only ATTACH takes the size of row groups; where DuckDB puts what has no room in memory, it would then make up in the working folder.
  const temporary = `${path}.tmp`;
  const instance = await DuckDBInstance.create(":memory:", { temp_directory: temporary, ...options });
  const database = databaseOf(instance, (connection) => connection.run(`USE ${ATTACHED}`));
  try {
    const connection = await instance.connect();
    await attach(connection, path).finally(() => connection.disconnectSync());
    // A process that was killed leaves it behind; only whoever has the file may have something in it.
    await rmdir(temporary).catch(() => undefined);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * DuckDB calls a database by its file's name: with a schema or catalog of the same name every `signalhouse.loads` would be ambiguous, here and in any
 * other tool that opens the file.
 */
function assertName(path: string): void {
  const name = parse(path).name.split(".")[0]?.toLowerCase() ?? "";
  if (!["signalhouse", "marts", "main", "temp", "system"].includes(name)) return;
  throw new SignalhouseError(
    "warehouse_failed",
    `a warehouse cannot be called ${basename(path)}: DuckDB names the database after its file, and "${name}" is taken`,
    "Choose another file name, such as signals.duckdb; a warehouse that is there may be renamed.",
  );
}

/** Of DuckDB's three headers. A file that ends before that has nothing in it. Source: duckdb.org, "Storage", and the file itself. */
const HEADER_BYTES = 3 * 4096;

/**
 * Refuses what is no file, or none of DuckDB's. DuckDB itself would wait for a named pipe, and would take a CSV or JSON file for something to query, and open a database in memory
 * beside it.
 * @throws SignalhouseError warehouse_failed, warehouse_damaged
 */
export async function assertDuckdbFile(path: string): Promise<void> {
  // Whatever cannot be read here, DuckDB tells better.
  const found = await stat(path).catch(() => undefined);
  if (!found || found.isDirectory()) return;
  if (!found.isFile()) {
    throw new SignalhouseError("warehouse_failed", `${path} is ${kindOf(found)}, and no file`, "Name another file for the warehouse.");
  }
  const start = await readStart(path).catch(() => undefined);
  if (start === undefined) return;
  const isDuckdb = start.toString("latin1", 8, 12) === "DUCK";
  if (found.size === 0 || (isDuckdb && found.size < HEADER_BYTES) || (!isDuckdb && start.every((byte) => byte === 0))) {
    throw damaged(path, found.size < HEADER_BYTES ? `it ends after ${found.size} bytes` : "it begins with zeros");
  }
  if (isDuckdb) return;
  throw new SignalhouseError(
    "warehouse_failed",
    `${path} is there, but it is not a DuckDB file`,
    "Nothing was changed. Check that the path is a DuckDB file, or name another one.",
  );
}

/**
 * Makes a new file beside its place and links it there: a process that is killed while DuckDB writes the first bytes must not leave a file that is
 * none. Of two processes that do so at once, one's file is taken by both. Where a file system knows no links (exFAT, SMB, sshfs), DuckDB makes it in its place, which is a matter of
 * a moment; nothing else there would be sure not to replace another one's.
 */
async function createWhole(path: string): Promise<void> {
  // Where there is no folder, DuckDB says so.
  if ((await isThere(path)) || !(await isFolder(dirname(path)))) return;
  const own = await ownFolder(`${path}.new-`);
  try {
    const file = join(own.folder, basename(path));
    await createEmpty(file);
    await link(file, path).catch(async (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") await createEmpty(path);
    });
  } finally {
    await own.remove();
  }
}

/** Signals are personal data. */
async function createEmpty(file: string): Promise<void> {
  (await DuckDBInstance.create(file, { storage_compatibility_version: STORAGE })).closeSync();
  await chmod(file, 0o600).catch(() => undefined);
}

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

const isFolder = (path: string) =>
  stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );

async function readStart(path: string): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(12), 0, 12, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
