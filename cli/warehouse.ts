/** Opening the configuration's warehouse for a command. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { interruptible } from "../sinks/interrupt.ts";
import { beginRun, endRun } from "../sinks/ledger.ts";
import { openWarehouse, type Warehouse } from "../sinks/warehouse.ts";
import type { Config } from "../schemas/config.ts";
import { messageOf } from "../schemas/errors.ts";
import type { Context } from "./command.ts";
import { exitCodeOf } from "./failures.ts";
import { type OnMigration, openToWrite } from "../pipeline/open-to-write.ts";
import { packageVersion } from "../pipeline/package.ts";
import { count } from "./format.ts";

/** Tells that a warehouse of an older version is migrated. */
export const tellMigration =
  ({ out }: Pick<Context, "out">): OnMigration =>
  (signals) =>
    out.note(
      `The warehouse is of an older version: ${count(signals, "signal")} of it get the keys of this one. That may take a minute for ten million of them, ` +
        "or ten where they have no SIGNAL_ID. It is one transaction: interrupted, it leaves the warehouse as it was.",
    );

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
  const warehouse = await openToWrite(config, tellMigration(context));
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
