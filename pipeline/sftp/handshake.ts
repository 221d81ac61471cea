import type { Socket } from "node:net";
import { serverWords } from "../../schemas/characters.ts";
import { SignalhouseError, messageOf } from "../../schemas/errors.ts";
import { serverName } from "./options.ts";

/** How long a server may take to answer a connection and to let us in. */
export const HANDSHAKE_MS = 20_000;

/** How often a server that drops us before anybody has logged in is asked again: it may be too busy (MaxStartups of sshd_config). */
export const DROPS = 5;

/** ssh2 says it in words only. */
export const isNoSuchHostKey = (error: unknown): boolean => messageOf(error).includes("no matching host key");

/** How others greet, or answer SSH's greeting: HTTP; FTP and SMTP; POP; IMAP; TLS and others that are not text. A server of SSH that is too busy may say so in words of its own. */
const NOT_SSH = /^(HTTP\/|<|220[ -]|\+OK|\* OK|[^\r\n\P{Cc}]{2})/u;

/** Bytes that tell what a server speaks. */
const GREETING_BYTES = 200;

/** Listens to what a server says first, beside ssh2. To be called before ssh2 reads. @returns gives what has come so far */
export function greetingOf(socket: Socket): () => string {
  let said = "";
  const listen = (bytes: Buffer) => {
    said += bytes.toString("latin1", 0, GREETING_BYTES);
    if (said.length >= GREETING_BYTES || said.startsWith("SSH-")) socket.off("data", listen);
  };
  socket.on("data", listen);
  return () => said;
}

/** Why there is no connection that a login could be tried on. ssh2 marks with `level` where an error comes from. @param said what the server said first */
export function handshakeFault(error: unknown, server: { host: string; port: number }, said: string): SignalhouseError {
  const name = serverName(server);
  const { level } = error as { level?: string };
  // SSH lets a server say something before its greeting. Source: RFC 4253, section 4.2.
  if (NOT_SSH.test(said) && !/^SSH-/m.test(said)) {
    return new SignalhouseError(
      "host_unreachable",
      `${name} is not an SSH server: it says ${serverWords(JSON.stringify(said.split("\n")[0]), 100)}`,
      "Check sftp.host and sftp.port.",
      error,
    );
  }
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
