/** The way of a file's bytes to typed records: unzip, split, rows, expand. */
import { SignalhouseError } from "../schemas/errors.ts";
import type { ContactColumn, Header } from "../schemas/header.ts";
import type { Reject, SignalRecord } from "../schemas/record.ts";
import { expandRow } from "./expand.ts";
import { readHeader } from "./header.ts";
import { type Row, rowsOf } from "./rows.ts";
import { split } from "./split.ts";
import { unzip } from "./unzip.ts";

export interface ReadOptions {
  maxRecordBytes: number;
  maxExpansionRatio: number;
  /** The contact columns that are known already; a header keeps its column. */
  contactColumns: readonly ContactColumn[];
}

/** Some records of a file, in the file's order, rejects among them. */
export interface Batch {
  header: Header;
  records: (SignalRecord | Reject)[];
}

/**
 * The records of one export file, gzip or plain. The first batch comes with the header, even where the file has no records.
 * Memory: a few blocks, whatever the file's size.
 * @throws SignalhouseError header_missing, record_too_large, and what unzip() throws; errors of the source as they are
 */
export async function* readRecords(source: AsyncIterable<Uint8Array>, options: ReadOptions): AsyncGenerator<Batch> {
  let header: Header | undefined;
  let recordNo = 1;
  for await (const piece of split(unzip(source, options.maxExpansionRatio), options.maxRecordBytes)) {
    const rows = rowsOf(piece, recordNo, options.maxRecordBytes);
    if (!header) {
      header = readHeader(headerNames(rows.shift()), options.contactColumns);
      for (const row of rows) row.record_no -= 1;
    }
    recordNo += rows.length;
    yield { header, records: await expandRows(rows, header) };
  }
  if (!header) throw noText();
}

/** What a file without any text is refused with. */
export const noText = () =>
  new SignalhouseError(
    "header_missing",
    "the file has no header row: there is no text in it",
    "Check that the file is a complete export. If it is not, export it again.",
  );

/** The names that a header row has. @throws SignalhouseError header_missing */
export function headerNames(row: Row | Reject | undefined): string[] {
  if (row?.kind === "row") return row.fields;
  throw new SignalhouseError(
    "header_missing",
    `the first row cannot be read as a header: ${row?.reason ?? "there is none"}`,
    "Check that the file is an export of signals as Connect writes it, separated by commas, and that its first row is the header.",
  );
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
