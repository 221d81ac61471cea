/** Connect's API as a configuration means it. */
import type { Config } from "../../schemas/config.ts";
import { apiEndpoint } from "../../schemas/config.ts";
import type { Clock } from "../common/clock.ts";
import { type ConnectApi, connectApi } from "./api.ts";
import { readApiKey } from "./key.ts";
import { proxyTo } from "./proxy.ts";

export interface Surroundings {
  /** The key that counts before the configuration's file. */
  environment: string | undefined;
  /** Where HTTPS_PROXY and NO_PROXY are. */
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
  log: (line: string) => void;
  clock: Clock;
}

/** @throws SignalhouseError config_invalid, api_key_missing, api_key_file_open */
export async function apiOf(config: Config, { environment, env, signal, log, clock }: Surroundings): Promise<ConnectApi> {
  const { timeoutSeconds, retries, keyFile } = config.api;
  const apiKey = await readApiKey({ environment, keyFile });
  const endpoint = apiEndpoint(config);
  return connectApi({ endpoint, apiKey, timeoutSeconds, retries, proxy: proxyTo(endpoint, env), signal, log, clock });
}
