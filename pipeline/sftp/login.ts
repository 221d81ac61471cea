import type { Socket } from "node:net";
import ssh2, { type Client, type NegotiatedAlgorithms } from "ssh2";
import { isSignalhouseError, type SignalhouseError } from "../../schemas/errors.ts";
import { Admission } from "./admission.ts";
import { findPinnedKey } from "./fetch-host-keys.ts";
import { greetingOf, HANDSHAKE_MS, handshakeFault } from "./handshake.ts";
import { hostKeyAlgorithms, hostKeyFault, type HostTrust } from "./host-keys.ts";
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

/**
 * Connects, verifies the host key and logs in.
 * @throws SignalhouseError host_unreachable, host_key_unknown, host_key_changed, login_refused, key_unreadable, server_unfit, connection_lost; the
 * signal's reason
 */
export async function login(options: SftpOptions, { offered }: Credentials, trust: HostTrust, signal?: AbortSignal): Promise<Login> {
  let shown: Buffer | undefined;
  const attempt = () => loginWith(options, new Admission(options, offered), trust, (key) => (shown = key), signal);
  try {
    return await attempt();
  } catch (error) {
    if (shown === undefined || !isSignalhouseError(error, "host_key_changed")) throw error;
    if (!(await findPinnedKey(options, trust, shown, HANDSHAKE_MS, signal))) throw error;
    return await attempt();
  }
}

async function loginWith(
  options: SftpOptions,
  admission: Admission,
  trust: HostTrust,
  onShown: (key: Buffer) => void,
  signal?: AbortSignal,
): Promise<Login> {
  const timeoutMs = Math.min(options.timeoutSeconds * 1000, HANDSHAKE_MS);
  const socket = await openSocket(options, timeoutMs, signal);
  const said = greetingOf(socket);
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
        .on("error", (error) => admission.goesOn(error) || reject(error))
        .on("close", () => reject(new Error("the server closed the connection")))
        .connect({
          sock: socket,
          username: options.user,
          authHandler: admission.next,
          readyTimeout: timeoutMs,
          ...KEEPALIVE,
          algorithms: { serverHostKey: hostKeyAlgorithms(trust.types), cipher: [...CIPHERS], hmac: [...MACS], compress: ["none"] },
          hostVerifier: (key: Buffer) => {
            onShown(key);
            hostFault = hostKeyFault(key, trust, options);
            return hostFault === undefined;
          },
        });
    });
  } catch (error) {
    socket.destroy();
    signal?.throwIfAborted();
    throw hostFault ?? (isRefusal(error, negotiated !== undefined, admission) ? admission.fault(error) : handshakeFault(error, options, said()));
  } finally {
    signal?.removeEventListener("abort", stop);
    admission.end();
  }
  options.log?.(`connected to ${serverName(options)} as ${options.user} (${negotiated?.sc.cipher}, host key ${negotiated?.serverHostKey})`);
  return { client, socket };
}

/**
 * With what reasons a server disconnects whom it does not let in: host not allowed, protocol error (OpenSSH's for too many attempts), cancelled, no more
 * methods, illegal user. Others, such as too many connections, pass. Source: RFC 4253, section 11.1.
 */
const REFUSALS: readonly unknown[] = [1, 2, 13, 14, 15];

/** ssh2 marks where an error comes from with `level`, and a disconnect by the server with its numeric reason. */
function isRefusal(error: unknown, handshaken: boolean, admission: Admission): boolean {
  const { level, code } = error as { level?: string; code?: unknown };
  return level === "client-authentication" || (handshaken && REFUSALS.includes(code)) || (level === "client-timeout" && admission.isSigning);
}
