/** The files on the server, as people are told of them: what the warehouse has of them, and how long Connect keeps them. */
import { type Decision, planSync } from "../pipeline/load/plan.ts";
import type { RemoteFile } from "../pipeline/sftp/server.ts";
import { DAY_MS, KEPT_MS } from "../schemas/connect.ts";
import type { KnownFile } from "../sinks/ledger.ts";

/** A file that is not loaded and has less than this left is pointed at. */
export const URGENT_DAYS = 7;

/** A file of the server. Of one that cannot be read, nothing is known but why. */
export interface ServerFile {
  path: string;
  size: number | null;
  mtime: Date | null;
  /** What the warehouse has of it. */
  state: string;
  /** Whole days until Connect deletes it. */
  days_left: number | null;
  /** Whether it is to be loaded, and has less than URGENT_DAYS left. */
  urgent: boolean;
  fault?: string;
}

/** @param ledger undefined where it cannot be told @param now milliseconds since the epoch @returns those that are deleted first before others */
export function serverFiles(listing: readonly RemoteFile[], ledger: readonly KnownFile[] | undefined, now: number): ServerFile[] {
  return planSync(listing, ledger ?? []).map(({ file: { path, size, mtime, fault }, decision }) => {
    if (fault) return { path, size: null, mtime: null, state: "unreadable", days_left: null, urgent: false, fault: fault.message };
    const state = ledger ? stateOf(decision) : "unknown";
    const left = mtime + KEPT_MS - now;
    const urgent = isWaiting(state) && left < URGENT_DAYS * DAY_MS;
    return { path, size, mtime: new Date(mtime), state, days_left: Math.floor(left / DAY_MS), urgent };
  });
}

function stateOf({ why }: Decision): string {
  switch (why) {
    case "same bytes as another file":
      return "loaded (same bytes)";
    case "changed since it was loaded":
      return "changed";
    case "failed before":
      return "failed";
    case "not .csv or .gz":
      return "no export";
    default:
      return why;
  }
}

const isWaiting = (state: string) => ["new", "changed", "failed"].includes(state);
