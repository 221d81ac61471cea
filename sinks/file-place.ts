/** A warehouse in a DuckDB file. */
import { access, chmod, link, open, readdir, realpath, rmdir, stat, statfs } from "node:fs/promises";
import { basename, dirname, join, parse } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { SignalhouseError } from "../schemas/errors.ts";
import { quoteIdentifier as id, quoteText } from "../schemas/names.ts";
import { claimFile } from "./claims.ts";
import { damaged } from "./damage.ts";
import { databaseOf } from "./database.ts";
import { DuckDBInstance } from "./duckdb.ts";
import { assertEncrypted, encryptedAs, type Encryption, type FindEncryption, isEncrypted, NOT_ENCRYPTED, readyForEncrypted } from "./encryption.ts";
import { kindOf } from "./file-kind.ts";
import { ownFolder } from "./own-folder.ts";
import type { Access, Database, Place } from "./place.ts";
import { ATTACHED, attach, STORAGE } from "./storage.ts";

/** A DuckDB file: a new one is made beside its place and put there whole. */
export function filePlace(path: string, encryption: FindEncryption = NOT_ENCRYPTED): Place {
  const exists = async () => {
    assertName(path);
    return isThere(path);
  };
  return {
    name: path,
    encryption,
    exists,
    size: async () => ((await exists()) ? (await stat(path)).size : 0),
    room: async () => {
      const { bavail, bsize } = await statfs(dirname(path));
      return bavail * bsize;
    },
    async lock(access) {
      assertName(path);
      return claimFile(path, access === "read");
    },
    open: (access, options) => (access === "read" ? openAsItIs(path, access, options, encryption) : openToWrite(path, options, encryption)),
  };
}

async function openToWrite(path: string, options: Options, find: FindEncryption): Promise<Database> {
  const encryption = await encryptionOf(path, find);
  // Only ATTACH takes the size of row groups.
  const database = await attaching({ path, name: ATTACHED, options, encryption, access: "write" }, async (connection) => {
    await createWhole(path, connection, encryption);
    await attach(connection, path, encryption);
  });
  // A process that was killed leaves it behind; only whoever has the file may have something in it.
  await rmdir(temporaryOf(path)).catch(() => undefined);
  await removeUnfinished(path);
  return database;
}

/** Where a file is written anew: the prefix of a folder beside it. */
export const rewritingOf = (path: string): string => `${path}.rewrite-`;

/** What a process that was killed has left of a file that it wrote anew, has all that the warehouse has. Whoever makes such a folder takes the others away. */
async function removeUnfinished(path: string): Promise<void> {
  const prefix = rewritingOf(await realpath(path));
  const names = await readdir(dirname(prefix)).catch(() => []);
  // Whatever comes of it, the warehouse is open.
  if (names.some((name) => name.startsWith(basename(prefix))))
    await ownFolder(prefix).then(
      (own) => own.remove(),
      () => undefined,
    );
}

/**
 * Opens a file that is there, and changes nothing of it by that. To be claimed before, and until it is closed.
 * @throws SignalhouseError as Place.open; DuckDB's errors as they are
 */
export async function openAsItIs(path: string, access: Access, options: Options, find: FindEncryption): Promise<Database> {
  const encryption = await encryptionOf(path, find);
  const mode = access === "read" ? "READ_ONLY" : "READ_WRITE";
  if (!encryption) return databaseOf(await DuckDBInstance.create(path, { access_mode: mode, ...options }));
  // Only ATTACH takes a key. SQL that names the database finds it by the name that it has otherwise.
  const named = databaseName(path);
  const name = ["", "memory"].includes(named.toLowerCase()) ? ATTACHED : named;
  return attaching({ path, name, options, encryption, access }, (connection) =>
    connection.run(`ATTACH ${quoteText(path)} AS ${id(name)} (${mode}${encryptedAs(encryption)})`),
  );
}

type Options = Readonly<Record<string, string>>;

interface Attaching {
  path: string;
  /** What the database is called. */
  name: string;
  options: Options;
  encryption: Encryption | undefined;
  access: Access;
}

