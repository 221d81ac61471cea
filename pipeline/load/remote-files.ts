/** The subscription's server, and its files as sources of a load. */
import { type Config, type SftpConfig, sftpHost } from "../../schemas/config.ts";
import { SignalhouseError } from "../../schemas/errors.ts";
import type { Source } from "./source.ts";
import { connectSftp, type RemoteFile, type SftpOptions, type SftpServer } from "../sftp/server.ts";

/** Connects as the configuration says. The caller closes it. @throws SignalhouseError as connectSftp; config_invalid where it has no `sftp` */
export async function openServer(config: Config, secrets: Omit<Partial<SftpOptions>, keyof SftpConfig>): Promise<SftpServer> {
  return connectSftp({ ...sftpOf(config), ...secrets, host: sftpHost(config) });
}

/** @throws SignalhouseError config_invalid where the configuration has no `sftp` */
export function sftpOf({ sftp }: Config): SftpConfig {
  if (sftp) return sftp;
  throw new SignalhouseError("config_invalid", 'the configuration has no "sftp"', "Run `signalhouse init`, then fill it in.");
}

/** A file on the server, for loadFiles. */
export function remoteSource(server: SftpServer, file: RemoteFile): Source {
  return { ...file, open: (signal) => server.read(file, signal) };
}
