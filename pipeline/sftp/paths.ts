import { homedir } from "node:os";
import { posix } from "node:path";
import { SignalhouseError } from "../../schemas/errors.ts";

/** The user's home folder; `""` where there is none: HOME is not set, and the user, as often in a container, has no name. */
export function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return "";
  }
}

/** Whether a local path is one in the home folder. */
export const isInHome = (path: string): boolean => path === "~" || path.startsWith("~/");

/** A local path with its leading `~` replaced by the home folder. @throws SignalhouseError config_invalid where there is none */
export function expandHome(path: string, home: string = homeFolder()): string {
  if (!isInHome(path)) return path;
  if (home !== "") return home + path.slice(1);
  throw new SignalhouseError("config_invalid", `${path} is in the home folder, and this user has none`, "Set HOME, or write the whole path.");
}

/** A path as written by a user, relative to the subscription's folder: no slash at either end, `""` for the folder itself. */
export function relativePath(path: string): string {
  return posix.normalize(`/${path}`).replace(/^\/|\/$/g, "");
}

/** `base` and a relative path as one absolute path on the server. */
export function below(base: string, path: string): string {
  return path === "" ? base : posix.join(base, path);
}

/**
 * The own name of a directory's entry: some servers give its whole path, absolute or from where the login lands or is locked in, some a slash behind.
 * @param folder absolute
 * @returns "" for the directory itself, undefined where the path is not in it
 */
export function ownName(folder: string, entry: string): string | undefined {
  const path = entry.replace(/^(\.\/+)+|\/+$/g, "");
  if (!path.includes("/")) return path;
  if (posix.normalize(path) !== path) return undefined;
  const [here, parent] = [folder.replace(/^\//, ""), posix.dirname(path).replace(/^[/.]$|^\//, "")];
  if (parent === here || endsWith(parent, here) || endsWith(here, parent)) return posix.basename(path);
  const itself = path.replace(/^\//, "");
  return endsWith(itself, here) || endsWith(here, itself) ? "" : undefined;
}

/** Whether a path ends with another one, which is not empty. */
function endsWith(path: string, end: string): boolean {
  return end !== "" && (path === end || path.endsWith(`/${end}`));
}
