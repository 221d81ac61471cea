/** Folders that a process makes for itself, and that are taken away where it was killed. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { messageOf, SignalhouseError } from "../schemas/errors.ts";

export interface OwnFolder {
  /** Which only the user can look into. The caller removes it. */
  folder: string;
  /** Those of other processes that are alive. */
  others: { pid: number; folder: string }[];
}

/**
 * Makes a folder for this process.
 * @param prefix the path, to which the process's number and something unique are added
 * @throws SignalhouseError warehouse_failed where none can be made there
 */
export async function ownFolder(prefix: string): Promise<OwnFolder> {
  const parent = dirname(prefix);
  const folder = await mkdtemp(`${prefix}${process.pid}-`).catch((error: unknown) => {
    throw new SignalhouseError(
      "warehouse_failed",
      `no folder can be made at ${prefix}…: ${messageOf(error)}`,
      "Check the folder above it and its rights.",
      error,
    );
  });
  const others: OwnFolder["others"] = [];
  for (const name of await readdir(parent)) {
    if (!name.startsWith(basename(prefix)) || join(parent, name) === folder) continue;
    const pid = Number(/^\d+/.exec(name.slice(basename(prefix).length))?.[0]);
    if (isAlive(pid)) others.push({ pid, folder: join(parent, name) });
    // It may be another user's, in a folder that all share.
    else await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined);
  }
  return { folder, others };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
