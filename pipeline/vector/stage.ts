/** The vector path: plain records are written by DuckDB, many at once; what is in doubt goes the way of the row path. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { SignalhouseError } from "../../schemas/errors.ts";
import type { Header } from "../../schemas/header.ts";
import { TABLES } from "../../schemas/tables.ts";
import { interruptible } from "../../sinks/interrupt.ts";
import { NotPlain } from "../../sinks/vector/not-plain.ts";
import { setForWriting } from "../../sinks/vector/settings.ts";
import { countDrift } from "../../sinks/vector/write.ts";
import type { Staging } from "../../sinks/staging.ts";
import { Marker } from "../../transforms/marker.ts";
import { Router } from "../../transforms/route.ts";
import { type ReadOptions, sectionsOf } from "../../transforms/sections.ts";
import type { Spool } from "./spool.ts";
import { Stretch } from "./stretch.ts";
import { Writer, type WriterOptions } from "./writer.ts";

/** How long stretches are. */
export interface Sizes {
  /** Bytes whose columns are held in memory, and become a file with one row group. */
  rowGroup: number;
  /** Bytes that DuckDB writes in one go: each of its threads is to fill row groups of its own. */
  stretch: number;
}
const MIB = 1024 * 1024;
const SIZES: Sizes = { rowGroup: 8 * MIB, stretch: 256 * MIB };

/** Where records are left, their places are held in memory: lines of a byte are many. */
const MOST_RECORDS = 500_000;

export interface VectorOptions extends ReadOptions, WriterOptions {
  spool: Spool;
  /** Memory that DuckDB may use; undefined: its default. */
  memory: string | undefined;
  /** A further connection to the warehouse; whoever asks for it disconnects it. */
  connect: () => Promise<DuckDBConnection>;
  /** Whether the source cannot be read again, record by record. */
  once: boolean;
  /** Settles when the load before is over, so that this one's transaction can be opened. */
  before: Promise<void>;
  /** A test may want small ones. */
  sizes?: Sizes;
}

/**
 * Reads a file into staging and the tables: a stretch is written while the next one is read.
 * Memory: a few blocks, the columns of some 8 MiB, and what DuckDB's limit allows; on the spool three stretches, as columns.
 * @returns how many records went the way of the row path
 * @throws SignalhouseError as readRecords; errors of the source and of DuckDB as they are
 */
export async function stageStretches(source: AsyncIterable<Uint8Array>, options: VectorOptions): Promise<number> {
  const { signal, sizes = SIZES, spool, load, threads, memory, once, connect } = options;
  const writer = new Writer(options);
  let setBack: (() => Promise<void>) | undefined;
  const marker = new Marker();
  let inForce: Header | undefined;
  let router: Router | undefined;
  let stretch: Stretch | undefined;
  /** Of the first stretch less is enough: nobody has anything to do before it is there. */
  let enough = sizes.rowGroup * 2;
  const handOver = () => {
    if (!stretch || !inForce) return;
    stretch.finish();
    writer.write(stretch, inForce);
    stretch = undefined;
    enough = Math.min(enough * 2, sizes.stretch);
  };
  try {
    for await (const { header, before, piece } of sectionsOf(source, options)) {
      signal.throwIfAborted();
      await writer.check();
      if (header !== inForce) {
        if (!inForce) {
          await options.before;
          await load.begin(header, true);
          // Not before: the load before may have been merging.
          setBack = await setForWriting(connect, { threads, memory: once ? undefined : memory });
        } else {
          handOver();
          await writer.settled();
          assertRoom(load.staging, header, before, once);
          await load.extend(header, before);
        }
        router = routerOf(header);
        inForce = header;
      }
      if (!piece) continue;
      stretch ??= new Stretch({ spool, router, marker, rowGroupBytes: sizes.rowGroup });
      if (piece.kind === "block") stretch.add(piece, before);
      else stretch.addBroken(piece, before);
      if (stretch.bytes < enough && stretch.records < MOST_RECORDS) continue;
      await writer.room();
      handOver();
    }
    handOver();
    const others = await writer.end();
    await interruptible(load.staging.connection, signal, () => countDrift(load, once));
    return others;
  } finally {
    await Promise.allSettled([writer.close(), stretch?.close()]);
    await setBack?.();
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

/** What sends the records of files with this header to their tables; undefined where no record can be told at a glance. */
function routerOf(header: Header): Router | undefined {
  const type = header.positions.get("SIGNAL_TYPE");
  return type === undefined ? undefined : new Router(header, type, TABLES);
}
