/** The sandbox's SFTP server: listens, lets clients in and gives each channel its session. Where it is asked for, the API runs beside it. */
import { once } from "node:events";
import { realpath } from "node:fs/promises";
import { createServer } from "node:net";
import type { Socket } from "node:net";
import ssh2 from "ssh2";
import type { Connection } from "ssh2";
import { SignalhouseError } from "../../schemas/errors.ts";
import type { SandboxConnection, SandboxStats } from "./answers.ts";
import { FaultBoard } from "./faults.ts";
import type { Faults } from "./faults.ts";
import { SandboxFolder } from "./folder.ts";
import { startApi } from "./api.ts";
import type { Api, ApiOptions, SandboxApi } from "./api.ts";
import { makeKeyPair } from "../../pipeline/sftp/key-pair.ts";
import { AuthorizedKeys, fingerprint, readKey } from "./keys.ts";
import { HOST, listen } from "../../pipeline/common/listen.ts";
import { serveSftp } from "./sftp-session.ts";

/** Channels per connection. Source: AWS Transfer Family, "Multiplexing of SFTP sessions over a single SSH connection". */
const MAX_SESSIONS = 10;
/** What AWS Transfer Family calls itself; clients choose the size of their reads by it. */
const IDENT = "AWS_SFTP_1.1";
/** A client that answers nothing for 300 seconds is given up. Source: AWS Transfer Family quotas. */
const KEEPALIVE = { keepaliveInterval: 100_000, keepaliveCountMax: 2 };
const CIPHERS = ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr"] as const;

export interface SandboxOptions {
  /** Folder on disk that is served as the subscription's directory. It must exist; the caller removes it. */
  folder: string;
  /** By default a free one. */
  port?: number;
  user?: string;
  /** Public keys (OpenSSH's lines) that may log in, until one is registered by the API. */
  authorizedKeys: string[];
  /** Private host keys (PEM or OpenSSH's form); by default a fresh ed25519 one. */
  hostKeys?: string[];
  /** Where a login lands: in the subscription's folder (default), or above it, where only `sub_<id>` is seen. */
  landing?: "inside" | "above";
  subscriptionId?: string;
  faults?: Partial<Faults>;
  /** Serves the GraphQL API too, whose exports come into the folder. */
  api?: ApiOptions;
}

export interface Sandbox {
  host: typeof HOST;
  port: number;
  user: string;
  /** `SHA256:…` of each host key. */
  fingerprints: string[];
  /** May be changed at any time. */
  faults: Faults;
  /** Counts since the start; `openHandles` is how many are open now. */
  stats: Readonly<SandboxStats>;
  /** The GraphQL API, where the options ask for one. */
  api: SandboxApi | undefined;
  /**
   * Ends all connections and listeners, keeps interrupted uploads as far as they came, gives up exports that were not begun and waits for those
   * that were. May be called again.
   */
  close(): Promise<void>;
}

/**
 * Starts an SFTP server on 127.0.0.1 that behaves as AWS Transfer Family on S3 does (docs/domain.md, section 2.3).
 * Reads go to the disk: memory is bounded by what clients ask for at once. The caller ends it with close().
 * @throws SignalhouseError folder_missing, key_unreadable, port_taken
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { user = "analyst@example.com", subscriptionId = "sandbox", landing = "inside" } = options;
  // With the slash, whatever is no folder is none.
  const root = await realpath(`${options.folder}/`).catch((error: unknown) => {
    throw new SignalhouseError(
      "folder_missing",
      `The sandbox's folder ${options.folder} is not there, or is none`,
      "Create it, or name another.",
      error,
    );
  });
  const keys = new AuthorizedKeys(options.authorizedKeys);
  const hostKeys = options.hostKeys ?? [makeKeyPair().privateKey];
  const fingerprints = hostKeys.map((key) => fingerprint(readKey(key, "a host key")));

  const faults = new FaultBoard(options.faults ?? {});
  const stats: SandboxStats = { connections: 0, opens: 0, reads: 0, bytesServed: 0, openHandles: 0 };
  const folder = new SandboxFolder(root, landing === "above" ? `/sub_${subscriptionId}` : "/", faults);
  const sockets = new Set<Socket>();
  const sessions = new Set<Promise<void>>();

  const ssh = new ssh2.Server({ hostKeys, ident: IDENT, ...KEEPALIVE, algorithms: { cipher: [...CIPHERS] } });
  ssh.on("connection", (client, { port }) => {
    const socket = [...sockets].find((candidate) => candidate.remotePort === port);
    const connection: SandboxConnection = {
      faults,
      stats,
      isCut: false,
      stalled: undefined,
      cut: () => {
        connection.isCut = true;
        socket?.destroySoon();
      },
    };
    stats.connections += 1;
    client.on("error", () => {}); // a client that breaks off is no failure of the sandbox; "close" follows
    client.on("close", () => {
      if (connection.stalled) faults.stallAfterBytes = null;
    });
    admit(client, user, keys, faults);
    serveSessions(client, folder, connection, sessions);
  });

  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.setNoDelay(true);
    ssh.injectSocket(socket);
  });
  const port = await listen(listener, options.port ?? 0, "The sandbox");
  const closeSftp = async (): Promise<void> => {
    const ended = once(listener, "close");
    listener.close();
    for (const socket of sockets) socket.destroy();
    await ended;
    await Promise.all(sessions);
    await folder.close();
  };
  let api: Api | undefined;
  try {
    api = options.api && (await startApi(options.api, { root, user, keys }));
  } catch (error) {
    await closeSftp();
    throw error;
  }

  let closed: Promise<unknown> | undefined;
  const close = async (): Promise<void> => {
    await (closed ??= Promise.all([closeSftp(), api?.close()]));
  };
  return { host: HOST, port, user, fingerprints, faults, stats, api, close };
}

/** Lets `user` in who holds one of `keys` at that moment. */
function admit(client: Connection, user: string, keys: AuthorizedKeys, faults: FaultBoard): void {
  let refused: boolean | undefined;
  client.on("authentication", (attempt) => {
    if (attempt.method !== "publickey") return attempt.reject(["publickey"]);
    refused ??= faults.refusesLogin(); // a login may ask for several keys: it is refused as a whole
    if (!refused && attempt.username === user && keys.prove(attempt)) attempt.accept();
    else attempt.reject(["publickey"]);
  });
}

/** Serves the SFTP channels of one connection; `sessions` holds those that are not over. */
function serveSessions(client: Connection, folder: SandboxFolder, connection: SandboxConnection, sessions: Set<Promise<void>>): void {
  let open = 0;
  client.on("session", (accept, reject) => {
    if (open >= MAX_SESSIONS) return reject();
    open += 1;
    const session = accept();
    session.once("close", () => (open -= 1));
    session.on("sftp", (acceptSftp) => {
      const served = serveSftp(acceptSftp(), folder, connection).finally(() => sessions.delete(served));
      sessions.add(served);
    });
  });
}
