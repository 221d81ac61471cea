/** The vector path: DuckDB reads long runs of plain records; what is in doubt goes the way of the row path. */
import { rm } from "node:fs/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Header } from "../../schemas/header.ts";
import type { Reject, SignalRecord } from "../../schemas/record.ts";
import type { Table } from "../../schemas/signal-types.ts";
import { SIGNAL_TABLES } from "../../schemas/tables.ts";
import type { Staging } from "../../sinks/staging.ts";
import { Lane, type ProjectedPart } from "../../sinks/vector/lane.ts";
import { type Projection, projectionOf } from "../../sinks/vector/projection.ts";
import { readHeader } from "../../transforms/header.ts";
import { expandRows, headerNames, noText, type ReadOptions } from "../../transforms/records.ts";
import { pickRows, type Row, rowsOf } from "../../transforms/rows.ts";
import { type Part, Router } from "../../transforms/route.ts";
import { type Run, runsOf } from "../../transforms/runs.ts";
import { type Block, type Broken, firstOf } from "../../transforms/split.ts";
import { unzip } from "../../transforms/unzip.ts";
import type { Spool } from "./spool.ts";

/** Bytes of a run: enough for DuckDB to be quick, few enough to hold several of them. */
const RUN_BYTES = 32 * 1024 * 1024;

/** Pieces that are read, or being read, before they are staged: DuckDB takes a second or two to write a full row group, and the lanes go on meanwhile. */
const AHEAD = 8;

export interface VectorOptions extends ReadOptions {
  staging: Staging;
  spool: Spool;
  /** How many runs are projected at a time, each by a connection of its own. */
  lanes: number;
  /** A further connection to the warehouse; whoever asks for it disconnects it. */
  connect: () => Promise<DuckDBConnection>;
  signal: AbortSignal;
  /** Takes the header, and begins the load and its staging. */
  begin: (header: Header) => Promise<void>;
  /** Called after each run. */
  onStaged: () => void;
  /** Bytes of a run; a test may want short ones, and then DuckDB reads runs of few records too. */
  runBytes?: number;
}

/**
 * Reads a file into staging and the tables: some runs are projected while the next one is read and the one before is written.
 * Memory: a run a lane and two more, what DuckDB's limit allows, and on the spool some runs' rows.
 * @returns how many records went the way of the row path
 * @throws SignalhouseError as readRecords; errors of the source and of DuckDB as they are
 */
export async function stageRuns(source: AsyncIterable<Uint8Array>, options: VectorOptions): Promise<number> {
  const { maxRecordBytes, maxExpansionRatio, signal, runBytes = RUN_BYTES } = options;
  const lanes: Lane[] = [];
  /** The pieces that are under way, the oldest first; each settles when it and all before it are staged, with how many records went the way of the row path. */
  const under: Promise<number>[] = [Promise.resolve(0)];
  let place: Place | undefined;
  let before = 0;
  try {
    while (lanes.length < options.lanes) lanes.push(new Lane(await options.connect()));
    for await (const piece of runsOf(unzip(source, maxExpansionRatio), maxRecordBytes, runBytes)) {
      signal.throwIfAborted();
      let left: Run | Broken | undefined = piece;
      if (!place) {
        const { first, rest } = takeFirst(piece);
        const header = readHeader(headerNames(rowsOf(first, 1, maxRecordBytes)[0]), options.contactColumns);
        await options.begin(header);
        place = { ...options, header, ...ways(header) };
        left = rest;
      }
      if (!left) continue;
      const lane = lanes.shift() as Lane;
      lanes.push(lane);
      await lane.isFree;
      if (under.length > AHEAD) await under.shift();
      const staged = stagePiece(place, readPiece(place, lane, left, before), under.at(-1) as Promise<number>);
      // It is awaited later; without this a failure in between would count as unhandled.
      staged.catch(() => undefined);
      under.push(staged);
      // Nothing is gained by reading on while records are read one by one.
      if (!isForDuckdb(place, left)) await staged;
      before += left.kind === "run" ? left.records : 1;
    }
    if (!place) throw noText();
    return await (under.at(-1) as Promise<number>);
  } finally {
    await Promise.allSettled(under);
    await Promise.all(lanes.map((lane) => lane.close()));
  }
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
  /** Absent where no record can be told at a glance. */
  router?: Router;
  projections: ReadonlyMap<Table, Projection>;
}

/** How records with this header are read by DuckDB. */
function ways(header: Header): Pick<Place, "router" | "projections"> {
  const projections = new Map<Table, Projection>();
  const type = header.positions.get("SIGNAL_TYPE");
  if (type === undefined) return { projections };
  const router = new Router(header, type);
  for (const table of Object.keys(SIGNAL_TABLES) as Table[]) {
    const projection = projectionOf(table, header, router.columns(table));
    if (projection) projections.set(table, projection);
  }
  return { router, projections };
}

