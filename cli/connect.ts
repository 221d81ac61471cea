/** Reaching Connect's API for a command. */
import { connectApi } from "../pipeline/connect-api/api.ts";
import { readApiKey } from "../pipeline/connect-api/key.ts";
import type { ExportContext } from "../pipeline/export/ask.ts";
import { type UseWarehouse, warehouseUser } from "../pipeline/use-warehouse.ts";
import { packageVersion } from "../pipeline/package.ts";
import { apiEndpoint, type Config } from "../schemas/config.ts";
import { messageOf } from "../schemas/errors.ts";
import { beginRun, endRun } from "../sinks/ledger.ts";
import type { Context } from "./command.ts";
import { exitCodeOf } from "./failures.ts";
import { secrets } from "./server.ts";
import { tellMigration } from "./warehouse.ts";

/** The API key, from the environment or the configuration's file. @throws SignalhouseError api_key_missing, api_key_file_open */
function apiKeyOf(config: Config, { env }: Pick<Context, "env">): Promise<string> {
  return readApiKey({ environment: env["SIGNALHOUSE_API_KEY"], keyFile: config.api.keyFile });
}

/** The API that the configuration means. @throws SignalhouseError config_invalid, api_key_missing, api_key_file_open */
export async function apiOf(config: Config, context: Pick<Context, "env" | "signal" | "out">) {
  const { signal, out } = context;
  const { timeoutSeconds, retries } = config.api;
  const log = (line: string) => out.log("info", line);
  const apiKey = await apiKeyOf(config, context);
  return connectApi({ endpoint: apiEndpoint(config), apiKey, timeoutSeconds, retries, signal, log });
}

/** Everything that a flow needs which asks Connect and waits. @throws SignalhouseError as apiOf */
export async function exportContext(config: Config, context: Context): Promise<ExportContext> {
  return {
    config,
    api: await apiOf(config, context),
    useWarehouse: warehouseUser(config, context.signal, tellMigration(context)),
    clock: context.clock,
    signal: context.signal,
    secrets: secrets(context),
    log: (line) => context.out.log("info", line),
  };
}

/** Notes a run that does not hold the warehouse all the time. @param work gives the exit code */
export async function noteRun(use: UseWarehouse, command: string, work: (runId: bigint) => Promise<number>): Promise<number> {
  const runId = await use(({ connection }) => beginRun(connection, command, packageVersion()));
  const end = (code: number, error?: string) => use(({ connection }) => endRun(connection, runId, code, error));
  try {
    const code = await work(runId);
    await end(code);
    return code;
  } catch (error) {
    // Where even this cannot be written, the first failure is the one to tell.
    await end(exitCodeOf(error), messageOf(error)).catch(() => undefined);
    throw error;
  }
}
