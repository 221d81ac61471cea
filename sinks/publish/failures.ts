import { isSignalhouseError, messageOf, SignalhouseError } from "../../schemas/errors.ts";
import { explainDuckdb, isDiskFull } from "../duckdb-errors.ts";

/** What went wrong in a folder that is published to, where a user can act on it; all others as they are. */
export function explainPublish(error: unknown, path: string): unknown {
  if (isSignalhouseError(error)) return error;
  const kept = "What was published before is as it was.";
  if (isDiskFull(error))
    return new SignalhouseError("disk_full", `there is no room left on the disk of ${path}`, `${kept} Free some room, then publish again.`, error);
  if (error instanceof Error && "syscall" in error)
    return new SignalhouseError(
      "publish_failed",
      `nothing can be published to ${path}: ${messageOf(error)}`,
      `${kept} Check the folder and its rights, or name another one.`,
      error,
    );
  return explainDuckdb(error, path);
}
