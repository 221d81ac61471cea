import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { SignalhouseError, messageOf } from "../../schemas/errors.ts";
import { ADDRESS_MS } from "../common/addresses.ts";
import { serverName } from "./options.ts";

/**
 * A TCP connection. Opened here rather than by ssh2, so that we can tell DNS from network, and destroy it whatever state it is in.
 * @throws SignalhouseError host_unreachable; the signal's reason
 */
export async function openSocket({ host, port }: { host: string; port: number }, timeoutMs: number, signal?: AbortSignal): Promise<Socket> {
  const server = { host, port };
  const socket = connect({ ...server, noDelay: true, autoSelectFamilyAttemptTimeout: ADDRESS_MS });
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    await once(socket, "connect", { signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
    return socket;
  } catch (error) {
    socket.on("error", () => {}).destroy();
    signal?.throwIfAborted();
    throw unreachable(server, timeout.aborted ? "ETIMEDOUT" : (error as NodeJS.ErrnoException).code, error);
  }
}

function unreachable(server: { host: string; port: number }, code: string | undefined, cause: unknown): SignalhouseError {
  const name = serverName(server);
  const fail = (message: string, hint: string) => new SignalhouseError("host_unreachable", message, hint, cause);
  switch (code) {
    case "ENOTFOUND":
      return fail(`There is no server named ${server.host}`, "Check region and sftp.host.");
    case "EAI_AGAIN":
      return fail(`The name ${server.host} cannot be looked up: the DNS does not answer`, "Check this machine's network and DNS.");
    case "ECONNREFUSED":
      return fail(`${server.host} refuses connections on port ${server.port}`, "Check sftp.host and sftp.port.");
    case "ETIMEDOUT":
      return fail(`${server.host} does not answer on port ${server.port}`, "A firewall may block outgoing SSH: ask for TCP to this host and port.");
    default:
      return fail(`${name} cannot be reached: ${messageOf(cause)}`, "Check this machine's network.");
  }
}
