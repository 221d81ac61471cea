/** The vector path: DuckDB reads long stretches of plain records; what is in doubt goes the way of the row path. */
import { availableParallelism } from "node:os";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Header } from "../../schemas/header.ts";
import type { Table } from "../../schemas/signal-types.ts";
import { SIGNAL_TABLES } from "../../schemas/tables.ts";
import { interruptible } from "../../sinks/interrupt.ts";
import { ROOM, type Staging } from "../../sinks/staging.ts";
import { Cores } from "../../sinks/vector/cores.ts";
import { Lanes } from "../../sinks/vector/lanes.ts";
import { type Projection, projectionOf } from "../../sinks/vector/projection.ts";
import { writePlain } from "../../sinks/vector/write.ts";
import { readHeader } from "../../transforms/header.ts";
import { expandRows, headerNames, noText, type ReadOptions } from "../../transforms/records.ts";
import { rowsOf } from "../../transforms/rows.ts";
import { placesIn, Router } from "../../transforms/route.ts";
import { type Block, type Broken, firstOf } from "../../transforms/block.ts";
import { Marker } from "../../transforms/marker.ts";
import { split } from "../../transforms/split.ts";
import { unzip } from "../../transforms/unzip.ts";
import type { Spool } from "./spool.ts";
import { Stretch } from "./stretch.ts";

/** How long stretches are. */
export interface Sizes {
  /** Bytes whose columns are held in memory, and become a file with one row group. */
  rowGroup: number;
  /** Bytes that DuckDB reads in one go. Planning its queries takes a tenth of a second. */
  stretch: number;
  /** Stretches with fewer records than this are read one by one before those queries are planned. */
  few: number;
}
const MIB = 1024 * 1024;
const SIZES: Sizes = { rowGroup: 16 * MIB, stretch: 64 * MIB, few: 1000 };

/** Where records are held in memory, as they start and as they are in doubt: lines of a byte are many. */
const MOST_RECORDS = 500_000;

/** Stretches that are being read or written by DuckDB, or wait for that. */
const AHEAD = 3;

/** The table whose records are dearest to read: lanes read them, the others only in spare time. What lanes do not come to is read by whoever writes it. */
const DEAREST: Table = "behavior_signals";

export interface VectorOptions extends ReadOptions {
  staging: Staging;
  spool: Spool;
  /** Threads of DuckDB: one writes, the others are lanes. */
  threads: number;
  /** A further connection to the warehouse; whoever asks for it disconnects it. */
  connect: () => Promise<DuckDBConnection>;
  signal: AbortSignal;
  /** Takes the header, and begins the load and its staging. */
  begin: (header: Header) => Promise<void>;
  /** Called after each stretch. */
  onStaged: () => void;
  /** A test may want small ones. */
  sizes?: Sizes;
}

/**
 * Reads a file into staging and the tables: a stretch is written while the next one is read.
 * Memory: a few blocks, the columns of some 16 MiB, and what DuckDB's limit allows; on the spool five stretches, as they are, as columns, and as typed rows.
 * @returns how many records went the way of the row path
 * @throws SignalhouseError as readRecords; errors of the source and of DuckDB as they are
 */
