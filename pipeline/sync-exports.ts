import type { Config } from "../schemas/config.ts";
import { configOf, endsAs, libraryDoor, orInterrupted, secretsOf, type ServerOptions } from "./library.ts";
import { outcomeOf } from "./load/load-files.ts";
import { sync, type SyncOptions, type SyncResult } from "./sync.ts";

export interface SyncExportsOptions extends ServerOptions, Pick<SyncOptions, "dryRun" | "since" | "only" | "onEvent"> {}

/**
 * Loads every new export file of a subscription into a warehouse, exactly once: what `signalhouse sync` does.
 * Opens the warehouse for the time of the call; no other process may have it open. Memory: limits.memory for DuckDB, and about 200 MB.
 * With `dryRun` it only reads, and makes no warehouse.
 * @returns what was planned and what became of each file; a file that fails is in there and does not stop the others
 * @throws SignalhouseError where the configuration, the server or the warehouse cannot be used at all; interrupted, with the signal's reason
 * as its cause, where `signal` is aborted: what was loaded until then stays
 */
export async function syncExports(options: SyncExportsOptions): Promise<SyncResult> {
  const config = configOf(options);
  return orInterrupted(options, () => syncWith(config, options));
}

async function syncWith(config: Config, options: SyncExportsOptions): Promise<SyncResult> {
  const syncOptions = { ...options, config, secrets: secretsOf(options) };
  const door = libraryDoor(config, options);
  if (options.dryRun) return door.toPlan((warehouse) => sync({ ...syncOptions, warehouse }));
  const outcome = endsAs(({ files }: SyncResult) => outcomeOf(files), options);
  return door.toRun("syncExports", outcome, (warehouse, runId) => sync({ ...syncOptions, warehouse, runId }));
}
