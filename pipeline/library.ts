/** What functions of the library take alike, and how an abort ends them. */
import { type Config, type ConfigInput, readConfig } from "../schemas/config.ts";
import { isSignalhouseError, messageOf, SignalhouseError } from "../schemas/errors.ts";
import type { Outcome } from "../schemas/outcomes.ts";
import { type Door, doorTo, type OutcomeOf, PATIENCE_MS } from "./common/door.ts";
import { realClock } from "./common/clock.ts";
import { type EncryptionWords, findEncryption } from "./common/encryption.ts";
import { apiOf } from "./connect-api/configured.ts";
import type { ExportContext } from "./export/ask.ts";
import { sftpOf } from "./load/remote-files.ts";

export interface WarehouseOptions extends EncryptionWords {
  /** What signalhouse.config.json would hold. Relative paths are relative to the working directory. */
  config?: ConfigInput;
  /** The DuckDB file; by default the configuration's, which is signals.duckdb unless it says otherwise. */
  warehouse?: string;
  /** The key of pseudonyms, and by which what was forgotten is known again; by default that of the file beside the warehouse, WAREHOUSE.privacy-key. */
  privacyKey?: string;
  /** Ends it; what was done until then stays. */
  signal?: AbortSignal;
}

export interface ServerOptions extends WarehouseOptions {
  config: ConfigInput;
  /** Passphrase of the private key, where it has one. */
  passphrase?: string;
  /** The ssh-agent's socket, where sftp.agent is true: usually process.env.SSH_AUTH_SOCK. */
  agentSocket?: string;
  /** Takes a line on each step. */
  log?: (line: string) => void;
}

export interface ConnectOptions extends ServerOptions {
  /** The key of Connect's API; by default what the file api.keyFile of the configuration holds. */
  apiKey?: string;
  /** Where HTTPS_PROXY and NO_PROXY are looked for: usually process.env. By default there is no proxy. */
  env?: Readonly<Record<string, string | undefined>>;
}

/** @throws SignalhouseError config_invalid, user_name_invalid */
export function configOf({ config = {}, warehouse }: WarehouseOptions): Config {
  const given = readConfig(config, "config");
  return { ...given, warehouse: warehouse ?? given.warehouse };
}

/** The door to a warehouse, by what the library was given. @param patience milliseconds for which another process is waited for */
export function libraryDoor(config: Config, options: Omit<WarehouseOptions, "config" | "warehouse">, patience = 0): Door {
  const { signal = new AbortController().signal, privacyKey } = options;
  return doorTo(config, { signal, patience, privacyKey, encryption: () => findEncryption(config.encryption, options) });
}

/** What must not stand in the configuration. */
export const secretsOf = ({ passphrase, agentSocket }: Pick<ServerOptions, "passphrase" | "agentSocket">) => ({
  ...(passphrase === undefined ? {} : { passphrase }),
  ...(agentSocket === undefined ? {} : { agentSocket }),
});

/** Everything that a flow needs which asks Connect and waits. @throws SignalhouseError config_invalid, user_name_invalid, api_key_missing, api_key_file_open */
export async function connecting(options: ConnectOptions): Promise<ExportContext & { door: Door }> {
  const config = configOf(options);
  sftpOf(config);
  const { signal = new AbortController().signal, log = () => {}, apiKey, env = {} } = options;
  const door = libraryDoor(config, options, PATIENCE_MS);
  return {
    door,
    config,
    api: await apiOf(config, { environment: apiKey, env, signal, log, clock: realClock }),
    useWarehouse: door.toWrite,
    look: door.toLook,
    finish: door.toFinish,
    clock: realClock,
    signal,
    secrets: secretsOf(options),
    log,
  };
}

/** How a run ends, by its result. */
export const endsAs = <T>(result: (result: T) => Outcome, { signal }: WarehouseOptions): OutcomeOf<T> => ({
  result,
  error: () => (signal?.aborted ? "interrupted" : "failed"),
});

/** After an abort everything that goes on fails in its own way; the abort is what happened. @throws SignalhouseError interrupted, with the signal's reason as its cause; what `work` throws */
export async function orInterrupted<T>({ signal }: WarehouseOptions, work: () => Promise<T>): Promise<T> {
  try {
    signal?.throwIfAborted();
    return await work();
  } catch (error) {
    throw signal?.aborted ? interrupted(signal.reason) : error;
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
