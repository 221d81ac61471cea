/** Making the small DuckDB files of a copy, which have views and no rows. */
import { createHash } from "node:crypto";
import { chmod, copyFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteText } from "../../schemas/names.ts";
import { DuckDBInstance, version as duckdbVersion } from "../duckdb.ts";
import { rows } from "../sql.ts";
import { STORAGE } from "../storage.ts";
import { inTransaction } from "../transaction.ts";
import { type CopyFolder, isThere, LIVE, SIGNALS, syncPath, UNFINISHED, versionPath } from "./folder.ts";
import type { Manifest } from "./manifest.ts";
import { sha256Of } from "./store.ts";
import { commentStatements, type CopyContents, type DatabaseSql, liveSql, signalsSql, type VersionFacts } from "./views.ts";

/** A file that a new one is made of, where it is as it was written. */
interface Base {
  path: string;
  sha256: string;
}

const NO_VERSION: VersionFacts = { version: 0, published_at: "", watermark: { change_id: 0, load_id: 0, loaded_at: null, newest_signal: null } };

/** What tells whether two versions have the same views. Another DuckDB may give their columns other types. */
export const viewsHash = (contents: CopyContents, path: string): string =>
  createHash("sha256")
    .update(
      JSON.stringify([
        duckdbVersion(),
        signalsSql(contents, path, NO_VERSION),
        liveSql(contents, path),
        contents.isCommented,
        contents.contactColumns,
      ]),
    )
    .digest("hex");

/**
 * Makes the signals.duckdb of a version, of that of the version before where they have the same views: these take a second.
 * @returns the SHA-256 of its bytes
 */
export async function makeSignals(
  folder: CopyFolder,
  contents: CopyContents,
  described: VersionFacts & Pick<Manifest, "views">,
  before: Manifest | undefined,
): Promise<string> {
  const path = signalsOf(folder, described.version);
  const base = before?.views === described.views ? { path: signalsOf(folder, before.version), sha256: before.signals_sha256 } : undefined;
  await makeDatabase(path, signalsSql(contents, folder.path, described), contents, folder.modes.file, base);
  return sha256Of(path);
}

/**
 * Has live.duckdb show what a version has. One that does already stays as it is, whoever has it open; another one takes its place, and who has the old one open keeps that until it is opened anew.
 * @returns whether it was made
 */
export async function keepLive(folder: CopyFolder, contents: CopyContents, { version, views, signals_sha256 }: Manifest): Promise<boolean> {
  const path = join(folder.path, LIVE);
  if ((await isThere(path)) && (await madeBy(path)) === views) return false;
  const unfinished = `${path}${UNFINISHED}`;
  const sql = liveSql(contents, folder.path);
  const own = [...sql.own, `CREATE VIEW published.made_by AS SELECT '${views}' AS views`];
  const base = { path: signalsOf(folder, version), sha256: signals_sha256 };
  await makeDatabase(unfinished, { own, views: sql.views }, contents, folder.modes.file, base);
  await rename(unfinished, path);
  await syncPath(folder.path);
  return true;
}

const signalsOf = ({ path }: CopyFolder, version: number) => join(versionPath(path, version), SIGNALS);

/** Makes a DuckDB file that every DuckDB since 1.4 reads. Its content is on the disk when it returns. @param base has its views already */
async function makeDatabase(path: string, { own, views }: DatabaseSql, contents: CopyContents, mode: number, base: Base | undefined): Promise<void> {
  const isMade = base !== undefined && (await isCopied(base, path));
  await withDuckdb(async (connection) => {
    // A log would have each transaction wait for the disk, and be of no use: what is not whole, nobody reads.
    await connection.run(`ATTACH ${quoteText(path)} AS copy (STORAGE_VERSION '${STORAGE}', RECOVERY_MODE no_wal_writes); USE copy`);
    await inTransaction(connection, async () => {
      for (const statement of [...own, ...(isMade ? [] : views)]) await connection.run(statement);
    });
    if (contents.isCommented) await writeComments(connection, contents);
    await connection.run("CHECKPOINT copy; USE memory; DETACH copy");
  });
  await chmod(path, mode).catch(() => undefined);
  await syncPath(path);
}

/** Copies a file, unless it is no more what was written: whoever opens it to write may change it. */
async function isCopied({ path: from, sha256 }: Base, to: string): Promise<boolean> {
  const copied = await copyFile(from, to)
    .then(() => sha256Of(to))
    .catch(() => undefined);
  if (copied === sha256) return true;
  await rm(to, { force: true });
  return false;
}

/** Says what the views are that say nothing yet. */
async function writeComments(connection: DuckDBConnection, contents: CopyContents): Promise<void> {
  const bare = await rows<{ name: string; columns: { items: string[] } }>(
    connection,
    `SELECT schema_name || '.' || view_name AS name, list(column_name ORDER BY column_index) AS columns
     FROM duckdb_views() JOIN (SELECT database_name, schema_name, table_name AS view_name, column_name, column_index FROM duckdb_columns()) USING (database_name, schema_name, view_name)
     WHERE database_name = 'copy' AND comment IS NULL GROUP BY ALL`,
  );
  const present = new Map(bare.map(({ name, columns }) => [name, columns.items]));
  for (const statement of commentStatements(contents, present)) await inTransaction(connection, () => connection.run(statement));
}

/** Runs `work` with a DuckDB that has no file open. */
async function withDuckdb<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1", memory_limit: "256MB" });
  try {
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    return await work(connection).finally(() => connection.disconnectSync());
  } finally {
    instance.closeSync();
  }
}

/** The hash of the views of a live.duckdb; undefined where that cannot be told. */
async function madeBy(path: string): Promise<string | undefined> {
  const instance = await DuckDBInstance.create(path, { access_mode: "READ_ONLY", threads: "1" }).catch(() => undefined);
  if (!instance) return undefined;
  try {
    const connection = await instance.connect();
    const [found] = await rows<{ views: string }>(connection, "FROM published.made_by").finally(() => connection.disconnectSync());
    return found?.views;
  } catch {
    return undefined;
  } finally {
    instance.closeSync();
  }
}
