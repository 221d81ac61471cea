/** From blocks of bytes to rows of fields, by where the splitter saw fields end; what it gave up becomes a reject. */
import { isUtf8 } from "node:buffer";
import type { Reject } from "../schemas/record.ts";
import type { RejectCode } from "../schemas/reject-codes.ts";
import { type Block, type Broken, fieldCount, fieldEnd, kept, type Marks, recordAt } from "./block.ts";
import { QUOTE } from "./bytes.ts";

/** One parsed row: as many fields as its record has. Whoever keeps a field keeps the text of its whole record, which it is cut out of, unless it is copied. */
export interface Row {
  kind: "row";
  record_no: number;
  fields: string[];
  /** Fields whose bytes are not UTF-8: they were read as Latin-1, which gives every byte back. */
  latin1?: Set<number>;
  /** What is known of it that it does not say itself. */
  marks?: Marks;
  /** The record's bytes, without its line end. */
  bytes: () => Buffer;
}

/**
 * The rows of one piece of a file; they stay when it has gone.
 * @param firstRecordNo record_no of the piece's first record
 * @param maxRecordBytes the limit that a record may have broken
 */
export function rowsOf(piece: Block | Broken, firstRecordNo: number, maxRecordBytes: number): (Row | Reject)[] {
  if (piece.kind === "broken") {
    const reason =
      piece.code === "csv_broken" ? "a quote stands where none may, or is never closed" : `the record has more than ${maxRecordBytes} bytes`;
    return [
      piece.isPrivate
        ? { kind: "reject", record_no: firstRecordNo, ...emptied({ code: piece.code, reason }) }
        : rejectOf(piece.bytes, firstRecordNo, piece.code, reason),
    ];
  }
  return markedRows(
    piece,
    Array.from(piece.starts, (_, index) => firstRecordNo + index),
  );
}

/** The rows of a block; they stay when it has gone. @param recordNos of its records */
export function markedRows(marked: Block, recordNos: readonly number[]): Row[] {
  const block = kept(marked);
  const isWhole = isUtf8(block.bytes);
  return recordNos.map((record_no, index) => {
    const bytes = () => recordAt(block, index);
    const marks = block.marks?.get(index);
    const known = marks ? { marks } : {};
    if (isWhole || isUtf8(bytes())) return { kind: "row", record_no, fields: fieldsOf(block, index), ...known, bytes };
    const latin1 = new Set<number>();
    return { kind: "row", record_no, fields: fieldsOf(block, index, latin1), latin1, ...known, bytes };
  });
}

/** A byte that is no character by itself. */
const NOT_ASCII = /[\x80-\xff]/g;

/** The fields of a record. @param latin1 takes those that are not UTF-8; without it all are */
function fieldsOf(block: Block, index: number, latin1?: Set<number>): string[] {
  const { bytes, fieldEnds } = block;
  const [first, count] = [block.firstFields[index] as number, fieldCount(block, index)];
  const recordStart = block.starts[index] as number;
  // One character for each byte: what is ASCII is cut out of it, at a tenth of what reading each field out of the bytes costs.
  const record = bytes.toString("latin1", recordStart, fieldEnd(block, index, count - 1));
  let odd = nextOdd(record, 0);
  const fields: string[] = [];
  let start = 0;
  for (let field = 0; field < count; field += 1) {
    const end = field < count - 1 ? (fieldEnds[first + field] as number) - recordStart : record.length;
    const isQuoted = record.charCodeAt(start) === QUOTE && start < end;
    const [from, to] = isQuoted ? [start + 1, end - 1] : [start, end];
    let text: string;
    if (odd < to) {
      odd = nextOdd(record, to);
      const isText = !latin1 || isUtf8(bytes.subarray(recordStart + from, recordStart + to));
      if (!isText) latin1.add(field);
      text = bytes.toString(isText ? "utf8" : "latin1", recordStart + from, recordStart + to);
    } else text = record.slice(from, to);
    fields.push(isQuoted ? text.replaceAll('""', '"') : text);
    start = end + 1;
  }
  return fields;
}

/** Where the next byte stands that is not ASCII. */
function nextOdd(record: string, from: number): number {
  NOT_ASCII.lastIndex = from;
  return NOT_ASCII.exec(record)?.index ?? Infinity;
}

/** The reject that keeps a row whole. */
export function rejectRow(row: Row, code: RejectCode, reason: string): Reject {
  return rejectOf(row.bytes(), row.record_no, code, reason);
}

/** Said of a reject without its text. */
const NOT_KEPT = "the row is not kept, as what privacy lists could not be told apart in it";

/** The reject of a row in which what privacy lists could not be told apart: nothing of it is kept. */
export const emptyReject = ({ record_no }: Row, code: RejectCode, reason: string): Reject => ({
  kind: "reject",
  record_no,
  ...emptied({ code, reason }),
});

/** Takes the text of a row out of what is said of it. */
export function emptied({ code, reason }: Pick<Reject, "code" | "reason">): Pick<Reject, "code" | "reason" | "raw"> {
  if (reason.endsWith(NOT_KEPT)) return { code, reason, raw: "" };
  // What is wrong with a content repeats some of it.
  const said = code === "content_not_json" ? "SIGNAL_CONTENT cannot be read" : reason;
  return { code, reason: `${said}; ${NOT_KEPT}`, raw: "" };
}

/** Stands for a record of somebody who was forgotten. */
export const forgottenReject = ({ record_no }: Row): Reject => ({
  kind: "reject",
  record_no,
  code: "field_count",
  reason: "",
  raw: "",
  isForgotten: true,
});

function rejectOf(bytes: Buffer, record_no: number, code: RejectCode, reason: string): Reject {
  const reject: Reject = { kind: "reject", record_no, code, reason, raw: bytes.toString("utf8") };
  return isUtf8(bytes) ? reject : { ...reject, raw_bytes: Uint8Array.from(bytes) };
}
