import { SignalhouseError } from "../../schemas/errors.ts";
import type { Attributes } from "./packets.ts";

/** A file on the server, as it was when it was listed. */
export interface RemoteFile {
  /** Relative to the subscription's folder, with "/"; bytes that are no UTF-8 stand as `\xFF`. */
  path: string;
  /** Bytes. */
  size: number;
  /** Last change, in ms since the epoch; whole seconds, as SFTP has no finer ones. */
  mtime: number;
  /** Why it cannot be read: the server does not say its size or its time. What is not said is 0 then. */
  fault?: SignalhouseError;
}

/** A file as a server describes it. */
export function remoteFile(path: string, { size, mtime }: Attributes): RemoteFile {
  const missing = [...(size === undefined ? ["size"] : []), ...(mtime === undefined ? ["time of last change"] : [])];
  const file = { path, size: size ?? 0, mtime: (mtime ?? 0) * 1000 };
  if (missing.length === 0) return file;
  const fault = new SignalhouseError(
    "sftp_failed",
    `The server does not say the ${missing.join(" and the ")} of ${path}`,
    "Without it nobody can tell whether the file is whole, or changes. Fetch it by other means and run `signalhouse load FILE`.",
  );
  return { ...file, fault };
}

/** The error where a file is no longer the one that was listed; undefined where it is. */
export function changeOf(file: RemoteFile, attributes: Attributes): SignalhouseError | undefined {
  const now = remoteFile(file.path, attributes);
  if (now.fault) return now.fault;
  if (now.size === file.size && now.mtime === file.mtime) return undefined;
  const time = (ms: number) => new Date(ms).toISOString();
  return fileChanged(
    `${file.path} changed: it was listed with ${file.size} bytes of ${time(file.mtime)} and now has ${now.size} bytes of ${time(now.mtime)}`,
  );
}

export function fileChanged(message: string): SignalhouseError {
  return new SignalhouseError("file_changed", message, "Connect may still be writing it. The next run reads it from its start.");
}
