import { type ConfigInput, readConfig } from "../schemas/config.ts";
import { beginRun, endRun } from "../sinks/ledger.ts";
import { openWarehouse } from "../sinks/warehouse.ts";
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
 * @returns what was planned and what became of each file; a file that fails is in there and does not stop the others
 * @throws SignalhouseError where the configuration, the server or the warehouse cannot be used at all
 */
export async function syncExports({ config: input, warehouse: path, passphrase, agentSocket, ...options }: SyncExportsOptions): Promise<SyncResult> {
  const config = readConfig(input, "config");
  const { memory, threads } = config.limits;
  const warehouse = await openWarehouse({ path: path ?? config.warehouse, memory, threads, version: packageVersion() });
  try {
    const runId = await beginRun(warehouse.connection, "syncExports", packageVersion());
    try {
      const secrets = { ...(passphrase === undefined ? {} : { passphrase }), ...(agentSocket === undefined ? {} : { agentSocket }) };
      const result = await sync({ ...options, config, warehouse, runId, secrets });
      await endRun(warehouse.connection, runId, exitCodeOf(result.files));
      return result;
    } catch (error) {
      await endRun(warehouse.connection, runId, 1, String(error)).catch(() => undefined);
      throw error;
    }
  } finally {
    warehouse.close();
  }
}
