/** Asking a server for its host keys. Nobody logs in. */
import ssh2, { type ServerHostKeyAlgorithm } from "ssh2";
import { SignalhouseError, isSignalhouseError } from "../../schemas/errors.ts";
import { Retries } from "../common/retries.ts";
import { DROPS, greetingOf, handshakeFault, isNoSuchHostKey } from "./handshake.ts";
import { HOST_KEY_ALGORITHMS, fingerprint, hostKeyAlgorithms, hostKeyFault, type HostTrust } from "./host-keys.ts";
import { keyType, knownHostsLine } from "./known-hosts.ts";
import { serverName, type SftpOptions } from "./options.ts";
import { openSocket } from "./socket.ts";

/** A host key that a server showed. Nothing vouches for it yet. */
export interface ShownHostKey {
  algorithm: string;
  /** `SHA256:…` */
  fingerprint: string;
  key: Buffer;
  /** The line that would make it known. */
  line: string;
}

type Server = Pick<SftpOptions, "host" | "port" | "pace">;

/** Milliseconds before a dropped connection is made again the first time. */
const BACKOFF_MS = 100;

/**
 * The host keys that a server shows, one for each key type it has, best type first. They are asked for one after another: a server may allow few
 * connections at a time that have not logged in.
 * @throws SignalhouseError host_unreachable, connection_lost, server_unfit; the signal's reason
 */
export async function fetchHostKeys(host: string, port: number, timeoutMs: number, signal?: AbortSignal): Promise<ShownHostKey[]> {
  const keys = await shownKeys({ host, port }, Object.keys(HOST_KEY_ALGORITHMS), () => false, timeoutMs, signal);
  if (keys.length === 0) throw noHostKey({ host, port });
  return keys.map((key) => ({ algorithm: keyType(key), fingerprint: fingerprint(key), key, line: knownHostsLine(host, port, key) }));
}

/**
 * The host key with which a login would be made. One connection tells it, but where a fingerprint is pinned whose key's type nobody knows.
 * @throws SignalhouseError host_key_unknown, host_key_changed; as fetchHostKeys
 */
export async function fetchTrustedKey(server: Server, trust: HostTrust, timeoutMs: number, signal?: AbortSignal): Promise<Buffer> {
  const key = await fetchHostKey(server, hostKeyAlgorithms(trust.types), timeoutMs, signal);
  if (!key) throw noHostKey(server);
  const fault = hostKeyFault(key, trust, server);
  if (!fault) return key;
  const pinned = await findPinnedKey(server, trust, key, timeoutMs, signal);
  if (!pinned) throw fault;
  return pinned;
}

/**
 * Of a server that has shown another key, the pinned one. A fingerprint does not tell its key's type: so the other types are asked for, one after
 * another; what is found is noted in `trust`.
 * @throws SignalhouseError as fetchHostKeys
 */
export async function findPinnedKey(
  server: Server,
  trust: HostTrust,
  shown: Buffer,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Buffer | undefined> {
  if (trust.pinned.length === 0) return undefined;
  const types = Object.keys(HOST_KEY_ALGORITHMS).filter((type) => type !== keyType(shown));
  const isPinned = (key: Buffer) => hostKeyFault(key, trust, server) === undefined;
  const found = (await shownKeys(server, types, isPinned, timeoutMs, signal)).find(isPinned);
  if (found) trust.types = [keyType(found)];
  return found;
}

/** The server's keys of these types, up to the first one that `isEnough`. */
async function shownKeys(
  server: Server,
  types: readonly string[],
  isEnough: (key: Buffer) => boolean,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Buffer[]> {
  const keys: Buffer[] = [];
  for (const type of types) {
    const key = await fetchHostKey(server, HOST_KEY_ALGORITHMS[type] ?? [], timeoutMs, signal);
    if (key) keys.push(key);
    if (key && isEnough(key)) break;
  }
  return keys;
}

/** The key that a server shows where only `algorithms` are offered; undefined where it has none for them. A dropped connection says neither: it is made again. */
async function fetchHostKey(
  server: Server,
  algorithms: readonly ServerHostKeyAlgorithm[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Buffer | undefined> {
  const passes = (error: unknown) => isSignalhouseError(error, "connection_lost");
  const retries = new Retries({
    limit: DROPS,
    backoffMs: server.pace?.backoffMs ?? BACKOFF_MS,
    doing: "asking for the host key",
    passes,
    log: () => {},
  });
  for (;;) {
    try {
      return await askHostKey(server, algorithms, timeoutMs, signal);
    } catch (error) {
      await retries.again(error, signal);
    }
  }
}

async function askHostKey(
  server: Server,
  algorithms: readonly ServerHostKeyAlgorithm[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Buffer | undefined> {
  const socket = await openSocket(server, timeoutMs, signal);
  const stop = () => socket.destroy();
  const said = greetingOf(socket);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await new Promise((resolve, reject) => {
      const fail = (error: unknown) => reject(signal?.aborted ? signal.reason : handshakeFault(error, server, said()));
      new ssh2.Client()
        .on("error", (error) => (isNoSuchHostKey(error) ? resolve(undefined) : fail(error)))
        .on("close", () => fail(new Error("the server closed the connection")))
        .connect({
          sock: socket,
          username: "nobody",
          readyTimeout: timeoutMs,
          algorithms: { serverHostKey: [...algorithms] },
          // Refused, so that the handshake ends here.
          hostVerifier: (key: Buffer) => {
            resolve(key);
            return false;
          },
        });
    });
  } finally {
    signal?.removeEventListener("abort", stop);
    socket.destroy();
  }
}

function noHostKey(server: Server): SignalhouseError {
  return new SignalhouseError(
    "server_unfit",
    `${serverName(server)} has no host key of a type that signalhouse takes`,
    "Ask whoever runs it for a host key of ed25519, ECDSA or RSA with SHA-2.",
  );
}
