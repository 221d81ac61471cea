/** Long runs of records, for whoever reads many at once. */
import { isUtf8 } from "node:buffer";
import { type Block, type Broken, split } from "./split.ts";

/** Blocks one after the other, without anything broken in between. */
export interface Run {
  kind: "run";
  blocks: Block[];
  bytes: number;
  records: number;
  /** UTF-8 without NUL, and without CR but at the line ends of all records or none. */
  isPlain: boolean;
}

/** The pieces of a file, in order, blocks gathered into runs of about so many bytes. Memory: one run. */
export async function* runsOf(source: AsyncIterable<Uint8Array>, maxRecordBytes: number, runBytes: number): AsyncGenerator<Run | Broken> {
  let run = newRun();
  for await (const piece of split(source, maxRecordBytes)) {
    if (piece.kind === "broken") {
      if (run.records > 0) yield run;
      run = newRun();
      yield piece;
      continue;
    }
    run.blocks.push(piece);
    run.bytes += piece.bytes.length;
    run.records += piece.records;
    run.isPlain &&= isPlain(piece);
    if (run.bytes < runBytes) continue;
    yield run;
    run = newRun();
  }
  if (run.records > 0) yield run;
}

const newRun = (): Run => ({ kind: "run", blocks: [], bytes: 0, records: 0, isPlain: true });

function isPlain({ bytes, starts, fieldEnds, firstFields }: Block): boolean {
  if (bytes.includes(NUL) || !isUtf8(bytes)) return false;
  if (!bytes.includes(CR)) return true;
  let returns = 0;
  for (let at = bytes.indexOf(CR); at !== -1; at = bytes.indexOf(CR, at + 1)) returns += 1;
  // An unquoted last field ends at LF, a quoted one at CR already.
  return returns === starts.length && starts.every((_, index) => isReturn(bytes, fieldEnds[(firstFields[index + 1] as number) - 1] as number));
}

const isReturn = (bytes: Buffer, end: number) => bytes[end] === CR || bytes[end - 1] === CR;
const [CR, NUL] = [0x0d, 0x00];
