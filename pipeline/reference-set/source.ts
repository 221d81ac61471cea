/** Where a reference set's rows come from, and how they get into the scratch file. */
import { extname } from "node:path";
import { isSignalhouseError, SignalhouseError } from "../../schemas/errors.ts";
import { quoteIdentifier } from "../../schemas/names.ts";
import type { RefsetSource } from "../../schemas/reference-set.ts";
import type { Scratch } from "../../sinks/reference-set/scratch.ts";
import { type SourceColumn, stageParquet, stagePushedRows, stageQuery } from "../../sinks/reference-set/source.ts";
import type { Warehouse } from "../../sinks/warehouse.ts";
import { whyNotRead } from "../../sinks/file-faults.ts";
import type { UseWarehouse } from "../common/door.ts";
import { assertPlainFile } from "../common/own-file.ts";
import type { Staged } from "./staged.ts";
import { stageDelimited } from "./stage-delimited.ts";
import { stageJson } from "./stage-json.ts";

const DELIMITED = { ".csv": "comma", ".tsv": "tab", ".psv": "pipe" } as const;
const JSON_ENDINGS = [".json", ".jsonl", ".ndjson"];

const unbroken = (columns: SourceColumn[]): Staged => ({ columns, violations: [], violationCount: 0, leftOut: 0 });

export interface StageOptions {
  readWarehouse: UseWarehouse;
  /** The set whose last pushed rows are staged too. */
  pushed: string | undefined;
  /** Broken rules that are told. */
  most: number;
}

/**
 * Stages all rows of a source. The warehouse is read at one moment, and let go.
 * @throws SignalhouseError usage, query_failed, not_found, refset_invalid, warehouse_*, out_of_memory, disk_full
 */
export async function stageSource(scratch: Scratch, source: RefsetSource, { readWarehouse, pushed, most }: StageOptions): Promise<Staged> {
  if (!("file" in source)) {
    const sql = "query" in source ? source.query : `FROM ${tableName(source.table)}`;
    return unbroken(await readWarehouse((warehouse) => stageQuery(warehouse, scratch.path, sql, pushed)));
  }
  if (pushed !== undefined) await stagePushedOrNone(scratch, readWarehouse, pushed);
  const { file } = source;
  await assertPlainFile(file).catch((error: unknown) => {
    throw new SignalhouseError("not_found", `the file ${file} cannot be read: ${whyNotRead(error)}`, "Check the path given with --from.", error);
  });
  const ending = extname(file).toLowerCase();
  if (ending in DELIMITED) return scratch.use((connection) => stageDelimited(connection, file, DELIMITED[ending as keyof typeof DELIMITED], most));
  if (ending === ".parquet") return unbroken(await scratch.use((connection) => stageParquet(connection, file)));
  if (JSON_ENDINGS.includes(ending)) return scratch.use((connection) => stageJson(connection, file, most));
  throw new SignalhouseError(
    "usage",
    `"${file}" does not say what it is`,
    `Let the name end in ${[...Object.keys(DELIMITED), ...JSON_ENDINGS, ".parquet"].join(", ")}.`,
  );
}

/** "orders" or "signalhouse.loads": each part is a name by itself. */
const tableName = (table: string) => table.split(".").map(quoteIdentifier).join(".");

/** A warehouse that is not there has pushed nothing. */
async function stagePushedOrNone(scratch: Scratch, readWarehouse: UseWarehouse, set: string): Promise<void> {
  try {
    await readWarehouse((warehouse: Warehouse) => stagePushedRows(warehouse, scratch.path, set));
  } catch (error) {
    if (!isSignalhouseError(error, "warehouse_missing")) throw error;
    await scratch.use((connection) => connection.run("CREATE TABLE pushed (key VARCHAR, row_hash UHUGEINT)"));
  }
}
