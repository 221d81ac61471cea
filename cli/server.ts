/** Reaching the configuration's SFTP server for a command. */
import type { SftpOptions } from "../pipeline/sftp/server.ts";
import type { Config, SftpConfig } from "../schemas/config.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import type { World } from "./world.ts";

/** What must not stand in the configuration, from the environment. */
export function secrets({ env }: Pick<World, "env">): Pick<SftpOptions, "passphrase" | "agentSocket"> {
  const { SIGNALHOUSE_KEY_PASSPHRASE: passphrase, SSH_AUTH_SOCK: agentSocket } = env;
  return { ...(passphrase ? { passphrase } : {}), ...(agentSocket ? { agentSocket } : {}) };
}

/** The configuration's `sftp`. @throws SignalhouseError config_invalid where there is none */
export function sftpOf(config: Config, file: string | undefined): SftpConfig {
  if (config.sftp) return config.sftp;
  if (file === undefined) {
    throw new SignalhouseError(
      "config_invalid",
      "there is no signalhouse.config.json here",
      "Run `signalhouse init`, fill it in, or name one with --config.",
    );
  }
  throw new SignalhouseError("config_invalid", `${file} has no "sftp"`, "Add it; `signalhouse init --config example.json` writes an example.");
}
