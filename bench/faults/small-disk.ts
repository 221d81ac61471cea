/** Disks that are soon full: file systems in memory. */
import { execFileSync } from "node:child_process";

/** Makes a folder, which is there, a small disk. @returns whether this user may */
export function mountSmallDisk(folder: string, size: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder], { stdio: "pipe" });
    return true;
  } catch {
    return false;
  }
}

/** Takes the disk away, even where somebody still has a file of it open. */
export function unmount(folder: string): void {
  execFileSync("umount", ["--lazy", folder]);
}
