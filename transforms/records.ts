/** The way of a file's bytes to typed records: unzip, split, rows, expand. */
import type { Header } from "../schemas/header.ts";
import type { Reject, SignalRecord } from "../schemas/record.ts";
import { expandRow } from "./expand.ts";
import { type Row, rowsOf } from "./rows.ts";
import { type ReadOptions, sectionsOf } from "./sections.ts";

export { headerNames } from "./sections.ts";

/** Some records of a file, in the file's order, rejects among them. */
export interface Batch {
  /** The header row that holds for them: the same object for as long as it holds. */
  header: Header;
  /** How many records of the file come before them. */
  before: number;
  records: (SignalRecord | Reject)[];
}

/**
 * The records of one export file, gzip or plain. The first batch comes with the header, even where the file has no records.
 * Memory: a few blocks, whatever the file's size.
 * @throws SignalhouseError as sectionsOf(); errors of the source as they are
 */
export async function* readRecords(source: AsyncIterable<Uint8Array>, options: ReadOptions): AsyncGenerator<Batch> {
  for await (const { header, before, piece } of sectionsOf(source, options)) {
    yield { header, before, records: piece ? await expandRows(rowsOf(piece, before + 1, options.maxRecordBytes), header) : [] };
  }
}

/** Expands rows in order. */
export async function expandRows(rows: readonly (Row | Reject)[], header: Header): Promise<(SignalRecord | Reject)[]> {
  const records: (SignalRecord | Reject)[] = [];
  for (const row of rows) {
    const record = row.kind === "reject" ? row : expandRow(row, header);
    records.push(record instanceof Promise ? await record : record);
  }
  return records;
}