/** Opens a DuckDB in memory for a file that `attach` attaches. */
async function attaching(
  { path, name, options, encryption, access }: Attaching,
  attach: (connection: DuckDBConnection) => Promise<unknown>,
): Promise<Database> {
  // Where DuckDB puts what has no room in memory, it would make up in the working folder.
  const instance = await DuckDBInstance.create(":memory:", { temp_directory: temporaryOf(path), ...options });
  const database = databaseOf(instance, (connection) => connection.run(`USE ${id(name)}`));
  try {
    const connection = await instance.connect();
    try {
      if (encryption) await readyForEncrypted(connection, encryption, access);
      await attach(connection);
    } finally {
      connection.disconnectSync();
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

const temporaryOf = (path: string) => `${path}.tmp`;

/** Whether a warehouse's file is encrypted. To be asked while this process has it not open. @throws SignalhouseError warehouse_failed, warehouse_damaged */
export const isFileEncrypted = async (path: string): Promise<boolean> => (await kindOfFile(path)) === "encrypted";

/** How a file is to be opened, which is as it is. @throws SignalhouseError warehouse_failed, warehouse_damaged, warehouse_key, warehouse_not_encrypted */
async function encryptionOf(path: string, find: FindEncryption): Promise<Encryption | undefined> {
  const kind = await kindOfFile(path);
  const encryption = await find();
  if (kind !== undefined) assertEncrypted(path, kind === "encrypted", encryption);
  return encryption;
}

/**
 * DuckDB calls a database by its file's name: with a schema or catalog of the same name every `signalhouse.loads` would be ambiguous, here and in any
 * other tool that opens the file.
 */
function assertName(path: string): void {
  const name = databaseName(path).toLowerCase();
  if (!["signalhouse", "marts", "main", "temp", "system"].includes(name)) return;
  throw new SignalhouseError(
    "warehouse_failed",
    `a warehouse cannot be called ${basename(path)}: DuckDB names the database after its file, and "${name}" is taken`,
    "Choose another file name, such as signals.duckdb; a warehouse that is there may be renamed.",
  );
}

/** What DuckDB calls a database, by its file. */
const databaseName = (path: string): string => parse(path).name.split(".")[0] ?? "";

/** Of DuckDB's three headers. A file that ends before that has nothing in it. Source: duckdb.org, "Storage", and the file itself. */
const HEADER_BYTES = 3 * 4096;

/**
 * What a file is. Refuses what is no file, or none of DuckDB's: DuckDB itself would wait for a named pipe, and would take a CSV or JSON file for something to query, and open a database in memory
 * beside it.
 * @returns undefined where nothing is there, or it cannot be read
 * @throws SignalhouseError warehouse_failed, warehouse_damaged
 */
async function kindOfFile(path: string): Promise<"plain" | "encrypted" | undefined> {
  // Whatever cannot be read here, DuckDB tells better.
  const found = await stat(path).catch(() => undefined);
  if (!found || found.isDirectory()) return undefined;
  if (!found.isFile()) {
    throw new SignalhouseError("warehouse_failed", `${path} is ${kindOf(found)}, and no file`, "Name another file for the warehouse.");
  }
  const start = await readStart(path).catch(() => undefined);
  if (start === undefined) return undefined;
  const isDuckdb = start.toString("latin1", 8, 12) === "DUCK";
  if (found.size === 0 || (isDuckdb && found.size < HEADER_BYTES) || (!isDuckdb && start.every((byte) => byte === 0))) {
    throw damaged(path, found.size < HEADER_BYTES ? `it ends after ${found.size} bytes` : "it begins with zeros");
  }
  if (isDuckdb) return isEncrypted(start) ? "encrypted" : "plain";
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
async function createWhole(path: string, connection: DuckDBConnection, encryption: Encryption | undefined): Promise<void> {
  // Where there is no folder, DuckDB says so.
  if ((await isThere(path)) || !(await isFolder(dirname(path)))) return;
  const own = await ownFolder(`${path}.new-`);
  try {
    const file = join(own.folder, basename(path));
    await createEmpty(file, connection, encryption);
    await link(file, path).catch(async (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") await createEmpty(path, connection, encryption);
    });
  } finally {
    await own.remove();
  }
}

/** Signals are personal data. */
async function createEmpty(file: string, connection: DuckDBConnection, encryption: Encryption | undefined): Promise<void> {
  await connection.run(`ATTACH ${quoteText(file)} AS made (STORAGE_VERSION '${STORAGE}'${encryptedAs(encryption)}); DETACH made`);
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
    const { buffer, bytesRead } = await file.read(Buffer.alloc(32), 0, 32, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
