import { SignalhouseError } from "../../schemas/errors.ts";

/** A file on the server, as it was when it was listed. */
export interface RemoteFile {
  /** Relative to the subscription's folder, with "/". */
  path: string;
  /** Bytes. */
  size: number;
  /** Last change, in ms since the epoch; whole seconds, as SFTP has no finer ones. */
  mtime: number;
}

/** The error where a file is no longer the one that was listed; undefined where it is. */
export function changeOf(file: RemoteFile, now: { size: number; mtime: number }): SignalhouseError | undefined {
  if (now.size === file.size && now.mtime * 1000 === file.mtime) return undefined;
  const time = (ms: number) => new Date(ms).toISOString();
  return fileChanged(
    `${file.path} changed: it was listed with ${file.size} bytes of ${time(file.mtime)} and now has ${now.size} bytes of ${time(now.mtime * 1000)}`,
  );
}

export function fileChanged(message: string): SignalhouseError {
  return new SignalhouseError("file_changed", message, "Connect may still be writing it. The next run reads it from its start.");
}
