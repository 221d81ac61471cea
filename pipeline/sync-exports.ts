import { type ConfigInput, readConfig } from "../schemas/config.ts";
import { isSignalhouseError, messageOf, SignalhouseError } from "../schemas/errors.ts";
import { type Door, doorTo } from "./common/door.ts";
import { outcomeOf } from "./load/load-files.ts";
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
    const door = doorTo(config, { signal: options.signal ?? new AbortController().signal });
    return await (options.dryRun ? door.toPlan((warehouse) => sync({ ...syncOptions, warehouse })) : loadNew(door, syncOptions));
  } catch (error) {
    // After an abort everything that goes on fails in its own way; the abort is what happened.
    throw options.signal?.aborted ? interrupted(options.signal.reason) : error;
  }
}

type Options = Omit<SyncOptions, "warehouse" | "runId">;

async function loadNew(door: Door, options: Options): Promise<SyncResult> {
  const outcome = { result: ({ files }: SyncResult) => outcomeOf(files), error: () => (options.signal?.aborted ? "interrupted" : "failed") } as const;
  return door.toRun("syncExports", outcome, (warehouse, runId) => sync({ ...options, warehouse, runId }));
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
