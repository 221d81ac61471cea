import { readFileSync } from "node:fs";
import { type ConfigInput, readConfig } from "../schemas/config.ts";
import { beginRun, endRun } from "../sinks/ledger.ts";
import { openWarehouse } from "../sinks/warehouse.ts";
import { sync, type SyncOptions, type SyncResult } from "./sync.ts";

/** The version of this package. */
export const VERSION = (JSON.parse(readFileSync(packageFile(), "utf8")) as { version: string }).version;

function packageFile(): URL {
  // This module is compiled to dist/pipeline/; the tests run it from pipeline/.
  const up = import.meta.url.includes("/dist/pipeline/") ? "../../package.json" : "../package.json";
  return new URL(up, import.meta.url);
}

export interface SyncExportsOptions extends Pick<SyncOptions, "dryRun" | "since" | "only" | "signal" | "onEvent" | "log"> {
  /** What signalhouse.config.json would hold. Relative paths are relative to the working directory. */
  config: ConfigInput;
  /** The DuckDB file; by default the configuration's. */
  warehouse?: string;
  /** Passphrase of the private key, where it has one. */
  passphrase?: string;
}

/**
 * Loads every new export file of a subscription into a warehouse, exactly once: what `signalhouse sync` does.
 * Opens the warehouse for the time of the call; no other process may have it open. Memory: limits.memory for DuckDB, and about 200 MB.
 * @returns what was planned and what became of each file; a file that fails is in there and does not stop the others
 * @throws SignalhouseError where the configuration, the server or the warehouse cannot be used at all
 */
export async function syncExports({ config: input, warehouse: path, passphrase, ...options }: SyncExportsOptions): Promise<SyncResult> {
  const config = readConfig(input, "config");
  const { memory, threads } = config.limits;
  const warehouse = await openWarehouse({ path: path ?? config.warehouse, memory, version: VERSION, ...(threads === undefined ? {} : { threads }) });
  try {
    const runId = await beginRun(warehouse.connection, "syncExports", VERSION);
    try {
      const result = await sync({ ...options, config, warehouse, runId, ...(passphrase === undefined ? {} : { secrets: { passphrase } }) });
      await endRun(warehouse.connection, runId, result.files.some(({ status }) => status === "failed") ? 1 : 0);
      return result;
    } catch (error) {
      await endRun(warehouse.connection, runId, 1, String(error)).catch(() => undefined);
      throw error;
    }
  } finally {
    warehouse.close();
  }
}
