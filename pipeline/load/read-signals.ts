import { createReadStream } from "node:fs";
import { readConfig } from "../../schemas/config.ts";
import { SignalhouseError } from "../../schemas/errors.ts";
import type { ContactColumn } from "../../schemas/header.ts";
import type { KnownSignal, Reject, UnknownSignal } from "../../schemas/record.ts";
import { whyNotRead } from "../../sinks/file-faults.ts";
import { readRecords } from "../../transforms/records.ts";

export interface ReadSignalsOptions {
  /** Bytes of one unzipped record; 24 MiB by default. */
  maxRecordBytes?: number;
  /** Unzipped bytes per gzip byte; 200 by default. */
  maxExpansionRatio?: number;
  /** Columns that headers of contact attributes have already, so that they keep them. */
  contactColumns?: readonly ContactColumn[];
}

/** A record of an export file: tell them apart by `kind`, and signals by `signal_type`. */
export type SignalOrReject = KnownSignal | UnknownSignal | Reject;

/**
 * Reads an export file, gzip or plain, record by record. Nothing is left out: a row that cannot become a record comes as a reject.
 * Memory does not depend on the file's size. Leaving the loop early closes the file.
 * @param source a path, the file's bytes, or a stream of them
 * @throws SignalhouseError file_missing where a path cannot be read, gzip_truncated, gzip_corrupt, gzip_bomb, file_empty, not_an_export, header_missing, record_too_large
 * @example for await (const record of readSignals("Signals_Export.csv.gz")) if (record.kind === "signal" && record.signal_type === "order") …
 */
export async function* readSignals(
  source: string | Uint8Array | AsyncIterable<Uint8Array>,
  options: ReadSignalsOptions = {},
): AsyncGenerator<SignalOrReject> {
  const { limits } = readConfig({}, "the defaults");
  for await (const { records } of readRecords(bytesOf(source), { ...limits, contactColumns: [], ...options })) {
    // Copied: texts that are cut out of a row hold the whole of it for as long as they are kept.
    for (const record of records) yield structuredClone(record) as SignalOrReject;
  }
}

async function* bytesOf(source: string | Uint8Array | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (typeof source === "string") yield* fileBytes(source);
  else if (source instanceof Uint8Array) yield source;
  else yield* source;
}

async function* fileBytes(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: 256 * 1024 });
  } catch (error) {
    throw new SignalhouseError(
      "file_missing",
      `${path} cannot be read: ${whyNotRead(error)}`,
      "Check the path, and that you may read the file.",
      error,
    );
  }
}
