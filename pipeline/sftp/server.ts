import { setMaxListeners } from "node:events";
import type { Readable } from "node:stream";
import { basename } from "node:path/posix";
import { SignalhouseError, isSignalhouseError } from "../../schemas/errors.ts";
import { Retries } from "../common/retries.ts";
import { orAborted } from "./abort.ts";
import type { Channel } from "./channel.ts";
import { Connection } from "./connection.ts";
import { remoteFile, type RemoteFile } from "./file.ts";
import { readHostTrust } from "./host-keys.ts";
import { readCredentials } from "./keys.ts";
import { folderNames, listFiles, type PassedOver } from "./list.ts";
import { isLost } from "./lost.ts";
import { DROPS } from "./handshake.ts";
import { DEFAULT_PACE, serverName, type Pace, type SftpOptions } from "./options.ts";
import { below, relativePath } from "./paths.ts";
import { readFile } from "./reader.ts";
import { removeFile, writeFile } from "./writer.ts";

export type { RemoteFile } from "./file.ts";
export type { PassedOver } from "./list.ts";
export type { SftpOptions } from "./options.ts";

/** A subscription's folder on Connect's SFTP server. One connection, made anew whenever it is lost, serves everything that is asked. */
export interface SftpServer {
  /** The subscription's folder that was found, e.g. "/sub_123" or "/". */
  readonly root: string;
  /**
   * All files below `folders`, recursively, by path. Those that the server does not say enough of have a `fault`.
   * @param onPassedOver gets, once the listing is whole, what else there is, by path, and why it is no file of these
   * @throws SignalhouseError folder_missing, connection_lost, server_stalled, host_unreachable, sftp_failed; the signal's reason
   */
  list(folders: readonly string[], signal?: AbortSignal, onPassedOver?: (passedOver: readonly PassedOver[]) => void): Promise<RemoteFile[]>;
  /** A file as it is now, perhaps with a `fault`. Throws file_missing where it is not there, else as `list`. */
  stat(path: string, signal?: AbortSignal): Promise<RemoteFile>;
  /**
   * The bytes of a file, exactly `file.size` of them, in order; a lost connection is taken up again where it broke off.
   * Errors: the file's `fault`, file_changed where size or time are no longer those of `file`, file_missing, else as `list`.
   * Holds 2 MiB, over a long round trip up to 16 MiB. Destroying the stream or aborting stops it at once.
   */
  read(file: RemoteFile, signal?: AbortSignal): Readable;
  /**
   * Writes a file from what `source` gives, makes its folders where they are missing, and checks its size afterwards. Where the line breaks it begins
   * anew, for S3 cannot append. Holds 2 MiB beside what the source holds. Aborting leaves what was written: see `remove`.
   * @param source called for each attempt; gives the file's bytes from the first on
   * @returns the bytes written
   * @throws SignalhouseError upload_failed where the size differs, else as `list`; what the source throws
   */
  write(path: string, source: () => AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<number>;
  /** Removes a file; that there is none is as good. Throws as `list`. */
  remove(path: string, signal?: AbortSignal): Promise<void>;
  /** Ends the connection, and with it everything that is still asked. The caller of `connectSftp` calls it. */
  close(): Promise<void>;
}

/**
 * Connects, verifies the server's host key, logs in and finds the subscription's folder.
 * @throws SignalhouseError config_invalid, key_unreadable, key_file_open, key_passphrase, host_unreachable, host_key_unknown, host_key_changed,
 * login_refused, server_unfit, connection_lost, server_stalled, sftp_failed; the signal's reason
 */
export async function connectSftp(given: SftpOptions): Promise<SftpServer> {
  const pace = { ...DEFAULT_PACE, ...given.pace };
  const options = { ...given, pace };
  const credentials = await readCredentials(options);
  const trust = await readHostTrust(options);
  const closing = new AbortController();
  const ended = options.signal ? AbortSignal.any([options.signal, closing.signal]) : closing.signal;
  setMaxListeners(0, ended);

  let up: Connection | undefined;
  let opening: Promise<Connection> | undefined;
  const open = () => {
    const forget = () => {
      if (opening === mine) opening = undefined;
    };
    const mine = Connection.open(options, credentials, trust, ended, forget);
    mine.then((connection) => (up = connection), forget);
    return mine;
  };
  const connection = async (signal: AbortSignal) => {
    signal.throwIfAborted();
    return await orAborted((opening ??= open()), signal);
  };

  const { retries: limit, log = () => {} } = options;
  const retries = () => new Retries({ limit, backoffMs: pace.backoffMs, doing: "connecting", passes: isLost, log });
  const either = (signal: AbortSignal | undefined) => (signal ? AbortSignal.any([ended, signal]) : ended);
  const ask = async <T>(work: (connection: Connection, signal: AbortSignal) => Promise<T>, signal: AbortSignal = ended): Promise<T> => {
    const attempts = retries();
    for (;;) {
      try {
        return await work(await connection(signal), signal);
      } catch (error) {
        await attempts.again(error, signal);
      }
    }
  };

  const close = async () => {
    const reason = new SignalhouseError("interrupted", `The connection to ${serverName(options)} was closed`, "Connect again.");
    const goodbye = up?.close(reason);
    closing.abort(reason);
    await goodbye;
  };

  try {
    // Whoever starts a run wants to know at once that the server cannot be reached; only one that drops us is asked again.
    await firstConnection(() => connection(ended), { ...options, pace });
    const root = await ask(async (connection) => findRoot(await connection.channel(0), options.root));
    const place = (file: { path: string }) => below(root, relativePath(file.path));
    return {
      root,
      close,
      list: async (folders, signal, onPassedOver) => {
        const { files, passedOver } = await ask(
          async (connection, stop) => listFiles(await connection.channel(0), root, folders, stop),
          either(signal),
        );
        onPassedOver?.(passedOver);
        return files;
      },
      stat: (path, signal) =>
        ask(async (connection, stop) => {
          return remoteFile(relativePath(path), await (await connection.channel(0)).stat(place({ path }), stop));
        }, either(signal)),
      write: (path, source, signal) => {
        const [to, top] = [place({ path }), root];
        return ask((connection, stop) => writeFile(connection, { root: top, path: to }, source, stop), either(signal));
      },
      remove: (path, signal) => ask(async (connection, stop) => removeFile(await connection.channel(0), place({ path }), stop), either(signal)),
      read: (file, signal) => readFile({ connection, place, retries, pace }, file, either(signal)),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A server drops connections where too many others are about to log in: that passes. */
async function firstConnection(connect: () => Promise<unknown>, options: SftpOptions & { pace: Pace }): Promise<void> {
  const { pace, signal, log = () => {} } = options;
  const passes = (error: unknown) => isSignalhouseError(error, "connection_lost");
  const attempts = new Retries({ limit: DROPS, backoffMs: pace.backoffMs, doing: "connecting", passes, log });
  for (;;) {
    try {
      await connect();
      return;
    } catch (error) {
      await attempts.again(error, signal);
    }
  }
}

/** Where the subscription's folder is: as configured, else the one `sub_…` folder that the login sees, else where it lands. */
async function findRoot(channel: Channel, configured: string | undefined): Promise<string> {
  if (configured?.startsWith("/")) return `/${relativePath(configured)}`;
  const place = channel.realpath(".");
  const [landing, names] = await Promise.all([place, folderNames(channel, ".", place).catch(ifNotLost)]);
  if (configured) return below(landing, relativePath(configured));
  if (basename(landing).startsWith("sub_")) return landing;
  const subscriptions = names.filter((name) => name.startsWith("sub_"));
  if (subscriptions.length > 1) {
    throw new SignalhouseError(
      "config_invalid",
      `The login sees the folders of several subscriptions: ${subscriptions.join(", ")}`,
      `Set sftp.root to one of them, for example "${subscriptions[0]}".`,
    );
  }
  return subscriptions[0] ? below(landing, subscriptions[0]) : landing;
}

/** A landing folder that may not be listed has no folders to choose from. */
function ifNotLost(error: unknown): string[] {
  if (isSignalhouseError(error, "sftp_failed", "file_missing")) return [];
  throw error;
}
