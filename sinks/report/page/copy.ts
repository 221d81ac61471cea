/** What pages say of the published copy that they were read from. */
import { time } from "./format.ts";

export interface ReadCopy {
  /** Milliseconds since the epoch. */
  publishedAt: number;
  /** What it has in place of contacts' ids. */
  contactIds: "hashed" | "plain";
}

/** The sentence on top of a page; none where the warehouse was read. */
export const copyLines = (copy: ReadCopy | undefined): string[] =>
  copy ? [`This is the published copy as of ${time(new Date(copy.publishedAt).toISOString())} UTC, since another process had the warehouse.`] : [];
