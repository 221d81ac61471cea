import ssh2, { type ServerHostKeyAlgorithm } from "ssh2";
import { SignalhouseError } from "../../schemas/errors.ts";
import { HOST_KEY_ALGORITHMS, fingerprint } from "./host-keys.ts";
import { keyType, knownHostsLine } from "./known-hosts.ts";
import { serverName } from "./options.ts";
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

/**
 * The host keys that a server shows, one for each key type it has, best type first. Nobody logs in.
 * @throws SignalhouseError host_unreachable; the signal's reason
 */
export async function fetchHostKeys(host: string, port: number, timeoutMs: number, signal?: AbortSignal): Promise<ShownHostKey[]> {
  const shown = await Promise.all(
    Object.values(HOST_KEY_ALGORITHMS).map((algorithms) => fetchHostKey({ host, port }, algorithms, timeoutMs, signal)),
  );
  const keys = shown.filter((key) => key !== undefined);
  if (keys.length === 0) {
    throw new SignalhouseError(
      "host_unreachable",
      `${serverName({ host, port })} shows no host key: it is not an SSH server, or too busy`,
      "Check sftp.host and sftp.port.",
    );
  }
  return keys.map((key) => ({ algorithm: keyType(key), fingerprint: fingerprint(key), key, line: knownHostsLine(host, port, key) }));
}

/** The key that a server shows where only `algorithms` are offered; undefined where it has none for them. */
async function fetchHostKey(
  server: { host: string; port: number },
  algorithms: readonly ServerHostKeyAlgorithm[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Buffer | undefined> {
  const socket = await openSocket(server, timeoutMs, signal);
  const stop = () => socket.destroy();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await new Promise((resolve, reject) => {
      new ssh2.Client()
        .on("error", () => resolve(undefined))
        .on("close", () => (signal?.aborted ? reject(signal.reason) : resolve(undefined)))
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
