import type { Socket } from "node:net";
import ssh2, { type Client, type NegotiatedAlgorithms, type ServerHostKeyAlgorithm } from "ssh2";
import { serverWords } from "../../schemas/characters.ts";
import { SignalhouseError, isSignalhouseError, messageOf } from "../../schemas/errors.ts";
import { fetchHostKeys } from "./fetch-host-keys.ts";
import { HOST_KEY_ALGORITHMS, hostKeyAlgorithms, hostKeyFault, type HostTrust } from "./host-keys.ts";
import type { Credentials } from "./keys.ts";
import { serverName, type SftpOptions } from "./options.ts";
import { openSocket } from "./socket.ts";

/** An SSH connection that has been verified and logged in. Whoever gets it ends it, by destroying the socket. */
export interface Login {
  client: Client;
  socket: Socket;
}

/** Hardware does AES-GCM. The 128-bit one takes a little less time than the 256-bit one, and half as much as AES-CTR with its MAC. */
const CIPHERS = ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr"] as const;
const MACS = ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"] as const;

/** AWS Transfer Family gives up a client that says nothing for 300 s; we notice a dead server after about two minutes. */
const KEEPALIVE = { keepaliveInterval: 30_000, keepaliveCountMax: 4 };

/** How long a server may take to answer a connection and to let us in. */
const HANDSHAKE_MS = 20_000;

/**
 * Connects, verifies the host key and logs in.
 * @throws SignalhouseError host_unreachable, host_key_unknown, host_key_changed, login_refused, connection_lost; the signal's reason
 */
export async function login(options: SftpOptions, credentials: Credentials, trust: HostTrust, signal?: AbortSignal): Promise<Login> {
  try {
    return await loginWith(hostKeyAlgorithms(trust.known.map(({ type }) => type)), options, credentials, trust, signal);
  } catch (error) {
    if (trust.pinned.length === 0 || !isSignalhouseError(error, "host_key_changed")) throw error;
    // A fingerprint does not tell its key's type. The server may have the pinned key and have shown another one first.
    const shown = await fetchHostKeys(options.host, options.port, HANDSHAKE_MS, signal);
    const pinned = shown.find((key) => trust.pinned.includes(key.fingerprint));
    if (!pinned) throw error;
    return await loginWith([...(HOST_KEY_ALGORITHMS[pinned.algorithm] ?? [])], options, credentials, trust, signal);
  }
}

async function loginWith(
  serverHostKey: ServerHostKeyAlgorithm[],
  options: SftpOptions,
  credentials: Credentials,
  trust: HostTrust,
  signal?: AbortSignal,
): Promise<Login> {
  const timeoutMs = Math.min(options.timeoutSeconds * 1000, HANDSHAKE_MS);
  const socket = await openSocket(options, timeoutMs, signal);
  const client = new ssh2.Client();
  let negotiated: NegotiatedAlgorithms | undefined;
  let hostFault: SignalhouseError | undefined;
  const stop = () => socket.destroy();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      client
        .on("handshake", (algorithms) => (negotiated = algorithms))
        .on("ready", resolve)
        .on("error", reject)
        .on("close", () => reject(new Error("the server closed the connection")))
        .connect({
          sock: socket,
          username: options.user,
          authHandler: credentials.methods,
          readyTimeout: timeoutMs,
          ...KEEPALIVE,
          algorithms: { serverHostKey, cipher: [...CIPHERS], hmac: [...MACS], compress: ["none"] },
          hostVerifier: (key: Buffer) => {
            hostFault = hostKeyFault(key, trust, options);
            return hostFault === undefined;
          },
        });
    });
  } catch (error) {
    socket.destroy();
    signal?.throwIfAborted();
    throw hostFault ?? loginFault(error, negotiated !== undefined, options, credentials);
  } finally {
    signal?.removeEventListener("abort", stop);
  }
  options.log?.(`connected to ${serverName(options)} as ${options.user} (${negotiated?.sc.cipher}, host key ${negotiated?.serverHostKey})`);
  return { client, socket };
}

/** ssh2 marks where an error comes from with `level`, and a disconnect by the server with its numeric reason. */
function loginFault(error: unknown, handshaken: boolean, options: SftpOptions, { keys }: Credentials): SignalhouseError {
  const name = serverName(options);
  const { level, code } = error as { level?: string; code?: unknown };
  if (level === "client-authentication" || level === "agent" || (handshaken && typeof code === "number")) {
    const offered = keys.length === 1 ? "the key" : "any of the keys";
    return new SignalhouseError(
      "login_refused",
      `${name} does not let ${options.user} in with ${offered} ${keys.join(", ")}`,
      "Register this public key with Connect (mutation updatePublicKeyForConnectUser), by a Connect user with exactly this e-mail address. A new key may take some minutes to work.",
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
  if (level === "handshake") {
    return new SignalhouseError(
      "host_unreachable",
      `${name} and signalhouse find no common ground: ${serverWords(messageOf(error))}`,
      "Check that sftp.host and sftp.port are an SFTP server.",
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
