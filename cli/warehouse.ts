/** Opening the configuration's warehouse for a command. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { interruptible } from "../sinks/interrupt.ts";
import { beginRun, endRun } from "../sinks/ledger.ts";
import { openWarehouse, type Warehouse } from "../sinks/warehouse.ts";
import type { Config } from "../schemas/config.ts";
import { messageOf } from "../schemas/errors.ts";
import type { Context } from "./command.ts";
import { exitCodeOf } from "./failures.ts";
import { packageVersion } from "../pipeline/package.ts";

/** Opens the warehouse to write; the caller closes it. @throws SignalhouseError as openWarehouse */
function openToWrite({ warehouse, limits }: Config): Promise<Warehouse> {
  const { memory } = limits;
  return openWarehouse({ path: warehouse, memory, threads: 1, version: packageVersion() });
}

/**
 * Opens the warehouse read-only for `work`, and closes it after it. An interruption ends the query that is running.
 * @throws SignalhouseError warehouse_missing, warehouse_locked, warehouse_newer, warehouse_failed; what `work` throws
 */
export async function reading<T>(context: Context, work: (connection: DuckDBConnection, config: Config) => Promise<T>): Promise<T> {
  const { config } = await context.config();
  // The limits are for loading; a query may use what DuckDB finds on the machine.
  const warehouse = await openWarehouse({ path: config.warehouse, readOnly: true });
  try {
    return await interruptible(warehouse.connection, context.signal, () => work(warehouse.connection, config));
  } finally {
    warehouse.close();
  }
}

/**
 * Opens the warehouse to write for `work`, notes the run in the ledger, and closes it.
 * @param work gives the exit code
 * @throws SignalhouseError as openWarehouse; what `work` throws
 */
export async function running(
  context: Context,
  command: string,
  work: (warehouse: Warehouse, config: Config, runId: bigint) => Promise<number>,
): Promise<number> {
  const { config } = await context.config();
  const warehouse = await openToWrite(config);
  try {
    const { connection } = warehouse;
    const runId = await beginRun(connection, command, packageVersion());
    try {
      const code = await work(warehouse, config, runId);
      await endRun(connection, runId, code);
      return code;
    } catch (error) {
      // Where even this cannot be written, the first failure is the one to tell.
      await endRun(connection, runId, exitCodeOf(error), messageOf(error)).catch(() => undefined);
      throw error;
    }
  } finally {
    warehouse.close();
  }
}