export async function stageStretches(source: AsyncIterable<Uint8Array>, options: VectorOptions): Promise<number> {
  const { maxRecordBytes, maxExpansionRatio, signal, sizes = SIZES, spool } = options;
  let place: Place | undefined;
  let stretch: Stretch | undefined;
  const open = new Set<Stretch>();
  const cores = new Cores(availableParallelism());
  const lanes = new Lanes(signal, cores);
  const hasMoreCores = availableParallelism() > options.threads;
  lanes.isSpareTime = hasMoreCores;
  const marker = new Marker();
  /** Settles when all that was handed over is staged, with how many records went the way of the row path. */
  let staged: Promise<number> = Promise.resolve(0);
  const under: Promise<number>[] = [];
  let [waiting, failed] = [0, false];
  const handOver = (work: () => Promise<number>) => {
    waiting += 1;
    staged = staged.then(async (count) => {
      const more = await work();
      waiting -= 1;
      return count + more;
    });
    // It is awaited later; without this a failure in between would count as unhandled.
    staged.catch(() => (failed = true));
    under.push(staged);
  };
  /** Settles when the records of stretches that are written are appended that are read one by one. */
  let appended = Promise.resolve();
  /** Begins to append some, after those before them; where they are few, whoever writes goes on meanwhile. */
  const append = async (areFew: boolean, work: () => Promise<void>) => {
    await appended;
    options.staging.makeRoom();
    appended = work();
    appended.catch(() => (failed = true));
    if (!areFew) await appended;
  };
  const finishStretch = (at: Place) => {
    const done = stretch;
    if (!done) return;
    done.finish();
    stretch = undefined;
    if (done.records >= sizes.few) for (const table of done.parts.keys()) done.readBy(lanes, table, at.projections, table !== DEAREST);
    handOver(async () => {
      const others = await interruptible(options.staging.connection, signal, () => writeStretch(at, done, sizes.few, cores));
      await append(done.isFew(others, ROOM), async () => {
        for (const rows of done.rows(others, maxRecordBytes)) {
          signal.throwIfAborted();
          options.staging.append(await expandRows(rows, at.header));
        }
        await done.close();
        open.delete(done);
        options.onStaged();
      });
      return others.length;
    });
  };
  let before = 0;
  try {
    for (let thread = 1; thread < options.threads; thread += 1) lanes.add(await options.connect());
    for await (const piece of split(unzip(source, maxExpansionRatio), maxRecordBytes)) {
      signal.throwIfAborted();
      if (failed) await Promise.all([staged, appended]);
      let left: Block | Broken | undefined = piece;
      if (!place) {
        const { first, rest } = piece.kind === "broken" ? { first: piece } : firstOf(piece);
        const header = readHeader(headerNames(rowsOf(first, 1, maxRecordBytes)[0]), options.contactColumns);
        await options.begin(header);
        place = { ...options, header, ...ways(header) };
        left = rest;
      }
      if (left?.kind === "block") {
        stretch ??= new Stretch({ spool, router: place.router, marker, rowGroupBytes: sizes.rowGroup });
        open.add(stretch);
        await cores.free();
        stretch.add(left, before);
        before += left.records;
        // Of those that are under way, the oldest may have ended long ago.
        // Nobody has anything to do before the first one is there.
        const enough = under.length === 0 ? sizes.rowGroup : sizes.stretch;
        if (stretch.bytes >= enough || stretch.records >= MOST_RECORDS) {
          lanes.isSpareTime = hasMoreCores || waiting >= AHEAD;
          await under.at(-AHEAD);
          lanes.isSpareTime = hasMoreCores;
          finishStretch(place);
        }
      } else if (left) {
        finishStretch(place);
        const [{ header }, rows] = [place, rowsOf(left, before + 1, maxRecordBytes)];
        handOver(async () => {
          await append(false, async () => options.staging.append(await expandRows(rows, header)));
          return rows.length;
        });
        await staged;
        before += rows.length;
      }
    }
    if (!place) throw noText();
    finishStretch(place);
    lanes.isSpareTime = true;
    const count = await staged;
    await appended;
    return count;
  } finally {
    await Promise.allSettled([staged]);
    await Promise.allSettled([appended]);
    // Those that were handed over behind one that failed, too.
    await Promise.all([...open].map((left) => left.close()));
    await lanes.close();
  }
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
  for (const table of Object.keys(SIGNAL_TABLES) as Table[]) {
    const projection = projectionOf(table, header, placesIn(table, header.fields));
    if (projection) projections.set(table, projection);
  }
  const type = header.positions.get("SIGNAL_TYPE");
  return type === undefined || projections.size === 0 ? { projections } : { projections, router: new Router(header, type, projections.keys()) };
}

/** Writes what is plain in a stretch. @returns the record_no of the others, in order */
async function writeStretch({ staging, projections, signal }: Place, stretch: Stretch, few: number, cores: Cores): Promise<number[]> {
  if (stretch.records < few) return stretch.all;
  const others = [...stretch.left];
  for (const [table, rows] of stretch.parts) {
    signal.throwIfAborted();
    const read = (await stretch.read(table)) ?? { projection: projections.get(table) as Projection, files: rows.files };
    for (const recordNo of await cores.use(() => writePlain(staging, rows, read))) others.push(recordNo);
  }
  return others.sort((a, b) => a - b);
}
