/** Making the small DuckDB files of a copy, which have views and no rows. */
import { createHash } from "node:crypto";
import { chmod, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteText } from "../../schemas/names.ts";
import { DuckDBInstance } from "../duckdb.ts";
import { literalPath, rows } from "../sql.ts";
import { STORAGE } from "../storage.ts";
import { inTransaction } from "../transaction.ts";
import { type CopyFolder, isThere, LIVE, syncPath, UNFINISHED, VERSIONS } from "./folder.ts";
import { type Manifest } from "./manifest.ts";
import { commentStatements, type CopyContents, INDEX, indexSql, liveStatements, versionSql } from "./views.ts";

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

/** Makes a new DuckDB file with views, which every DuckDB since 1.4 reads. Its content is on the disk when it returns. */
export async function makeDatabase(path: string, statements: readonly string[], contents: CopyContents, mode: number): Promise<void> {
  await withDuckdb(async (connection) => {
    await connection.run(`ATTACH ${quoteText(path)} AS copy (STORAGE_VERSION '${STORAGE}'); USE copy`);
    await inTransaction(connection, async () => {
      for (const statement of statements) await connection.run(statement);
    });
    const found = !contents.isCommented
      ? []
      : await rows<{ name: string; columns: { items: string[] } }>(
          connection,
          `SELECT schema_name || '.' || table_name AS name, list(column_name ORDER BY column_index) AS columns FROM duckdb_columns()
       WHERE database_name = 'copy' GROUP BY ALL`,
        );
    const present = new Map(found.map(({ name, columns }) => [name, columns.items]));
    for (const statement of commentStatements(contents, present)) await inTransaction(connection, () => connection.run(statement));
    await connection.run("USE memory; DETACH copy");
  });
  await chmod(path, mode).catch(() => undefined);
  await syncPath(path);
}

/**
 * Writes which versions have which files, for live.duckdb: those of the versions that there are, and of this one.
 * @param liveFrom milliseconds since the epoch
 */
export async function writeIndex(folder: CopyFolder, manifest: Omit<Manifest, "live_from">, liveFrom: number): Promise<void> {
  const path = join(folder.path, VERSIONS, String(manifest.version), INDEX);
  const before = join(folder.path, VERSIONS, String(folder.current), INDEX);
  const files = manifest.tables.flatMap(({ name, shape, files }) => files.map(({ path }) => `(${[name, shape, path].map(quoteText).join(", ")})`));
  const own = `SELECT ${versionSql(manifest.version, manifest.published_at, manifest.watermark)}, make_timestamp(${liveFrom * 1000}::BIGINT) AT TIME ZONE 'UTC' AS live_from,
    table_name, shape, file FROM (VALUES ${files.join(", ")}) f(table_name, shape, file)`;
  const old = (await isThere(before))
    ? `UNION ALL BY NAME FROM ${indexSql(quoteText(literalPath(before)))} WHERE list_contains([${manifest.kept.join(", ")}]::BIGINT[], version)`
    : "";
  const text = await withDuckdb(async (connection) => {
    const [found] = await rows<{ text: string }>(
      connection,
      `SELECT to_json(list(i ORDER BY version, table_name, file))::VARCHAR AS text FROM (${own} ${old}) i`,
    );
    return found?.text ?? "[]";
  });
  await writeFile(path, text);
  await chmod(path, folder.modes.file).catch(() => undefined);
  await syncPath(path);
}

/**
 * Has live.duckdb show what the copy has. One that does already stays as it is, whoever has it open; another one takes its place, and who has the old one open keeps that until it is opened anew.
 * @returns whether it was made
 */
export async function keepLive(folder: CopyFolder, contents: CopyContents): Promise<boolean> {
  const path = join(folder.path, LIVE);
  const statements = liveStatements(contents, folder.path);
  const hash = createHash("sha256")
    .update(JSON.stringify([statements, contents.contactColumns, contents.isCommented]))
    .digest("hex");
  if ((await isThere(path)) && (await madeBy(path)) === hash) return false;
  const unfinished = `${path}${UNFINISHED}`;
  await makeDatabase(unfinished, [...statements, `CREATE VIEW published.made_by AS SELECT '${hash}' AS statements`], contents, folder.modes.file);
  await rename(unfinished, path);
  await syncPath(folder.path);
  return true;
}

/** The hash of the statements that made a live.duckdb; undefined where that cannot be told. */
async function madeBy(path: string): Promise<string | undefined> {
  const instance = await DuckDBInstance.create(path, { access_mode: "READ_ONLY", threads: "1" }).catch(() => undefined);
  if (!instance) return undefined;
  try {
    const connection = await instance.connect();
    const [found] = await rows<{ statements: string }>(connection, "FROM published.made_by").finally(() => connection.disconnectSync());
    return found?.statements;
  } catch {
    return undefined;
  } finally {
    instance.closeSync();
  }
}
