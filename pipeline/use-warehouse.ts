/** Using the warehouse for a moment at a time: a flow that waits for hours must not keep other programs out of it. */
import type { Config } from "../schemas/config.ts";
import { isSignalhouseError } from "../schemas/errors.ts";
import { assertCurrent } from "../sinks/migrate.ts";
import { openWarehouse, type Warehouse } from "../sinks/warehouse.ts";
import { type Clock, realClock } from "./clock.ts";
import { packageVersion } from "./package.ts";

/** Opens the warehouse to write, does the work and closes it. @throws SignalhouseError as openWarehouse; what `work` throws */
export type UseWarehouse = <T>(work: (warehouse: Warehouse) => Promise<T>) => Promise<T>;

/** The same, only to read: other readers are let in. @throws SignalhouseError as openWarehouse, warehouse_older; what `work` throws */
export type ReadWarehouse = UseWarehouse;

/** A sync or a query of another process is waited for this long. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 250;

/** The way to the configuration's warehouse. */
export function warehouseUser(config: Config, signal: AbortSignal): UseWarehouse {
  return (work) => using(config, false, signal, work);
}

/** The way to the configuration's warehouse for who only reads. */
export function warehouseReader(config: Config, signal: AbortSignal): ReadWarehouse {
  return (work) =>
    using(config, true, signal, async (warehouse) => {
      await assertCurrent(warehouse.connection, warehouse.path);
      return work(warehouse);
    });
}

async function using<T>(
  { warehouse: path, limits }: Config,
  readOnly: boolean,
  signal: AbortSignal,
  work: (warehouse: Warehouse) => Promise<T>,
): Promise<T> {
  const { memory } = limits;
  const warehouse = await patiently(() => openWarehouse({ path, readOnly, memory, threads: 1, version: packageVersion() }), realClock, signal);
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
