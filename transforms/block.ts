/** Pieces of a file whose records are told apart already. */
import { CR, LF } from "./bytes.ts";

/**
 * A run of whole, well-quoted records; the last one's line end may be missing at the end of the file.
 * A splitter's block is a view of its memory: it is only there until the next piece is asked for, unless it is kept().
 */
export interface Block {
  kind: "block";
  bytes: Buffer;
  records: number;
  /** Where each record starts. */
  starts: Uint32Array;
  /** The place of each record's first field in `fieldEnds`, and one more, behind the last record. */
  firstFields: Uint32Array;
  /** Where each field ends, of all records one after the other: at the comma or line end behind it. */
  fieldEnds: Uint32Array;
  /** What is known of records, by their places, that they do not say themselves. */
  marks?: ReadonlyMap<number, Marks>;
}

/** What privacy notes of a record before it takes anything out of it. */
export interface Marks {
  /** The key of a record without an id. */
  key?: string;
  /** Whether it is of somebody who was forgotten: then it is empty. */
  isForgotten?: true;
}

/** A line that is not CSV by itself, kept whole, without its line end. */
export interface Broken {
  kind: "broken";
  bytes: Buffer;
  code: "csv_broken" | "record_too_large";
  /** Whether its bytes were left out, as privacy lists something that could not be told apart in them. */
  isPrivate?: boolean;
}

export const fieldCount = ({ firstFields }: Block, index: number): number => (firstFields[index + 1] as number) - (firstFields[index] as number);

/** Where a field of a record starts: behind the comma after the one before it. */
export const fieldStart = ({ starts, fieldEnds, firstFields }: Block, index: number, field: number): number =>
  field === 0 ? (starts[index] as number) : (fieldEnds[(firstFields[index] as number) + field - 1] as number) + 1;

/** Where it ends; an unquoted last one has the CR of its line end in `fieldEnds`. */
export function fieldEnd({ bytes, starts, fieldEnds, firstFields }: Block, index: number, field: number): number {
  const at = (firstFields[index] as number) + field;
  const end = fieldEnds[at] as number;
  return at + 1 === firstFields[index + 1] && bytes[end - 1] === CR && end > (starts[index] as number) ? end - 1 : end;
}

/** The records of a block one by one, without their line ends. */
export const recordsOf = (block: Block): Buffer[] => Array.from(block.starts, (_, index) => recordAt(block, index));

/** A record, without its line end. */
export const recordAt = ({ bytes, starts, fieldEnds, firstFields }: Block, index: number): Buffer =>
  withoutLineEnd(bytes.subarray(starts[index], fieldEnds[(firstFields[index + 1] as number) - 1]));

/** A record without its line end; at the end of a file that may be half of one. */
function withoutLineEnd(line: Buffer): Buffer {
  let end = line.length;
  if (line[end - 1] === LF) end -= 1;
  if (line[end - 1] === CR) end -= 1;
  return line.subarray(0, end);
}

/** A block's first record by itself, and the others, if there are any. */
export function firstOf(block: Block): { first: Block; rest?: Block } {
  const first = sliceOf(block, 0, 1);
  return block.records > 1 ? { first, rest: sliceOf(block, 1, block.records) } : { first };
}

/** Some records in a row, from one to before another, and the bytes that hold them. */
export function sliceOf({ bytes, records, starts, fieldEnds, firstFields, marks }: Block, from: number, to: number): Block {
  const start = starts[from] as number;
  const end = to < records ? (starts[to] as number) : bytes.length;
  const field = firstFields[from] as number;
  return {
    kind: "block",
    bytes: bytes.subarray(start, end),
    records: to - from,
    starts: starts.slice(from, to).map((at) => at - start),
    fieldEnds: fieldEnds.slice(field, firstFields[to]).map((at) => at - start),
    firstFields: firstFields.slice(from, to + 1).map((at) => at - field),
    ...(marks ? { marks: new Map([...marks].flatMap(([index, mark]) => (index >= from && index < to ? [[index - from, mark] as const] : []))) } : {}),
  };
}

/** A copy that stays. */
export const kept = ({ bytes, starts, firstFields, fieldEnds, ...block }: Block): Block => ({
  ...block,
  bytes: Buffer.from(bytes),
  starts: starts.slice(),
  firstFields: firstFields.slice(),
  fieldEnds: fieldEnds.slice(),
});
