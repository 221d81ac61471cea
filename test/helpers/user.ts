/** Acting as somebody else, where the tests run as root, who may do everything. */
import { chmodSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { scratchFolder } from "./warehouse.ts";

/** Node in a place where every user may run it: the one that runs the tests may lie in somebody's own folder. It goes with the test. */
export function nodeForAll(): string {
  const folder = scratchFolder();
  chmodSync(folder, 0o755);
  const node = join(folder, "node");
  copyFileSync(process.execPath, node);
  chmodSync(node, 0o755);
  return node;
}

/** Does something as a user who is not root; as whoever runs the tests, where that is not root. */
export async function asUser<T>(uid: number, work: () => Promise<T> | T): Promise<T> {
  if (process.getuid?.() !== 0) return work();
  process.seteuid?.(uid);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
