/** How the tests of transforms/ read text and bytes. */
import { gzipSync } from "node:zlib";
import type { Reject, SignalRecord } from "../../schemas/record.ts";
import { readRecords } from "../../transforms/records.ts";
import type { ReadOptions } from "../../transforms/sections.ts";

export const LIMITS: ReadOptions = { maxRecordBytes: 64 * 1024 * 1024, maxExpansionRatio: 200, contactColumns: [] };

/** A field, in quotes where it needs them. */
const quoted = (field: string) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);

/** CSV of rows of fields. */
export const csvOf = (rows: readonly (readonly string[])[]) => rows.map((row) => `${row.map(quoted).join(",")}\n`).join("");

/** A one-row export from its fields by header. */
export const exportOf = (...rows: readonly Readonly<Record<string, string>>[]) => {
  const headers = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return csvOf([headers, ...rows.map((row) => headers.map((header) => row[header] ?? ""))]);
};

export async function* piecesOf(bytes: Uint8Array, sizes: readonly number[] = [bytes.length]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (let turn = 0; start < bytes.length; turn += 1) {
    const end = start + Math.max(1, sizes[turn % sizes.length] ?? bytes.length);
    yield bytes.subarray(start, end);
    start = end;
  }
}

/** Every record of an export. */
export async function read(
  file: string | Uint8Array,
  options: Partial<ReadOptions> & { pieces?: readonly number[] } = {},
): Promise<(SignalRecord | Reject)[]> {
  const { pieces, ...limits } = options;
  const records: (SignalRecord | Reject)[] = [];
  for await (const batch of readRecords(piecesOf(Buffer.from(file), pieces), { ...LIMITS, ...limits })) records.push(...batch.records);
  return records;
}

/** The records of an export that has no rejects. */
export async function readSignalRecords(file: string | Uint8Array, options: Partial<ReadOptions> = {}): Promise<SignalRecord[]> {
  return (await read(file, options)).map((record) => {
    if (record.kind === "reject") throw new Error(`rejected: ${record.reason}`);
    return record;
  });
}

/** The one record of an export. */
export async function readOne(row: Readonly<Record<string, string>>): Promise<SignalRecord> {
  const [record] = await readSignalRecords(exportOf(row));
  return record as SignalRecord;
}

/** The one reject of an export. */
export async function readReject(file: string | Uint8Array): Promise<Reject> {
  const [reject] = await read(file);
  if (reject?.kind !== "reject") throw new Error("it was not rejected");
  return reject;
}

export const gzip = (text: string | Uint8Array) => gzipSync(text, { level: 1 });

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}
