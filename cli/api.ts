/** Reaching Connect's API for a command, and what a flow needs that asks it and waits. */
import { apiOf as configuredApi } from "../pipeline/connect-api/configured.ts";
import type { ExportContext } from "../pipeline/export/ask.ts";
import { type Door, PATIENCE_MS } from "../pipeline/common/door.ts";
import type { Config } from "../schemas/config.ts";
import type { Context } from "./command.ts";
import { publishAfter } from "./publish-changes.ts";
import { secrets } from "./server.ts";
import { BY_EXIT_CODE, doorOf } from "./warehouse.ts";

/** The API key of the environment, where it counts. */
function environmentKey({ api }: Config, { env }: Pick<Context, "env">): string | undefined {
  return api.keyFileOnly ? undefined : env["SIGNALHOUSE_API_KEY"]?.trim() || undefined;
}

/** Where the API key comes from, as users call it; undefined where none is named. */
export const apiKeySource = (config: Config, context: Pick<Context, "env">): string | undefined =>
  environmentKey(config, context) === undefined ? config.api.keyFile : "SIGNALHOUSE_API_KEY";

/** The API that the configuration means. @throws SignalhouseError config_invalid, api_key_missing, api_key_file_open */
export async function apiOf(config: Config, context: Pick<Context, "env" | "signal" | "out" | "clock">) {
  const { signal, out, env, clock } = context;
  return configuredApi(config, { environment: environmentKey(config, context), env, signal, log: (line) => out.log("info", line), clock });
}

export interface ExportFlow extends ExportContext {
  door: Door;
}

/** Everything that a flow needs which asks Connect and waits. @throws SignalhouseError as apiOf */
export async function exportContext(config: Config, context: Context): Promise<ExportFlow> {
  const door = doorOf(config, context, { patience: PATIENCE_MS });
  return {
    door,
    config,
    api: await apiOf(config, context),
    useWarehouse: door.toWrite,
    look: door.toLook,
    finish: door.toFinish,
    clock: context.clock,
    signal: context.signal,
    secrets: secrets(context),
    log: (line) => context.out.log("info", line),
    waiting: context.out.waiting,
  };
}

/** Notes a run that does not hold the warehouse all the time, and publishes at its end as running() does. @param work gives the exit code */
export async function noteRun(
  { door, config }: Pick<ExportFlow, "door" | "config">,
  context: Context,
  command: string,
  work: (runId: bigint) => Promise<number>,
): Promise<number> {
  const code = await door.withRun(command, BY_EXIT_CODE, work);
  await publishAfter(context, config);
  return code;
}
