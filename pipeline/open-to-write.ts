import type { Config } from "../schemas/config.ts";
import { openWarehouse, type Warehouse } from "../sinks/warehouse.ts";
import { contentKey } from "../transforms/content-key.ts";
import { packageVersion } from "./package.ts";

/** What is told while a warehouse is opened. @param signals how many it has, where it is of an older version and is migrated now */
export type OnMigration = (signals: number) => void;

/**
 * Opens the configuration's warehouse to write; creates it, or brings it to this version where it is an older one. The caller closes it.
 * @throws SignalhouseError as openWarehouse
 */
export function openToWrite({ warehouse: path, limits }: Pick<Config, "warehouse" | "limits">, onMigration?: OnMigration): Promise<Warehouse> {
  // One thread a connection: loads share the work out by themselves.
  return openWarehouse({ path, memory: limits.memory, threads: 1, version: packageVersion(), migration: { contentKey, onBegin: onMigration } });
}
