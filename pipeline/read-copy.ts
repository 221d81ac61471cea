/** Reading the warehouse, or, while another process has it, the copy that was published of it. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Config } from "../schemas/config.ts";
import { isSignalhouseError, SignalhouseError } from "../schemas/errors.ts";
import { interruptible } from "../sinks/interrupt.ts";
import type { Manifest } from "../sinks/publish/manifest.ts";
import { currentManifest, openCopy, type OpenCopy } from "../sinks/publish/open.ts";
import { lackedBy } from "../sinks/publish/tables.ts";
import type { Door, ReadOptions } from "./common/door.ts";

/** What is read. */
export interface Reading {
  connection: DuckDBConnection;
  /** The published copy that it is; undefined where it is the warehouse. */
  copy: CopyAtHand | undefined;
}

/** A version of the published copy. */
export interface CopyAtHand {
  /** Of the copy; its views read the files in it. */
  folder: string;
  version: number;
  /** Milliseconds since the epoch. */
  publishedAt: number;
  /** What it has in place of contacts' ids. */
  contactIds: Manifest["contact_ids"];
}

export interface ReadingOptions extends ReadOptions {
  signal: AbortSignal;
}

const atHand = (folder: string, { version, published_at, contact_ids }: Manifest): CopyAtHand => ({
  folder,
  version,
  publishedAt: Date.parse(published_at),
  contactIds: contact_ids,
});

/**
 * Opens the warehouse to read; where another process has it, the copy at publish.to, without waiting. Names and columns are the same, but for what the copy leaves out: whoever calls tells of
 * `copy` to whom it may concern. What was opened is closed when `work` has ended; an abort ends the statement that is running.
 * @throws SignalhouseError as door.toRead: warehouse_locked where nothing is published either, or what is lacks tables that may not be lacking; what `work` throws
 */
export async function openForReading<T>(
  door: Pick<Door, "toRead">,
  { publish }: Pick<Config, "publish">,
  work: (reading: Reading) => Promise<T>,
  { signal, ...options }: ReadingOptions,
): Promise<T> {
  let isOpen = false;
  try {
    return await door.toRead(({ connection }) => {
      isOpen = true;
      return work({ connection, copy: undefined });
    }, options);
  } catch (error) {
    if (isOpen || !isSignalhouseError(error, "warehouse_locked") || publish.to === undefined) throw error;
    const copy = await openCopy(publish.to, options.memory);
    if (!copy) throw error;
    const { connection, folder, manifest } = copy;
    try {
      if (options.mayLack === undefined) assertWhole(copy, error);
      return await interruptible(connection, signal, () => work({ connection, copy: atHand(folder, manifest) }));
    } finally {
      copy.close();
    }
  }
}

/** What is published at publish.to; undefined where nothing is. */
export async function copyAtHand({ publish: { to } }: Pick<Config, "publish">): Promise<CopyAtHand | undefined> {
  const manifest = to === undefined ? undefined : await currentManifest(to);
  return to === undefined || !manifest ? undefined : atHand(to, manifest);
}

/** A copy of an older version would fail in the middle of what it is asked. @param busy why it is read @throws SignalhouseError */
function assertWhole({ folder, manifest }: OpenCopy, busy: SignalhouseError): void {
  const [first, ...more] = lackedBy(manifest.tables);
  if (first === undefined) return;
  const what = `${first}${more.length > 0 ? ` and ${more.length} more` : ""}`;
  const hint = `${busy.hint} The published copy in ${folder} cannot be read in its place: an older signalhouse wrote it, and it lacks ${what}. The next publish brings that.`;
  throw new SignalhouseError(busy.code, busy.message, hint, busy);
}

/** The failure of a busy warehouse, with the copy that can be read meanwhile; all others as they are. */
export async function namingCopy(error: unknown, config: Pick<Config, "publish">): Promise<unknown> {
  if (!isSignalhouseError(error, "warehouse_locked")) return error;
  const copy = await copyAtHand(config);
  if (!copy) return error;
  const hint = `${error.hint} Meanwhile read the published copy: ${copy.folder}/current/signals.duckdb, of ${new Date(copy.publishedAt).toISOString()}.`;
  return new SignalhouseError(error.code, error.message, hint, error);
}
