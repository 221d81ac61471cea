import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";

/** A folder as a process that was killed leaves it: with its lock, which nobody holds, and with data. */
export async function leftBehind(folder: string): Promise<string> {
  mkdirSync(folder, { mode: 0o700 });
  (await DuckDBInstance.create(join(folder, "alive"))).closeSync();
  writeFileSync(join(folder, "1"), "rows");
  mkdirSync(join(folder, "scratch.duckdb.tmp"));
  writeFileSync(join(folder, "scratch.duckdb.tmp", "block"), "rows");
  return folder;
}
