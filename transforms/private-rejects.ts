/** The same as private-records.ts of the text of a row that could not become a record. */
import type { Header } from "../schemas/header.ts";
import type { Reject } from "../schemas/record.ts";
import type { RejectCode } from "../schemas/reject-codes.ts";
import type { PrivateRecords } from "./private-records.ts";
import { emptied, rowsOf } from "./rows.ts";
import { Splitter } from "./split.ts";

/** Codes of rows whose fields, or content, can be told apart. */
const READABLE: readonly RejectCode[] = ["no_signal_type", "no_timestamp"];

/** A reject as it is kept. */
export type KeptReject = Pick<Reject, "code" | "reason" | "raw" | "raw_bytes">;

/** @param bytes the row as it is kept @returns the reject as it is to be kept */
export async function privateReject(
  { code, reason }: Pick<KeptReject, "code" | "reason">,
  bytes: Buffer,
  header: Header,
  records: PrivateRecords,
  maxRecordBytes: number,
): Promise<KeptReject> {
  if (!READABLE.includes(code)) return emptied({ code, reason });
  const splitter = new Splitter(maxRecordBytes);
  const rewritten: Buffer[] = [];
  for (const pieces of [splitter.push(bytes), splitter.end()]) {
    for (const piece of pieces) {
      const own = await records.rewrite(piece, header, 0);
      const [row] = rowsOf(own, 1, maxRecordBytes);
      if (row?.kind !== "row" || row.marks?.isForgotten || row.fields.length !== header.names.length) return emptied({ code, reason });
      rewritten.push(Buffer.from(row.bytes()));
    }
  }
  const all = Buffer.concat(rewritten);
  const raw = all.toString("utf8");
  return { code, reason, raw, ...(Buffer.from(raw).equals(all) ? {} : { raw_bytes: Uint8Array.from(all) }) };
}
