import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { mountSmallDisk, unmount } from "../../bench/faults/small-disk.ts";
import { scratchFolder } from "./warehouse.ts";

export const MAY_NOT_MOUNT = "this user may not mount a small disk: run the tests as root to have a full one";

/** A small file system in memory that is gone with the test; undefined where this user may not mount one, which in CI is an error. */
export function smallDisk(size = "64m"): string | undefined {
  const folder = join(scratchFolder(), "disk");
  mkdirSync(folder);
  if (!mountSmallDisk(folder, size)) {
    if (process.env["CI"]) throw new Error(MAY_NOT_MOUNT);
    return undefined;
  }
  onTestFinished(() => unmount(folder));
  return folder;
}

/** From now on it can only be read. */
export function makeReadOnly(disk: string): void {
  execFileSync("mount", ["-o", "remount,ro", disk]);
}
