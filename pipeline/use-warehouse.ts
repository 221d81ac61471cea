/** Using the warehouse for a moment at a time: a flow that waits for hours must not keep other programs out of it. */
import type { Config } from "../schemas/config.ts";
import { isSignalhouseError } from "../schemas/errors.ts";
import { openWarehouse, type Warehouse } from "../sinks/warehouse.ts";
import { type Clock, realClock } from "./clock.ts";
import { packageVersion } from "./package.ts";

/** Opens the warehouse to write, does the work and closes it. @throws SignalhouseError as openWarehouse; what `work` throws */
export type UseWarehouse = <T>(work: (warehouse: Warehouse) => Promise<T>) => Promise<T>;

/** A sync or a query of another process is waited for this long. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 250;

/** The way to the configuration's warehouse. */
export function warehouseUser({ warehouse: path, limits }: Config, signal: AbortSignal): UseWarehouse {
  return async (work) => {
    const { memory, threads } = limits;
    const warehouse = await patiently(() => openWarehouse({ path, memory, threads, version: packageVersion() }), realClock, signal);
    try {
      return await work(warehouse);
    } finally {
      warehouse.close();
    }
  };
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
