import type { SftpConfig } from "../../schemas/config.ts";

/** How hard the reader pulls. The defaults suit AWS Transfer Family and OpenSSH; tests make them small. */
export interface Pace {
  /** Bytes of one read request; the server's own limit, where it is lower, wins. */
  requestBytes: number;
  /** Bytes asked for and not yet handed on, per channel. ssh2 grants the server 2 MiB a channel, so more only queues. */
  windowBytes: number;
  /** Channels of one connection that a file may use. AWS Transfer Family allows 10. */
  maxChannels: number;
  /** Milliseconds before the first reconnect; doubles with each fruitless one, up to 30 s. */
  backoffMs: number;
}

export const DEFAULT_PACE: Pace = { requestBytes: 256 * 1024, windowBytes: 2 * 1024 * 1024, maxChannels: 8, backoffMs: 250 };

/** What a connection needs to know: the configuration's `sftp`, and what must not stand in a file. */
export interface SftpOptions extends SftpConfig {
  host: string;
  /** Passphrase of the private key. Never logged. */
  passphrase?: string;
  /** Path of the ssh-agent's socket (SSH_AUTH_SOCK), where `agent` is true. */
  agentSocket?: string;
  /** What `~` stands for; the user's home folder by default. */
  home?: string;
  /** Ends everything that goes on, on any connection of this server. */
  signal?: AbortSignal;
  /** Takes a line about a connection that was made, lost or taken up again. */
  log?: (line: string) => void;
  pace?: Partial<Pace>;
}

/** `host` or, where the port is not 22, `host:port`, for messages. */
export function serverName({ host, port }: { host: string; port: number }): string {
  return port === 22 ? host : `${host}:${port}`;
}
