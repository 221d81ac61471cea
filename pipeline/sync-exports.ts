import { type ConfigInput, readConfig } from "../schemas/config.ts";
import { isSignalhouseError, messageOf, SignalhouseError } from "../schemas/errors.ts";
import { beginRun, endRun } from "../sinks/ledger.ts";
import { assertCurrent } from "../sinks/migrate.ts";
import { openWarehouse, type Warehouse } from "../sinks/warehouse.ts";
import { openToWrite } from "./open-to-write.ts";
import { packageVersion } from "./package.ts";
import { exitCodeOf } from "./load-files.ts";
import { sync, type SyncOptions, type SyncResult } from "./sync.ts";

export interface SyncExportsOptions extends Pick<SyncOptions, "dryRun" | "since" | "only" | "signal" | "onEvent" | "log"> {
  /** What signalhouse.config.json would hold. Relative paths are relative to the working directory. */
  config: ConfigInput;
  /** The DuckDB file; by default the configuration's. */
  warehouse?: string;
  /** Passphrase of the private key, where it has one. */
  passphrase?: string;
  /** The ssh-agent's socket, where sftp.agent is true: usually process.env.SSH_AUTH_SOCK. */
  agentSocket?: string;
}

/**
 * Loads every new export file of a subscription into a warehouse, exactly once: what `signalhouse sync` does.
 * Opens the warehouse for the time of the call; no other process may have it open. Memory: limits.memory for DuckDB, and about 200 MB.
 * With `dryRun` it only reads, and makes no warehouse.
 * @returns what was planned and what became of each file; a file that fails is in there and does not stop the others
 * @throws SignalhouseError where the configuration, the server or the warehouse cannot be used at all; interrupted, with the signal's reason
 * as its cause, where `signal` is aborted: what was loaded until then stays
 */
export async function syncExports({ config: input, warehouse: path, passphrase, agentSocket, ...options }: SyncExportsOptions): Promise<SyncResult> {
  const given = readConfig(input, "config");
  const config = { ...given, warehouse: path ?? given.warehouse };
  const secrets = { ...(passphrase === undefined ? {} : { passphrase }), ...(agentSocket === undefined ? {} : { agentSocket }) };
  const syncOptions = { ...options, config, secrets };
  try {
    options.signal?.throwIfAborted();
    return await (options.dryRun ? planOnly(syncOptions) : loadNew(syncOptions));
  } catch (error) {
    // After an abort everything that goes on fails in its own way; the abort is what happened.
    throw options.signal?.aborted ? interrupted(options.signal.reason) : error;
  }
}

type Options = Omit<SyncOptions, "warehouse" | "runId">;

async function planOnly(options: Options): Promise<SyncResult> {
  const warehouse = await openToPlan(options.config.warehouse);
  try {
    return await sync({ ...options, warehouse });
  } finally {
    warehouse.close();
  }
}

async function loadNew(options: Options): Promise<SyncResult> {
  const warehouse = await openToWrite(options.config);
  try {
    const runId = await beginRun(warehouse.connection, "syncExports", packageVersion());
    try {
      const result = await sync({ ...options, warehouse, runId });
      await endRun(warehouse.connection, runId, exitCodeOf(result.files));
      return result;
    } catch (error) {
      await endRun(warehouse.connection, runId, options.signal?.aborted ? 130 : 1, messageOf(error)).catch(() => undefined);
      throw error;
    }
  } finally {
    warehouse.close();
  }
}

function interrupted(reason: unknown): SignalhouseError {
  if (isSignalhouseError(reason, "interrupted")) return reason;
  return new SignalhouseError(
    "interrupted",
    `interrupted: ${messageOf(reason)}`,
    "Nothing is half done: a file is loaded whole or not at all. Run it again to go on.",
    reason,
  );
}

/**
 * Opens the warehouse to plan with: read-only, and where there is none yet, an empty one in memory. The caller closes it.
 * @throws SignalhouseError warehouse_locked, warehouse_newer, warehouse_older, warehouse_failed
 */
export async function openToPlan(path: string): Promise<Warehouse> {
  try {
    const warehouse = await openWarehouse({ path, readOnly: true });
    try {
      await assertCurrent(warehouse.connection, path);
      return warehouse;
    } catch (error) {
      warehouse.close();
      throw error;
    }
  } catch (error) {
    if (isSignalhouseError(error, "warehouse_missing")) return openWarehouse({ path: ":memory:" });
    throw error;
  }
}
