/** Reading signalhouse.config.json: JSON with comments. */
import { basename, dirname } from "node:path";
import { readPlainFile } from "../pipeline/common/own-file.ts";
import { isInHome } from "../pipeline/sftp/paths.ts";
import { type Config, readConfig } from "../schemas/config.ts";
import { parseConfig } from "../schemas/config-text.ts";
import { SignalhouseError } from "../schemas/errors.ts";
import { whyNotRead } from "../sinks/file-faults.ts";
import { localPath, type World } from "./world.ts";

export const CONFIG_FILE = "signalhouse.config.json";

export interface LoadedConfig {
  /** Paths in it are absolute. */
  config: Config;
  /** The file that it came from; undefined where there is none and everything is the default. */
  file: string | undefined;
}

/**
 * The configuration of --config, else of the working directory, else the defaults. Relative paths in a file are relative to its folder,
 * --warehouse to the working directory.
 * @throws SignalhouseError config_invalid, user_name_invalid
 */
export async function loadConfig(
  world: Pick<World, "cwd" | "home">,
  { file, warehouse }: { file: string | undefined; warehouse: string | undefined },
): Promise<LoadedConfig> {
  const path = localPath(world, file ?? CONFIG_FILE);
  const text = await readText(path, file !== undefined);
  const config = text === undefined ? readConfig({}, "the defaults") : readConfig(parseConfig(text, basename(path)), basename(path));
  const absolute = (written: string) => localPath({ cwd: dirname(path), home: world.home }, written);
  const { sftp, api } = config;
  // The default is a file in the home folder, and there need not be one.
  const known = sftp?.knownHosts.filter((file) => world.home !== "" || !isInHome(file)) ?? [];
  return {
    file: text === undefined ? undefined : path,
    config: {
      ...config,
      warehouse: warehouse === undefined ? absolute(config.warehouse) : localPath(world, warehouse),
      encryption: { ...config.encryption, ...(config.encryption.keyFile === undefined ? {} : { keyFile: absolute(config.encryption.keyFile) }) },
      publish: { ...config.publish, ...(config.publish.to === undefined ? {} : { to: absolute(config.publish.to) }) },
      refsets: { ...config.refsets, folder: absolute(config.refsets.folder) },
      api: { ...api, ...(api.keyFile === undefined ? {} : { keyFile: absolute(api.keyFile) }) },
      ...(sftp && {
        sftp: { ...sftp, ...(sftp.keyFile === undefined ? {} : { keyFile: absolute(sftp.keyFile) }), knownHosts: known.map(absolute) },
      }),
    },
  };
}

async function readText(path: string, mustExist: boolean): Promise<string | undefined> {
  try {
    return await readPlainFile(path);
  } catch (error) {
    if (!mustExist && (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new SignalhouseError(
      "config_invalid",
      `the configuration ${path} cannot be read: ${whyNotRead(error)}`,
      "Check --config; `signalhouse init` writes a configuration.",
      error,
    );
  }
}
