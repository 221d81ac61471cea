/** Writing the files of the store: each once, whole or not at all. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoteText } from "../../schemas/names.ts";
import { literalPath, onlyRow } from "../sql.ts";
import { type CopyFolder, isThere, makeFolder, STORE, syncPath, UNFINISHED } from "./folder.ts";
import type { ManifestFile } from "./manifest.ts";
import type { Part } from "./parts.ts";

/**
 * As many rows a file has at most, about. It is a row group of DuckDB's, and of signals what can be put in order within limits.memory: to do so on the disk takes four times as long.
 */
const MOST_ROWS = 122_880;

export interface Told {
  /** Before a part is written. */
  onWrite: () => void;
  /** Before each step of that; what it throws ends it. */
  step: (name: string) => void;
}

/**
 * Has a part in the store. Files that are there are as they are to be: their names say what is in them, and they got these when they were whole.
 * @param known what is known of files that are there, by path
 * @returns what the manifest says of its files, and how many of them were written now
 */
export async function storePart(
  connection: DuckDBConnection,
  folder: CopyFolder,
  part: Part,
  known: ReadonlyMap<string, ManifestFile>,
  { onWrite, step }: Told,
): Promise<{ files: ManifestFile[]; written: number }> {
  const count = part.time === undefined ? 1 : Math.max(1, Math.ceil(part.rows / MOST_ROWS));
  const names = Array.from({ length: count }, (_, index) => `${part.place}${count === 1 ? "" : `-${index + 1}`}.parquet`);
  let selects: string[] | undefined;
  const files: ManifestFile[] = [];
  let written = 0;
  for (const [index, path] of names.entries()) {
    const place = join(folder.path, STORE, path);
    if (!(await isThere(place))) {
      if (!selects) onWrite();
      selects ??= await slicesOf(connection, part, count);
      step(`write ${path}`);
      await writeFile(connection, folder, place, selects[index] ?? "", () => step(`keep ${path}`));
      written += 1;
    }
    files.push(known.get(path) ?? { path, month: part.month, ...(await factsOf(connection, place)) });
  }
  return { files, written };
}

async function writeFile(
  connection: DuckDBConnection,
  { modes }: CopyFolder,
  path: string,
  select: string,
  beforeKeeping: () => void,
): Promise<void> {
  for (const made of [dirname(dirname(path)), dirname(path)]) await makeFolder(made, modes.folder);
  const unfinished = `${path}${UNFINISHED}`;
  try {
    await connection.run(
      `COPY (${select}) TO ${quoteText(unfinished)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${MOST_ROWS}, USE_TMP_FILE false)`,
    );
    await chmod(unfinished, modes.file).catch(() => undefined);
    await syncPath(unfinished);
    beforeKeeping();
    await rename(unfinished, path);
    await syncPath(dirname(path));
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** SELECTs that give a part's rows in order of time, so many rows each, one behind the other. */
async function slicesOf(connection: DuckDBConnection, { select, from, time }: Part, count: number): Promise<string[]> {
  const sql = `SELECT ${select} FROM ${from}`;
  if (time === undefined) return [sql];
  if (count === 1) return [`${sql} ORDER BY ${time}`];
  const shares = Array.from({ length: count - 1 }, (_, index) => (index + 1) / count);
  const { edges } = await onlyRow<{ edges: { items: bigint[] } }>(
    connection,
    `SELECT quantile_disc(epoch_us(${time}), [${shares.join(", ")}]) AS edges FROM ${from}`,
  );
  const times = edges.items.map((edge) => `make_timestamp(${edge}::BIGINT) AT TIME ZONE 'UTC'`);
  return Array.from({ length: count }, (_, index) => {
    const bounds = [...(index > 0 ? [`${time} > ${times[index - 1]}`] : []), ...(index < count - 1 ? [`${time} <= ${times[index]}`] : [])];
    return `${[sql, ...bounds].join(" AND ")} ORDER BY ${time}`;
  });
}

async function factsOf(connection: DuckDBConnection, path: string): Promise<Pick<ManifestFile, "rows" | "bytes" | "sha256">> {
  const { rows } = await onlyRow<{ rows: bigint }>(connection, `SELECT num_rows AS rows FROM parquet_file_metadata(${quoteText(literalPath(path))})`);
  return { rows: Number(rows), bytes: (await stat(path)).size, sha256: await sha256Of(path) };
}

/** Of a file's bytes, in hex. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest("hex");
}
