/** Loading files one after the other: the next one is read while the one before is being merged. */
import type { RetentionConfig } from "../../schemas/config.ts";
import { isSignalhouseError, messageOf, SignalhouseError } from "../../schemas/errors.ts";
import { explainDuckdb } from "../../sinks/duckdb-errors.ts";
import { eraseExpired } from "../../sinks/erasure/retention.ts";
import { interruptible } from "../../sinks/interrupt.ts";
import { recordFailure } from "../../sinks/ledger.ts";
import type { LoadResult } from "../../sinks/load.ts";
import type { Outcome } from "../../schemas/outcomes.ts";
import { type Read, type ReadContext, readFile, type ReadingEvent } from "./read-file.ts";
import type { Source } from "./source.ts";
import { Spool } from "../vector/spool.ts";
import { privateRecords } from "./privacy.ts";

/** What became of a file. */
export type FileResult =
  | ({ path: string; size: number } & LoadResult)
  | { path: string; size: number; status: "failed"; code: string; message: string; hint: string; retryable: boolean };

/** How a run ends that loaded these files. */
export function outcomeOf(files: readonly FileResult[]): Outcome {
  if (files.some(({ status }) => status === "failed")) return "failed";
  return files.some((file) => file.status !== "failed" && file.rejected > 0) ? "rejected" : "done";
}

/** All of a file is read, and is being written into the warehouse; that may take as long again. */
interface WritingEvent {
  event: "writing";
  path: string;
  records: number;
}

/** What a load tells while it goes on. */
export type LoadEvent = ReadingEvent | WritingEvent | ExpiredEvent | UnlistedEvent | { event: "done"; file: FileResult };

/** What had been kept for as long as it may be is erased. */
export interface ExpiredEvent {
  event: "expired";
  /** How many rows each table has less. */
  tables: Record<string, number>;
}

/** The configuration's privacy does not list any more what it did: records come with it from here on, and rows that are there stay as they are. */
export interface UnlistedEvent {
  event: "unlisted";
  /** As `columns.Email`. */
  names: readonly string[];
}

/** How records are read: one by one, on the row path, or plain ones by DuckDB, many at a time, on the vector path. Both mean the same. */
export const READERS = ["row", "vector"] as const;
export type Reader = (typeof READERS)[number];

export interface LoadContext extends Omit<ReadContext, "onEvent" | "privacy"> {
  runId: bigint | null;
  /** How long signals are kept: what is older is erased when all files are loaded. For good by default. */
  retention?: RetentionConfig | undefined;
  /** How records are read; by DuckDB by default, but for files so small that this does not pay. */
  reader?: Reader | undefined;
  onEvent?: ((event: LoadEvent) => void) | undefined;
}

/** Failures that no other file can get around: the run ends with them. */
const FATAL = [
  "warehouse_locked",
  "warehouse_damaged",
  "warehouse_failed",
  // Of the privacy key.
  "config_invalid",
  "key_file_open",
  "disk_full",
  "interrupted",
  "host_unreachable",
  "login_refused",
  "server_unfit",
  "host_key_unknown",
  "host_key_changed",
] as const;

/** Bytes as they come, below which a file is read record by record from the start: some two hundred records, which are read before the vector path would be set up. */
const SMALL = 16 * 1024;

/** Whether a file takes the vector path, as far as it goes. How large it is that can be read once is not known. */
const takesVector = ({ size, once = false }: Source, reader: Reader | undefined) =>
  reader === undefined ? once || size >= SMALL : reader === "vector";

/** What an encrypted warehouse is to have lies on no disk in the clear, unless the vector path is asked for. */
const maySpool = async ({ warehouse, reader }: LoadContext): Promise<boolean> =>
  !warehouse.isEncrypted || reader === "vector" || (await Spool.isInMemory());

/**
 * Loads files in order. A file that fails is recorded and does not stop the others.
 * Memory: what one file's reading and another one's merge need, whatever their size.
 * @throws SignalhouseError of the codes in FATAL; the signal's reason. What was committed before stays.
 */
export async function loadFiles(sources: Iterable<Source>, context: LoadContext): Promise<FileResult[]> {
  const results: FileResult[] = [];
  let spool: Spool | undefined;
  let merging: Promise<void> = Promise.resolve();
  const privacy = await privateRecords(context.warehouse, (names) => context.onEvent?.({ event: "unlisted", names }));
  try {
    for (const source of sources) {
      context.signal.throwIfAborted();
      const isVector = takesVector(source, context.reader) && (spool !== undefined || (await maySpool(context)));
      if (isVector) spool ??= await Spool.make();
      const read = await readFile(source, { ...context, privacy }, isVector ? spool : undefined, merging);
      await merging.catch(async (error: unknown) => {
        await read.load.close();
        throw error;
      });
      merging = mergeFile(read, context).then((result) => {
        results.push(result);
        context.onEvent?.({ event: "done", file: result });
      });
      // It is awaited below or in the next round; without this a failure in between would count as unhandled.
      merging.catch(() => undefined);
    }
  } finally {
    try {
      await merging;
    } finally {
      await spool?.close();
    }
  }
  await expire(context);
  return results;
}

/** Erases what has been kept for as long as it may be. */
async function expire({ warehouse: { connection }, retention, runId, signal, onEvent }: LoadContext): Promise<void> {
  if (!retention) return;
  const tables = await interruptible(connection, signal, () => eraseExpired(connection, retention, { runId, now: Date.now() }));
  if (Object.keys(tables).length > 0) onEvent?.({ event: "expired", tables });
}

/** Merges a file that was read, or records why that failed, and closes its load. */
async function mergeFile({ source, startedAt, load, digest, isVector, rowPathRecords, error }: Read, context: LoadContext): Promise<FileResult> {
  const { path, mtime, size } = source;
  const { warehouse, limits, runId, signal } = context;
  try {
    signal.throwIfAborted();
    if (error !== undefined) throw error;
    context.onEvent?.({ event: "writing", path, records: load.staging.counts.records });
    const file = { path, mtime, size: digest.bytes, sha256: digest.sha256(), startedAt, runId, rowPathRecords };
    return { path, size: digest.bytes, ...(await load.commit(file, limits.threads)) };
  } catch (thrown) {
    await load.abandon();
    signal.throwIfAborted();
    const failure = advised(expected(explainDuckdb(thrown, warehouse.name), path), isVector);
    if (isSignalhouseError(failure, ...FATAL)) throw failure;
    const { code, message, hint, retryable } = failure;
    await recordFailure(warehouse.connection, { path, mtime, size, startedAt, errorCode: code, error: message, runId });
    return { path, size, status: "failed", code, message, hint, retryable };
  } finally {
    await load.close();
  }
}

/** What fails for want of memory on the vector path may do on the row path; on that there is no other way. */
function advised(failure: SignalhouseError, isVector: boolean): SignalhouseError {
  if (failure.code !== "out_of_memory" || !isVector) return failure;
  return new SignalhouseError(failure.code, failure.message, `${failure.hint} Or load it with --reader row, which needs less.`, failure);
}

/** A bug that one file brings up must not keep the others out of the warehouse: it fails that file. */
function expected(error: unknown, path: string): SignalhouseError {
  if (error instanceof SignalhouseError) return error;
  const hint = "Please report it, with the header row of the file. The other files are loaded all the same.";
  return new SignalhouseError("bug", `this is a bug in signalhouse, brought up by ${path}: ${messageOf(error)}`, hint, error);
}
