/** The vector path: DuckDB reads long runs of plain records; what is in doubt goes the way of the row path. */
import type { ContactColumn, Header } from "../../schemas/header.ts";
import type { Reject } from "../../schemas/record.ts";
import type { Staging } from "../../sinks/staging.ts";
import { type Projection, projectionOf } from "../../sinks/vector/projection.ts";
import { readHeader } from "../../transforms/header.ts";
import { expandRows, headerNames, noText, type ReadOptions } from "../../transforms/records.ts";
import { type Row, rowsOf } from "../../transforms/rows.ts";
import { type Run, runsOf } from "../../transforms/runs.ts";
import { type Block, type Broken, firstOf, recordsOf } from "../../transforms/split.ts";
import { unzip } from "../../transforms/unzip.ts";
import type { Spool } from "./spool.ts";

/** Bytes of a run: enough for DuckDB to be quick, few enough to hold two of them. */
const RUN_BYTES = 8 * 1024 * 1024;

export interface VectorOptions extends ReadOptions {
  staging: Staging;
  spool: Spool;
  signal: AbortSignal;
  /** Takes the header's new contact columns. */
  onHeader: (added: readonly ContactColumn[]) => void;
  /** Called after each run. */
  onStaged: () => void;
  /** Bytes of a run; a test may want short ones. */
  runBytes?: number;
}

/**
 * Reads a file into staging: one run is staged while the next one is read. Memory: two runs, and what DuckDB's limit allows.
 * @returns how many records went the way of the row path
 * @throws SignalhouseError as readRecords; errors of the source and of DuckDB as they are
 */
export async function stageFile(source: AsyncIterable<Uint8Array>, options: VectorOptions): Promise<number> {
  const { staging, maxRecordBytes, maxExpansionRatio, signal, onStaged, runBytes = RUN_BYTES } = options;
  let place: Place | undefined;
  let behind: Promise<void> = Promise.resolve();
  let before = 0;
  let byRow = 0;
  try {
    for await (const piece of runsOf(unzip(source, maxExpansionRatio), maxRecordBytes, runBytes)) {
      await behind;
      signal.throwIfAborted();
      let left: Run | Broken | undefined = piece;
      if (!place) {
        const { first, rest } = takeFirst(piece);
        const header = readHeader(headerNames(rowsOf(first, 1, maxRecordBytes)[0]), options.contactColumns);
        options.onHeader(header.added);
        await staging.begin(header);
        place = { ...options, header, projection: projectionOf(header) };
        left = rest;
      }
      if (!left) continue;
      behind = stagePiece(place, left, before).then((count) => {
        byRow += count;
        onStaged();
      });
      // It is awaited below or in the next round; without this a failure in between would count as unhandled.
      behind.catch(() => undefined);
      before += left.kind === "run" ? left.records : 1;
    }
    await behind;
  } finally {
    await behind.catch(() => undefined);
  }
  if (!place) throw noText();
  return byRow;
}

/** The header row, and what comes behind it. */
function takeFirst(piece: Run | Broken): { first: Block | Broken; rest: Run | undefined } {
  if (piece.kind === "broken") return { first: piece, rest: undefined };
  const [block, ...blocks] = piece.blocks as [Block, ...Block[]];
  const { first, rest } = firstOf(block);
  const records = piece.records - 1;
  return { first, rest: records === 0 ? undefined : { ...piece, blocks: [rest, ...blocks], records } };
}

interface Place extends VectorOptions {
  header: Header;
  projection: Projection | undefined;
}

/** @returns how many of its records went the way of the row path */
async function stagePiece(place: Place, piece: Run | Broken, before: number): Promise<number> {
  const rows = await rowsInDoubt(place, piece, before);
  place.staging.append(await expandRows(rows, place.header));
  return rows.length;
}

async function rowsInDoubt({ projection, staging, spool, maxRecordBytes }: Place, piece: Run | Broken, before: number): Promise<(Row | Reject)[]> {
  if (piece.kind === "broken") return rowsOf(piece, before + 1, maxRecordBytes);
  const doubted =
    projection && piece.isPlain ? await spool.with(piece, (file) => staging.project(projection, file, before, piece.records)) : undefined;
  const all = doubted === undefined;
  const wanted = new Set(doubted);
  const rows: (Row | Reject)[] = [];
  let number = 0;
  for (const block of piece.blocks) {
    if (all) rows.push(...rowsOf(block, before + number + 1, maxRecordBytes));
    else {
      recordsOf(block).forEach((bytes, index) => {
        const n = number + index + 1;
        if (wanted.has(n)) rows.push(...rowsOf({ kind: "block", bytes, records: 1 }, before + n, maxRecordBytes));
      });
    }
    number += block.records;
  }
  return rows;
}
