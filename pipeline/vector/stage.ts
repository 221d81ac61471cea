/** The vector path: DuckDB reads long stretches of plain records; what is in doubt goes the way of the row path. */
import { SignalhouseError } from "../../schemas/errors.ts";
import type { Header } from "../../schemas/header.ts";
import type { Table } from "../../schemas/signal-types.ts";
import { TABLES } from "../../schemas/tables.ts";
import { interruptible } from "../../sinks/interrupt.ts";
import { useLessMemory } from "../../sinks/vector/memory.ts";
import { type Projection, projectionOf } from "../../sinks/vector/projection.ts";
import { NotPlain } from "../../sinks/vector/not-plain.ts";
import { countDrift } from "../../sinks/vector/write.ts";
import type { Staging } from "../../sinks/staging.ts";
import { Marker } from "../../transforms/marker.ts";
import { placesIn, Router } from "../../transforms/route.ts";
import { type ReadOptions, sectionsOf } from "../../transforms/sections.ts";
import type { Spool } from "./spool.ts";
import { Stretch } from "./stretch.ts";
import { type Ways, Writer, type WriterOptions } from "./writer.ts";

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

export interface VectorOptions extends ReadOptions, WriterOptions {
  spool: Spool;
  /** Memory that DuckDB may use; undefined: its default. */
  memory: string | undefined;
  /** Whether the source cannot be read again, record by record. */
  once: boolean;
  /** Settles when the load before is over, so that this one's transaction can be opened. */
  before: Promise<void>;
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
  const { signal, sizes = SIZES, spool, load, memory, once } = options;
  const writer = new Writer(options);
  let giveBack: (() => Promise<void>) | undefined;
  const marker = new Marker();
  let ways: RoutedWays | undefined;
  let stretch: Stretch | undefined;
  /** Of the first stretch less is enough: nobody has anything to do before it is there. */
  let enough = sizes.rowGroup;
  const handOver = (at: Ways) => {
    if (!stretch) return;
    stretch.finish();
    writer.write(stretch, stretch.records >= sizes.few, at);
    stretch = undefined;
    enough = sizes.stretch;
  };
  try {
    await writer.begin();
    for await (const { header, before, piece } of sectionsOf(source, options)) {
      signal.throwIfAborted();
      await writer.core();
      if (!ways) {
        await options.before;
        await load.begin(header, true);
        // Not before: the load before may have been merging.
        if (memory !== undefined && !once) giveBack = await useLessMemory(options.connect, memory);
        ways = waysOf(header);
      } else if (ways.header !== header) {
        handOver(ways);
        await writer.settled();
        assertRoom(load.staging, header, before, once);
        await load.extend(header, before);
        ways = waysOf(header);
      }
      if (!piece) continue;
      stretch ??= new Stretch({ spool, router: ways.router, marker, rowGroupBytes: sizes.rowGroup });
      if (piece.kind === "block") stretch.add(piece, before);
      else stretch.addBroken(piece, before);
      if (stretch.bytes < enough && stretch.records < MOST_RECORDS) continue;
      await writer.room();
      handOver(ways);
    }
    if (ways) handOver(ways);
    const others = await writer.end();
    await interruptible(load.staging.connection, signal, () => countDrift(load, once));
    return others;
  } finally {
    await Promise.allSettled([writer.close(), stretch?.close()]);
    await giveBack?.();
  }
}

/**
 * Makes sure that staging has all columns of a later header: DuckDB adds none to tables that the open transaction has written to.
 * @throws NotPlain, which has the file read again record by record; SignalhouseError header_missing where it cannot be read again
 */
function assertRoom(staging: Staging, header: Header, before: number, once: boolean): void {
  const lacking = staging.lacking(header).map(({ header }) => header);
  if (lacking.length === 0) return;
  const what = `a second header row, behind record ${before.toLocaleString("en-US")}, has contact attributes that the first one has not: ${lacking.join(", ")}`;
  if (!once) throw new NotPlain(what);
  throw new SignalhouseError(
    "header_missing",
    what,
    "Nothing was loaded. Load it from a file rather than from standard input, or with --reader row.",
  );
}

interface RoutedWays extends Ways {
  /** Absent where no record can be told at a glance. */
  router?: Router;
}

function waysOf(header: Header): RoutedWays {
  const projections = new Map<Table, Projection>();
  for (const table of TABLES) {
    const projection = projectionOf(table, header, placesIn(table, header.fields));
    if (projection) projections.set(table, projection);
  }
  const type = header.positions.get("SIGNAL_TYPE");
  return { header, projections, ...(type === undefined || projections.size === 0 ? {} : { router: new Router(header, type, projections.keys()) }) };
}