/** What a piece holds: the plain rows of its parts, in files that are there until it is closed, and its other records, a few at a time. */
interface PieceRead {
  parts: readonly ProjectedPart[];
  others: () => AsyncIterable<readonly (SignalRecord | Reject)[]>;
  close: () => Promise<void>;
}

/** Stages a piece after those before it. @param earlier settles when they are @returns how many records went the way of the row path so far */
async function stagePiece({ staging, signal, onStaged }: Place, reading: Promise<PieceRead>, earlier: Promise<number>): Promise<number> {
  const { parts, others, close } = await reading;
  try {
    let count = await earlier;
    for (const part of parts) {
      signal.throwIfAborted();
      await staging.take(part);
    }
    for await (const records of others()) {
      signal.throwIfAborted();
      staging.append(records);
      count += records.length;
    }
    onStaged();
    return count;
  } finally {
    await close();
  }
}

/** Reads a piece. What it gives does not hold the piece's bytes, unless many of its records are in doubt. @param before how many records of the file come before it */
async function readPiece(place: Place, lane: Lane, piece: Run | Broken, before: number): Promise<PieceRead> {
  const { router, maxRecordBytes, header } = place;
  if (!router || !isForDuckdb(place, piece)) {
    const blocks = piece.kind === "broken" ? [piece] : piece.blocks;
    const others = async function* () {
      let next = before + 1;
      for (const block of blocks) {
        const rows = rowsOf(block, next, maxRecordBytes);
        next += rows.length;
        yield expandRows(rows, header);
      }
    };
    return { parts: [], others, close: async () => undefined };
  }
  const { parts, left } = router.route(piece, before);
  const under: Under[] = [];
  const close = closing(under);
  try {
    // All parts are spooled at once: the next run uses their memory.
    for (const part of parts) under.push(beginPart(place, lane, part, before));
    const done = await Promise.all(under.map(({ projected }) => projected));
    const doubted = done.flatMap((part, index) => part?.doubted.map((recordNo) => recordNo - before) ?? (parts[index] as Part).numbers);
    const numbers = [...left, ...doubted].sort((a, b) => a - b);
    const others = numbers.length > SOME ? inSlices(place, piece, before, numbers) : only(await expandRows(rowsAt(piece, before, numbers), header));
    return { parts: done.filter((part) => part !== undefined), others, close };
  } catch (error) {
    await close();
    throw error;
  }
}

// What is handed on is made out here: a function that is made where the piece is known would keep it.
const only = (records: readonly (SignalRecord | Reject)[]) =>
  async function* () {
    yield records;
  };

const inSlices = ({ header }: Place, piece: Run, before: number, numbers: readonly number[]) =>
  async function* () {
    for (let from = 0; from < numbers.length; from += SOME) yield expandRows(rowsAt(piece, before, numbers.slice(from, from + SOME)), header);
  };

/** The parts' files go. */
const closing = (under: readonly Under[]) => async () => void (await Promise.all(under.map((part) => part.close())));
type Under = ReturnType<typeof beginPart>;

/** So many records are held expanded while their piece waits for its turn. */
const SOME = 2000;

/** Fewer records than this are read one by one before DuckDB has planned its queries. */
const FEW = 300;

/** Whether DuckDB is to read a piece. */
const isForDuckdb = ({ router, runBytes }: Place, piece: Run | Broken): piece is Run =>
  router !== undefined && piece.kind === "run" && piece.isPlain && (runBytes !== undefined || piece.records >= FEW);

/** Spools a part and has a lane project it: undefined where DuckDB does not read it. Its files are there until it is closed. */
function beginPart({ projections, spool }: Place, lane: Lane, { table, bytes, numbers }: Part, before: number) {
  const projection = projections.get(table);
  const spooled = spool.put(bytes);
  const projected = projection
    ? lane.project({ projection, file: spooled.file, recordNos: numbers.map((n) => before + n) })
    : Promise.resolve(undefined);
  // The text has been read then. That it cannot be removed yet is no failure: close() removes all.
  const read = projected.then(
    () => rm(spooled.file, { force: true }),
    () => undefined,
  );
  return { projected, close: async () => read.then(() => spooled.close()) };
}

/** Some rows of a run. @param numbers which, from 1, in order */
function rowsAt({ blocks }: Run, before: number, numbers: readonly number[]): Row[] {
  let last = 0;
  let next = 0;
  return blocks.flatMap((block) => {
    const first = last;
    const start = next;
    last += block.records;
    while ((numbers[next] ?? Infinity) <= last) next += 1;
    const indexes = numbers.slice(start, next).map((n) => n - first - 1);
    return pickRows(block, indexes, before + first + 1);
  });
}
