/** From blocks of bytes to rows of fields. csv-parse reads the fields; what it cannot read becomes a reject. */
import { isUtf8 } from "node:buffer";
import { type Options, parse } from "csv-parse/sync";
import { messageOf } from "../schemas/errors.ts";
import type { Reject } from "../schemas/record.ts";
import type { RejectCode } from "../schemas/reject-codes.ts";
import { type Block, type Broken, fieldCount, fieldEnd, fieldStart, kept, recordAt, recordsOf, withoutLineEnd } from "./block.ts";
import { QUOTE } from "./bytes.ts";

/** One parsed row: as many fields as its record has. */
export interface Row {
  kind: "row";
  record_no: number;
  fields: string[];
  /** Fields whose bytes are not UTF-8: they were read as Latin-1, which gives every byte back. */
  latin1?: Set<number>;
  /** The record's bytes, without its line end. */
  bytes: () => Buffer;
}

/** Strict: quotes as RFC 4180 has them. The number of fields is judged later, where the row can be kept as a reject. */
const CSV_OPTIONS = { record_delimiter: ["\r\n", "\n"], relax_column_count: true, skip_empty_lines: true } as const satisfies Options;

/**
 * The rows of one piece of a file; they stay when it has gone.
 * @param firstRecordNo record_no of the piece's first record
 * @param maxRecordBytes for csv-parse, which has its own bound
 */
export function rowsOf(piece: Block | Broken, firstRecordNo: number, maxRecordBytes: number): (Row | Reject)[] {
  if (piece.kind === "broken") {
    const reason =
      piece.code === "csv_broken" ? "a quote stands where none may, or is never closed" : `the record has more than ${maxRecordBytes} bytes`;
    return [rejectOf(piece.bytes, firstRecordNo, piece.code, reason)];
  }
  const block = kept(piece);
  const together = readTogether(block, maxRecordBytes);
  return Array.from(block.starts, (_, index) => {
    const [record_no, fields] = [firstRecordNo + index, together.get(index)];
    return fields
      ? { kind: "row", record_no, fields, bytes: () => recordAt(block, index) }
      : singleRow(recordAt(block, index), record_no, maxRecordBytes);
  });
}

/** The fields of records that can be read in one go, by their index: not those that are not UTF-8. */
function readTogether(block: Block, maxRecordBytes: number): ReadonlyMap<number, string[]> {
  const isWhole = isUtf8(block.bytes);
  const indexes = isWhole ? [...block.starts.keys()] : recordsOf(block).flatMap((record, index) => (isUtf8(record) ? [index] : []));
  const bytes = isWhole ? block.bytes : Buffer.concat(indexes.map((index) => block.bytes.subarray(block.starts[index], block.starts[index + 1])));
  const fields = indexes.length === 0 ? [] : parseFields(withoutLineEnd(bytes), "utf8", maxRecordBytes);
  return new Map(fields?.length === indexes.length ? indexes.map((index, at) => [index, fields[at] as string[]]) : []);
}

/**
 * The rows of a block, by where the splitter saw their fields end: for few rows out of many, to which csv-parse would have to be set up each time. Both read the same.
 * @param recordNos of its records @param maxRecordBytes as for rowsOf()
 */
export function markedRows(marked: Block, recordNos: readonly number[], maxRecordBytes: number): (Row | Reject)[] {
  const block = kept(marked);
  const isWhole = isUtf8(block.bytes);
  return recordNos.map((record_no, index) => {
    if (!isWhole && !isUtf8(recordAt(block, index))) return singleRow(recordAt(block, index), record_no, maxRecordBytes);
    const fields = Array.from({ length: fieldCount(block, index) }, (_, field) =>
      fieldText(block.bytes, fieldStart(block, index, field), fieldEnd(block, index, field)),
    );
    return { kind: "row", record_no, fields, bytes: () => recordAt(block, index) };
  });
}

const fieldText = (bytes: Buffer, start: number, end: number) =>
  bytes[start] === QUOTE ? bytes.toString("utf8", start + 1, end - 1).replaceAll('""', '"') : bytes.toString("utf8", start, end);

/** A row by itself, where its block could not be read in one go. */
function singleRow(record: Buffer, record_no: number, maxRecordBytes: number): Row | Reject {
  const encoding = isUtf8(record) ? "utf8" : "latin1";
  const fields = parseFields(record, encoding, maxRecordBytes);
  if (fields?.length !== 1) return rejectOf(record, record_no, "csv_broken", csvFault(record, maxRecordBytes));
  const row: Row = { kind: "row", record_no, fields: fields[0] as string[], bytes: () => record };
  if (encoding === "utf8") return row;
  const latin1 = new Set<number>();
  row.fields = row.fields.map((field, at) => {
    const bytes = Buffer.from(field, "latin1");
    if (isUtf8(bytes)) return bytes.toString("utf8");
    latin1.add(at);
    return field;
  });
  return { ...row, latin1 };
}

function parseFields(bytes: Buffer, encoding: "utf8" | "latin1", maxRecordBytes: number): string[][] | undefined {
  try {
    return parse(bytes, { ...CSV_OPTIONS, encoding, max_record_size: maxRecordBytes });
  } catch {
    return undefined;
  }
}

function csvFault(record: Buffer, maxRecordBytes: number): string {
  try {
    parse(record, { ...CSV_OPTIONS, max_record_size: maxRecordBytes });
    return "the row reads as more than one record";
  } catch (error) {
    return messageOf(error);
  }
}

/** The reject that keeps a row whole. */
export function rejectRow(row: Row, code: RejectCode, reason: string): Reject {
  return rejectOf(row.bytes(), row.record_no, code, reason);
}

function rejectOf(bytes: Buffer, record_no: number, code: RejectCode, reason: string): Reject {
  const reject: Reject = { kind: "reject", record_no, code, reason, raw: bytes.toString("utf8") };
  return isUtf8(bytes) ? reject : { ...reject, raw_bytes: Uint8Array.from(bytes) };
}
