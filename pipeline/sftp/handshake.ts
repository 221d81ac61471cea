import { serverWords } from "../../schemas/characters.ts";
import { SignalhouseError, messageOf } from "../../schemas/errors.ts";
import { serverName } from "./options.ts";

/** How long a server may take to answer a connection and to let us in. */
export const HANDSHAKE_MS = 20_000;

/** How often a server that drops us before anybody has logged in is asked again: it may be too busy (MaxStartups of sshd_config). */
export const DROPS = 5;

/** ssh2 says it in words only. */
export const isNoSuchHostKey = (error: unknown): boolean => messageOf(error).includes("no matching host key");

/** Why there is no connection that a login could be tried on. ssh2 marks with `level` where an error comes from. */
export function handshakeFault(error: unknown, server: { host: string; port: number }): SignalhouseError {
  const name = serverName(server);
  const { level } = error as { level?: string };
  if (level === "client-timeout") {
    return new SignalhouseError(
      "host_unreachable",
      `${name} accepts connections, but does not finish the SSH login`,
      "Check that sftp.host and sftp.port are an SFTP server; else try again later.",
      error,
    );
  }
  const nothingShared = /no matching (.+)/.exec(messageOf(error))?.[1];
  if (level === "handshake" && nothingShared !== undefined) {
    return new SignalhouseError(
      "server_unfit",
      `${name} and signalhouse find no common ground: they share no ${nothingShared.replace(/^[CS]->[CS] /, "").replace("format", "type")}`,
      "Its SSH is too old, or set up too narrowly: ask whoever runs it to allow AES-GCM or AES-CTR, HMAC with SHA-2, a key exchange of curve25519, ECDH or Diffie-Hellman with SHA-2, and a host key of ed25519, ECDSA or RSA with SHA-2.",
      error,
    );
  }
  return new SignalhouseError(
    "connection_lost",
    `${name} dropped the connection during the login: ${serverWords(messageOf(error))}`,
    "Try again later.",
    error,
  );
}
