/** Writing the files of the store: each once, whole or not at all. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteText } from "../../schemas/names.ts";
import { rows } from "../sql.ts";
import { type CopyFolder, isThere, makeFolder, STORE, syncPath, UNFINISHED } from "./folder.ts";
import type { ManifestFile } from "./manifest.ts";
import type { Part } from "./parts.ts";

/** As many rows as DuckDB's own row groups have: what it reads at once, and leaves out where their times are none that are asked for. */
const ROW_GROUP = 122_880;

/**
 * Has a file in the store. One that is there is as it is to be: its name says what is in it, and it got the name when it was whole.
 * @param known what is known of files that are there, by path
 * @param onWrite is told before it is written
 * @returns what the manifest says of it, and whether it was written now
 */
export async function storePart(
  connection: DuckDBConnection,
  folder: CopyFolder,
  part: Part,
  known: ReadonlyMap<string, ManifestFile>,
  onWrite: () => void,
): Promise<{ entry: ManifestFile; isNew: boolean }> {
  const { file, month, rows: count } = part;
  const path = join(folder.path, STORE, file);
  if (await isThere(path)) return { entry: known.get(file) ?? { path: file, month, rows: count, ...(await digestOf(path)) }, isNew: false };
  onWrite();
  await makeFolder(dirname(dirname(path)), folder.modes.folder);
  await makeFolder(dirname(path), folder.modes.folder);
  const unfinished = `${path}${UNFINISHED}`;
  await connection.run(
    `COPY (${await orderedSql(connection, part)}) TO ${quoteText(unfinished)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP}, USE_TMP_FILE false)`,
  );
  await chmod(unfinished, folder.modes.file).catch(() => undefined);
  const digest = await digestOf(unfinished);
  await syncPath(unfinished);
  await rename(unfinished, path);
  await syncPath(dirname(path));
  return { entry: { path: file, month, rows: count, ...digest }, isNew: true };
}

/** A part's SELECT in order of time. All of a month does not go into memory, and to sort it on the disk takes four times as long: so it is sorted in slices, one behind the other. */
async function orderedSql(connection: DuckDBConnection, { select, from, time, rows: count }: Part): Promise<string> {
  const sql = `SELECT ${select} FROM ${from}`;
  if (time === undefined) return sql;
  const slices = Math.ceil(count / ROW_GROUP);
  if (slices <= 1) return `${sql} ORDER BY ${time}`;
  const shares = Array.from({ length: slices - 1 }, (_, index) => (index + 1) / slices);
  const [found] = await rows<{ edges: { items: bigint[] } }>(
    connection,
    `SELECT quantile_disc(epoch_us(${time}), [${shares.join(", ")}]) AS edges FROM ${from}`,
  );
  const edges = (found?.edges.items ?? []).map((edge) => `make_timestamp(${edge}::BIGINT) AT TIME ZONE 'UTC'`);
  return Array.from({ length: slices }, (_, index) => {
    const bounds = [...(index > 0 ? [`${time} > ${edges[index - 1]}`] : []), ...(index < slices - 1 ? [`${time} <= ${edges[index]}`] : [])];
    return `SELECT * FROM (${[sql, ...bounds].join(" AND ")} ORDER BY ${time})`;
  }).join(" UNION ALL ");
}

async function digestOf(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return { bytes: (await stat(path)).size, sha256: hash.digest("hex") };
}
