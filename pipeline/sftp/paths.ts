import { homedir } from "node:os";
import { posix } from "node:path";

/** A local path with its leading `~` replaced by the home folder. */
export function expandHome(path: string, home: string = homedir()): string {
  return path === "~" || path.startsWith("~/") ? home + path.slice(1) : path;
}

/** A path as written by a user, relative to the subscription's folder: no slash at either end, `""` for the folder itself. */
export function relativePath(path: string): string {
  return posix.normalize(`/${path}`).replace(/^\/|\/$/g, "");
}

/** `base` and a relative path as one absolute path on the server. */
export function below(base: string, path: string): string {
  return path === "" ? base : posix.join(base, path);
}
