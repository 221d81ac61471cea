/** Long runs of records, for whoever reads many at once. */
import { isUtf8 } from "node:buffer";
import { type Block, type Broken, split } from "./split.ts";

/** Blocks one after the other, without anything broken in between. */
export interface Run {
  kind: "run";
  blocks: Block[];
  bytes: number;
  records: number;
  /** UTF-8, with LF alone at the line ends, and no NUL. */
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
    run.isPlain &&= isPlain(piece.bytes);
    if (run.bytes < runBytes) continue;
    yield run;
    run = newRun();
  }
  if (run.records > 0) yield run;
}

const newRun = (): Run => ({ kind: "run", blocks: [], bytes: 0, records: 0, isPlain: true });

const isPlain = (bytes: Buffer) => !bytes.includes(CR) && !bytes.includes(NUL) && isUtf8(bytes);
const [CR, NUL] = [0x0d, 0x00];
