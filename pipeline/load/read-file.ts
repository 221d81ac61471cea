/** Reading a file into a load, by the vector path, or record by record. */
import type { Limits } from "../../schemas/config.ts";
import { messageOf, SignalhouseError } from "../../schemas/errors.ts";
import type { Header } from "../../schemas/header.ts";
import { isOutOfMemory } from "../../sinks/duckdb-errors.ts";
import { Load } from "../../sinks/load.ts";
import { isOfTheData } from "../../sinks/vector/not-plain.ts";
import type { Warehouse } from "../../sinks/warehouse.ts";
import { Digest } from "../../transforms/digest.ts";
import type { PrivateRecords } from "../../transforms/private-records.ts";
import { readRecords } from "../../transforms/records.ts";
import type { ReadOptions } from "../../transforms/sections.ts";
import type { Source } from "./source.ts";
import type { Spool } from "../vector/spool.ts";
import { type Sizes, stageStretches } from "../vector/stage.ts";

export interface ReadContext {
  warehouse: Warehouse;
  limits: Pick<Limits, "maxRecordBytes" | "maxExpansionRatio"> & Partial<Pick<Limits, "maxContactColumns" | "threads">>;
  signal: AbortSignal;
  /** What takes out of records what is not to be kept. */
  privacy: PrivateRecords | undefined;
  /** Of the vector path; a test may want small ones. */
  sizes?: Sizes;
  onEvent?: ((event: ReadingEvent) => void) | undefined;
}

/** How far a file is read. */
export interface ReadingEvent {
  event: "reading";
  path: string;
  bytes: number;
  size: number;
  records: number;
}

/** A file that was read, as far as that went. Whoever has it closes its load. */
export interface Read {
  source: Source;
  /** Milliseconds since the epoch. */
  startedAt: number;
  load: Load;
  digest: Digest;
  /** Whether it took the vector path to its end. */
  isVector: boolean;
  /** Records that were read one by one, where not all were. */
  rowPathRecords?: number;
  /** What went wrong. It is told when it is the file's turn to be merged. */
  error?: unknown;
}

/**
 * Reads a file into staging.
 * @param spool for the vector path; without it records are read one by one
 * @param before settles when the load before is over
 */
export async function readFile(source: Source, context: ReadContext, spool: Spool | undefined, before: Promise<void>): Promise<Read> {
  const read = await readOnce(source, context, spool, before);
  const needsLess = isOutOfMemory(read.error);
  if (!spool || !(needsLess || isOfTheData(read.error))) return read;
  if (source.once) return needsLess ? read : { ...read, error: refused(source, read.error) };
  // Not all is plain that was taken for it, or DuckDB has not enough memory for so many records at once, and the transaction is lost with it: the file is read again, record by record.
  await read.load.close();
  return readOnce(source, context, undefined, before);
}

const refused = ({ path }: Source, error: unknown) =>
  new SignalhouseError(
    "bug",
    `the vector path cannot load ${path}: ${messageOf(error)}`,
    "Load it again with --reader row, which reads records one by one, and please report it.",
    error,
  );

async function readOnce(source: Source, context: ReadContext, spool: Spool | undefined, before: Promise<void>): Promise<Read> {
  const { warehouse, limits, signal, onEvent, sizes, privacy } = context;
  const { contactColumns, memory } = warehouse;
  const read: Read = { source, startedAt: Date.now(), load: await Load.open(warehouse), digest: new Digest(), isVector: spool !== undefined };
  const { load, digest } = read;
  const onStaged = () =>
    onEvent?.({ event: "reading", path: source.path, bytes: digest.bytes, size: source.size, records: load.staging.counts.records });
  const options = { ...limits, contactColumns, privacy, load, signal, onStaged };
  try {
    const bytes = digest.through(bytesOf(source, signal));
    if (spool) {
      const ofVector = { threads: limits.threads ?? 1, connect: () => warehouse.connect(), memory, once: source.once ?? false, spool, before };
      read.rowPathRecords = await stageStretches(reporting(bytes, onStaged), { ...options, ...ofVector, ...(sizes ? { sizes } : {}) });
    } else await stageRows(bytes, options);
    load.staging.finish();
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

/** The row path: record by record. */
async function stageRows(
  bytes: AsyncIterable<Uint8Array>,
  options: ReadOptions & { load: Load; signal: AbortSignal; onStaged: () => void },
): Promise<void> {
  const { load, signal, onStaged } = options;
  let inForce: Header | undefined;
  for await (const { header, before, records } of readRecords(bytes, options)) {
    signal.throwIfAborted();
    if (!inForce) await load.begin(header);
    else if (header !== inForce) await load.extend(header, before);
    inForce = header;
    load.append(records);
    onStaged();
  }
}
