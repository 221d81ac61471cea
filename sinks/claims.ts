/** Which warehouses this process has open. */
import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { SignalhouseError } from "../schemas/errors.ts";

interface Claim {
  file: string;
  readOnly: boolean;
}

/** DuckDB's lock only keeps other processes out: a file that one process opens twice, once for writing, can be damaged. */
const claims = new Set<Claim>();

/**
 * Claims a file for this process, alone or together with other readers. To be asked before DuckDB opens it: even a second look at the file
 * would let go of the lock that keeps other processes out.
 * @returns a function that gives the claim back
 * @throws SignalhouseError warehouse_locked
 */
export async function claimFile(path: string, readOnly: boolean): Promise<() => void> {
  const claim: Claim = { file: await realFile(path), readOnly };
  for (const other of claims) {
    if (other.file !== claim.file || (other.readOnly && readOnly)) continue;
    throw new SignalhouseError(
      "warehouse_locked",
      `the warehouse ${path} is held by process ${process.pid}, which is this one`,
      "Two parts of a program cannot have it open at once: wait for the first to end, and await what opens it.",
    );
  }
  claims.add(claim);
  return () => claims.delete(claim);
}

/** The path without symbolic links; of a file that is to be made, its folder's. */
async function realFile(path: string): Promise<string> {
  return realpath(path).catch(async () => join(await realpath(dirname(path)).catch(() => dirname(path)), basename(path)));
}
