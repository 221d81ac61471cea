/** Using the warehouse for a moment at a time: a flow that waits for hours must not keep other programs out of it. */
import type { Config } from "../schemas/config.ts";
import { isSignalhouseError } from "../schemas/errors.ts";
import { assertCurrent } from "../sinks/migrate.ts";
import { openWarehouse, type Warehouse } from "../sinks/warehouse.ts";
import { type Clock, realClock } from "./clock.ts";
import { type OnMigration, openToWrite } from "./open-to-write.ts";

/** Opens the warehouse to write, does the work and closes it. @throws SignalhouseError as openWarehouse; what `work` throws */
export type UseWarehouse = <T>(work: (warehouse: Warehouse) => Promise<T>) => Promise<T>;

/** The same, only to read: other readers are let in. @throws SignalhouseError as openWarehouse, warehouse_older; what `work` throws */
export type ReadWarehouse = UseWarehouse;

/** A sync or a query of another process is waited for this long. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 250;

/** The way to the configuration's warehouse. */
export function warehouseUser(config: Config, signal: AbortSignal, onMigration?: OnMigration): UseWarehouse {
  return (work) => using(() => openToWrite(config, onMigration), signal, work);
}

/** The way to the configuration's warehouse for who only reads. */
export function warehouseReader(config: Config, signal: AbortSignal): ReadWarehouse {
  const { warehouse: path, limits } = config;
  return (work) =>
    using(
      () => openWarehouse({ path, readOnly: true, memory: limits.memory, threads: 1 }),
      signal,
      async (warehouse) => {
        await assertCurrent(warehouse.connection, path);
        return work(warehouse);
      },
    );
}

async function using<T>(open: () => Promise<Warehouse>, signal: AbortSignal, work: (warehouse: Warehouse) => Promise<T>): Promise<T> {
  const warehouse = await patiently(open, realClock, signal);
  try {
    return await work(warehouse);
  } finally {
    warehouse.close();
  }
}

async function patiently(open: () => Promise<Warehouse>, clock: Clock, signal: AbortSignal): Promise<Warehouse> {
  const end = clock.now() + PATIENCE_MS;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await open();
    } catch (error) {
      if (!isSignalhouseError(error, "warehouse_locked") || clock.now() >= end) throw error;
      await clock.wait(LOOK_MS, signal);
    }
  }
}
