/** What a sync does with each file, and why. Pure: the listing and the ledger in, decisions out. */
import { SignalhouseError } from "../../schemas/errors.ts";
import type { LoadStatus } from "../../schemas/ledger-tables.ts";
import { isLoaded, type KnownFile } from "../../sinks/ledger.ts";
import type { RemoteFile } from "../sftp/server.ts";
import { glob } from "./glob.ts";

export type Decision =
  | { action: "load"; why: "new" | "changed since it was loaded" | "failed before" }
  | { action: "skip"; why: "loaded" | "same bytes as another file" | "dismissed" | "before --since" | "not named by --only" | "not .csv or .gz" };

export interface PlannedFile {
  file: RemoteFile;
  decision: Decision;
}

export interface PlanOptions {
  /** Files with an mtime before this are left out; milliseconds since the epoch. */
  since?: number;
  /** Glob patterns; a file has to match one of them. One with a slash is for the whole path, one without for its name or that of a folder in its path. */
  only?: readonly string[];
}

/**
 * Decides for each file. A file is known by path, size and mtime together; a failed attempt never makes it known, unless it was dismissed.
 * @throws SignalhouseError usage where a pattern is empty
 * @returns the files in the order in which they are to be loaded: oldest first, so that later exports come later
 */
export function planSync(listing: readonly RemoteFile[], ledger: readonly KnownFile[], options: PlanOptions = {}): PlannedFile[] {
  const byIdentity = new Map<string, KnownFile>();
  const paths = new Map<string, "failed" | "done">();
  for (const known of ledger) {
    if (isLoaded(known)) paths.set(known.path, "done");
    else paths.set(known.path, paths.get(known.path) ?? "failed");
    if (known.status !== "failed") byIdentity.set(identity(known), known);
  }
  const named = namedBy(options.only ?? []);

  const decide = (file: RemoteFile): Decision => {
    const known = byIdentity.get(identity(file));
    if (known) return { action: "skip", why: WHY_KNOWN[known.status] ?? "loaded" };
    if (!isExportFile(file.path)) return { action: "skip", why: "not .csv or .gz" };
    if (!named(file.path)) return { action: "skip", why: "not named by --only" };
    // A time that is not known is before nothing.
    if (options.since !== undefined && file.mtime < options.since && !file.fault) return { action: "skip", why: "before --since" };
    const earlier = paths.get(file.path);
    if (earlier === undefined) return { action: "load", why: "new" };
    return { action: "load", why: earlier === "failed" ? "failed before" : "changed since it was loaded" };
  };
  return listing.toSorted((a, b) => a.mtime - b.mtime || (a.path < b.path ? -1 : 1)).map((file) => ({ file, decision: decide(file) }));
}

/** Whether a name is one of an export's file. */
export const isExportFile = (path: string): boolean => /\.(csv|gz)$/i.test(path);

/** Whether a path is named by one of the patterns; where there are none, each is. @throws SignalhouseError usage where a pattern is empty */
export function namedBy(patterns: readonly string[]): (path: string) => boolean {
  if (patterns.includes(""))
    throw new SignalhouseError("usage", "a pattern of --only is empty", 'Give a pattern such as "*2025-09*", or leave it out.');
  const matchers = patterns.map((pattern) => {
    const matches = glob(pattern);
    return pattern.includes("/") ? matches : (path: string) => path.split("/").some((name) => matches(name));
  });
  return (path) => matchers.length === 0 || matchers.some((matches) => matches(path));
}

const WHY_KNOWN: Partial<Record<LoadStatus, "same bytes as another file" | "dismissed">> = {
  duplicate: "same bytes as another file",
  dismissed: "dismissed",
};

const identity = ({ path, size, mtime }: { path: string; size: number; mtime: number }) => `${size} ${mtime} ${path}`;
