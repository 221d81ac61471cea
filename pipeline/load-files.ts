/** Loading files one after the other: the next one is read while the one before is being merged. */
import { SignalhouseError, isSignalhouseError, messageOf } from "../schemas/errors.ts";
import type { Limits } from "../schemas/config.ts";
import type { Header } from "../schemas/header.ts";
import { explainDuckdb, isOutOfMemory } from "../sinks/duckdb-errors.ts";
import { type FileIdentity, recordFailure } from "../sinks/ledger.ts";
import { abandonLoad, commitLoad, type LoadResult, openLoad } from "../sinks/load.ts";
import { Staging } from "../sinks/staging.ts";
import { isOfTheData } from "../sinks/vector/write.ts";
import type { Warehouse } from "../sinks/warehouse.ts";
import { Digest } from "../transforms/digest.ts";
import { readRecords } from "../transforms/records.ts";
import type { ReadOptions } from "../transforms/sections.ts";
import { Spool } from "./vector/spool.ts";
import { type Sizes, stageStretches } from "./vector/stage.ts";

/** A file that can be read. */
export interface Source extends FileIdentity {
  /** Whether open() gives its bytes only once. */
  once?: boolean;
  /** Its bytes. The stream is read to its end, or left early, and then destroys itself. */
  open(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** What became of a file. */
export type FileResult =
  | ({ path: string; size: number } & LoadResult)
  | { path: string; size: number; status: "failed"; code: string; message: string; hint: string; retryable: boolean };

/** How a run that loaded these files ends: 0 done, 1 a file failed, 3 done, but records were rejected. */
export function exitCodeOf(files: readonly FileResult[]): 0 | 1 | 3 {
  if (files.some(({ status }) => status === "failed")) return 1;
  return files.some((file) => file.status !== "failed" && file.rejected > 0) ? 3 : 0;
}

/** What a load tells while it goes on. */
export type LoadEvent = { event: "reading"; path: string; bytes: number; size: number; records: number } | { event: "done"; file: FileResult };

/** How records are read: one by one, on the row path, or plain ones by DuckDB, many at a time, on the vector path. Both mean the same. */
export const READERS = ["row", "vector"] as const;
export type Reader = (typeof READERS)[number];

export interface LoadContext {
  warehouse: Warehouse;
  limits: Pick<Limits, "maxRecordBytes" | "maxExpansionRatio"> & Partial<Pick<Limits, "threads">>;
  runId: bigint | null;
  signal: AbortSignal;
  /** How records are read; by DuckDB by default. */
  reader?: Reader | undefined;
  /** Of the vector path; a test may want small ones. */
  sizes?: Sizes;
  onEvent?: ((event: LoadEvent) => void) | undefined;
}

/** Failures that no other file can get around: the run ends with them. */
const FATAL = [
  "warehouse_locked",
  "warehouse_failed",
  "disk_full",
  "interrupted",
  "host_unreachable",
  "login_refused",
  "host_key_unknown",
  "host_key_changed",
] as const;

/**
 * Loads files in order. A file that fails is recorded and does not stop the others.
 * Memory: what one file's reading and another one's merge need, whatever their size.
 * @throws SignalhouseError of the codes in FATAL; the signal's reason. What was committed before stays.
 */
export async function loadFiles(sources: Iterable<Source>, context: LoadContext): Promise<FileResult[]> {
  const results: FileResult[] = [];
  const spool = context.reader !== "row" ? await Spool.make() : undefined;
  let committed: Promise<void> = Promise.resolve();
  try {
    for (const source of sources) {
      context.signal.throwIfAborted();
      const read = await readFile(source, context, spool, committed);
      await committed.catch(async (error: unknown) => {
        await abandonLoad(read.staging);
        read.staging.close();
        throw error;
      });
      committed = finishFile(read, context).then((result) => {
        results.push(result);
        context.onEvent?.({ event: "done", file: result });
      });
      // It is awaited below or in the next round; without this a failure in between would count as unhandled.
      committed.catch(() => undefined);
    }
  } finally {
    try {
      await committed;
    } finally {
      await spool?.close();
    }
  }
  return results;
}

interface Read {
  source: Source;
  startedAt: number;
  staging: Staging;
  digest: Digest;
  /** Records that were read one by one, where not all were. */
  rowPathRecords?: number;
  error?: unknown;
}

/**
 * Reads a file into staging. What goes wrong is kept for finishFile, which writes it into the ledger in its turn.
 * @param committed settles when the file before is in the warehouse
 */
async function readFile(source: Source, context: LoadContext, spool: Spool | undefined, committed: Promise<void>): Promise<Read> {
  const read = await readOnce(source, context, spool, committed);
  const needsLess = isOutOfMemory(read.error);
  if (!spool || !(needsLess || isOfTheData(read.error))) return read;
  if (source.once) return needsLess ? read : { ...read, error: refused(source, read.error) };
  // Not all is plain that was taken for it, or DuckDB has not enough memory for so many records at once, and the transaction is lost with it: the file is read again, record by record.
  await abandonLoad(read.staging);
  read.staging.close();
  return readOnce(source, context, undefined, committed);
}

const refused = ({ path }: Source, error: unknown) =>
  new SignalhouseError(
    "bug",
    `the vector path cannot load ${path}: ${messageOf(error)}`,
    "Load it again with --reader row, which reads records one by one, and please report it.",
    error,
  );

async function readOnce(source: Source, context: LoadContext, spool: Spool | undefined, committed: Promise<void>): Promise<Read> {
  const { warehouse, limits, signal, onEvent } = context;
  const read: Read = { source, startedAt: Date.now(), staging: new Staging(await warehouse.connect()), digest: new Digest() };
  const { staging, digest } = read;
  const onStaged = () => onEvent?.({ event: "reading", path: source.path, bytes: digest.bytes, size: source.size, records: staging.counts.records });
  const begin = async (header: Header) => {
    warehouse.contactColumns.push(...header.added);
    await staging.begin(header);
  };
  const extend = async (header: Header, after: number) => {
    warehouse.contactColumns.push(...header.added);
    await staging.extend(header, after);
  };
  const options = { ...limits, extend, contactColumns: warehouse.contactColumns, staging, signal, onStaged };
  try {
    const bytes = digest.through(bytesOf(source, signal));
    if (spool) {
      const openDirectly = async (header: Header) => {
        await committed;
        await begin(header);
        await openLoad(staging);
      };
      const sizes = context.sizes ? { sizes: context.sizes } : {};
      const threads = { threads: limits.threads ?? 1, connect: () => warehouse.connect(), memory: warehouse.memory, once: source.once ?? false };
      read.rowPathRecords = await stageStretches(reporting(bytes, onStaged), { ...options, ...threads, ...sizes, spool, begin: openDirectly });
    } else await stageRows(bytes, { ...options, begin });
    staging.finish();
  } catch (error) {
    read.error = error;
  }
  return read;
}

/** Opens the source once its bytes are asked for: a stream that fails while nobody listens to it ends the process. */
async function* bytesOf(source: Source, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield* source.open(signal);
}

/** Tells of the first bytes, and of each MiB that went by: a run is long, and a line may be slow. */
async function* reporting(bytes: AsyncIterable<Uint8Array>, report: () => void): AsyncGenerator<Uint8Array> {
  let untold = Infinity;
  for await (const chunk of bytes) {
    untold += chunk.length;
    if (untold >= 1024 * 1024) {
      report();
      untold = 0;
    }
    yield chunk;
  }
}

interface RowOptions extends ReadOptions {
  staging: Staging;
  signal: AbortSignal;
  begin: (header: Header) => Promise<void>;
  extend: (header: Header, after: number) => Promise<void>;
  onStaged: () => void;
}

/** The row path: record by record. */
async function stageRows(bytes: AsyncIterable<Uint8Array>, options: RowOptions): Promise<void> {
  const { staging, signal, begin, extend, onStaged } = options;
  let inForce: Header | undefined;
  for await (const { header, before, records } of readRecords(bytes, options)) {
    signal.throwIfAborted();
    if (!inForce) await begin(header);
    else if (header !== inForce) await extend(header, before);
    inForce = header;
    staging.append(records);
    onStaged();
  }
}

async function finishFile({ source, startedAt, staging, digest, rowPathRecords, error }: Read, context: LoadContext): Promise<FileResult> {
  const { path, mtime } = source;
  const file = { path, mtime, size: source.size };
  try {
    context.signal.throwIfAborted();
    if (error !== undefined) throw error;
    const read = { ...file, size: digest.bytes, sha256: digest.sha256(), startedAt, runId: context.runId, rowPathRecords };
    const result = await commitLoad(staging, read, context.limits.threads);
    return { path, size: digest.bytes, ...result };
  } catch (thrown) {
    await abandonLoad(staging);
    context.signal.throwIfAborted();
    const failure = expected(explainDuckdb(thrown, context.warehouse.path), path);
    if (isSignalhouseError(failure, ...FATAL)) throw failure;
    const { code, message, hint, retryable } = failure;
    await recordFailure(context.warehouse.connection, { ...file, startedAt, errorCode: code, error: message, runId: context.runId });
    return { path, size: source.size, status: "failed", code, message, hint, retryable };
  } finally {
    await abandonLoad(staging);
    staging.close();
  }
}

/** A bug that one file brings up must not keep the others out of the warehouse: it fails that file. */
function expected(error: unknown, path: string): SignalhouseError {
  if (error instanceof SignalhouseError) return error;
  const hint = "Please report it, with the header row of the file. The other files are loaded all the same.";
  return new SignalhouseError("bug", `this is a bug in signalhouse, brought up by ${path}: ${messageOf(error)}`, hint, error);
}
