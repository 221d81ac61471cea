/** A warehouse in a folder of its own, that is proven by verify after every load. */
import { deepEqual } from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, onTestFinished } from "vitest";
import { type Limits, readConfig } from "../../schemas/config.ts";
import { type FileResult, loadFiles, type LoadContext, type Reader } from "../../pipeline/load/load-files.ts";
import type { Source } from "../../pipeline/load/source.ts";
import { type ReplayedLoad, replayRejects } from "../../pipeline/load/replay.ts";
import { DATA_TABLES } from "../../sinks/ddl.ts";
import { type LoadRow, ledger } from "../../sinks/status.ts";
import { verifyTables } from "../../sinks/verify-tables.ts";
import { placeOf } from "../../sinks/places.ts";
import { openWarehouse, type Warehouse, type WarehouseOptions } from "../../sinks/warehouse.ts";

/** What a query gives: BIGINT, DECIMAL and times as text. */
export type Row = Record<string, unknown>;

const DEFAULT_LIMITS: Limits = readConfig({}, "the defaults").limits;

/**
 * How loads read. By default that is what users have: DuckDB reads files that are not small. `LOAD_READER=vector npm test` has it read small ones too, where a test loads
 * them itself, and `LOAD_READER=row npm test` none.
 */
export const LOAD_READER = process.env["LOAD_READER"] as Reader | undefined;
/** So that small files are not read one by one all the same. */
export const FORCED = LOAD_READER === "vector" ? { sizes: { rowGroup: 16 * 1024, stretch: 48 * 1024 } } : {};

/** An empty folder that is gone when the test is over. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "signalhouse-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export class Scratch {
  readonly path: string;
  warehouse: Warehouse;

  constructor(warehouse: Warehouse) {
    this.path = warehouse.name;
    this.warehouse = warehouse;
  }

  /** Loads files; fails where the ledger cannot be proven afterwards. */
  async load(
    sources: Iterable<Source>,
    { limits, ...context }: Partial<Omit<LoadContext, "limits">> & { limits?: Partial<Limits> } = {},
  ): Promise<FileResult[]> {
    const { signal = new AbortController().signal } = context;
    try {
      return await loadFiles(sources, {
        warehouse: this.warehouse,
        runId: null,
        reader: LOAD_READER,
        ...FORCED,
        ...context,
        signal,
        limits: { ...DEFAULT_LIMITS, ...limits },
      });
    } finally {
      await this.prove();
    }
  }

  /** Replays rejects; fails where the ledger cannot be proven afterwards. */
  async replay(loadId?: bigint): Promise<ReplayedLoad[]> {
    const replayed = await replayRejects({ warehouse: this.warehouse, limits: DEFAULT_LIMITS, ...(loadId === undefined ? {} : { loadId }) });
    await this.prove();
    return replayed;
  }

  /** Every rule of verify about tables holds. */
  async prove(): Promise<void> {
    const broken = (await verifyTables(this.warehouse.connection)).filter(({ ok }) => !ok);
    deepEqual(broken, []);
  }

  async run(sql: string): Promise<void> {
    await this.warehouse.connection.run(sql);
  }

  async rows(sql: string): Promise<Row[]> {
    const result = await this.warehouse.connection.runAndReadAll(sql);
    return result.getRowObjectsJson();
  }

  /** The first column of a query's rows. */
  async values(sql: string): Promise<unknown[]> {
    return (await this.rows(sql)).map((row) => Object.values(row)[0]);
  }

  /** The first value of a query's only row. */
  async value(sql: string): Promise<unknown> {
    const [value, ...more] = await this.values(sql);
    deepEqual(more, []);
    return value;
  }

  ledger(): Promise<LoadRow[]> {
    return ledger(this.warehouse.connection);
  }

  /** A load's counts by path, as numbers. */
  async counts(path: string): Promise<Row> {
    const { records, inserted, updated, unchanged, rejected } = (await this.ledger()).findLast((load) => load.path === path) as LoadRow;
    return Object.fromEntries(Object.entries({ records, inserted, updated, unchanged, rejected }).map(([name, count]) => [name, Number(count)]));
  }

  /** All rows of the data tables, in an order of their own, without `except`. */
  async dump(...except: string[]): Promise<Record<string, Row[]>> {
    // Sorting whole rows, of 20 MB some, is the test's own need: a load has to do with the memory that it was given.
    const memory = await this.value("SELECT current_setting('memory_limit')");
    await this.run("SET memory_limit = '4GB'");
    const tables: Record<string, Row[]> = {};
    for (const table of Object.keys(DATA_TABLES)) {
      const present = await this.values(`SELECT name FROM pragma_table_info('main.${table}')`);
      const without = except.filter((column) => present.includes(column));
      const columns = without.length > 0 ? `* EXCLUDE (${without.join(", ")})` : "*";
      tables[table] = await this.rows(`SELECT ${columns} FROM ${table} ORDER BY ALL`);
    }
    await this.run(`SET memory_limit = '${String(memory)}'`);
    return tables;
  }

  /** Closes the warehouse and opens it anew. */
  async reopen(options: WarehouseOptions = {}): Promise<void> {
    this.warehouse.close();
    this.warehouse = await openWarehouse(placeOf(this.path), { threads: 1, ...options });
  }
}

/** A new warehouse, which is a copy of the one that was made for all tests, or what is at `path`, new or not; it is closed and removed when the test is over. */
export async function scratchWarehouse({ path, ...options }: WarehouseOptions & { path?: string } = {}): Promise<Scratch> {
  const file = path ?? join(scratchFolder(), "signals.duckdb");
  if (path === undefined) copyFileSync(inject("template"), file);
  const scratch = new Scratch(await openWarehouse(placeOf(file), { threads: 1, ...options }));
  onTestFinished(async () => {
    // Nobody reads the file any more: to write into it what stands in its log takes five times as long as to close it.
    await scratch.run("PRAGMA disable_checkpoint_on_shutdown").catch(() => undefined);
    scratch.warehouse.close();
  });
  return scratch;
}

/** A warehouse that the first test which asks for it makes, and of which each has a copy of its own: to load takes a hundred times as long. */
export function madeOnce(make: () => Promise<Scratch>): () => Promise<Scratch> {
  let made: Promise<Buffer> | undefined;
  const makeIt = async () => {
    const { path, warehouse } = await make();
    warehouse.close();
    return readFileSync(path);
  };
  return async () => {
    const bytes = await (made ??= makeIt());
    const path = join(scratchFolder(), "signals.duckdb");
    writeFileSync(path, bytes);
    return scratchWarehouse({ path });
  };
}

/** An export file in memory. */
export function memoryFile(path: string, mtime: number | string, bytes: string | Uint8Array): Source {
  const data = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
  return {
    path,
    size: data.length,
    mtime: typeof mtime === "string" ? Date.parse(mtime) : mtime,
    async *open() {
      yield data;
    },
  };
}

/** CSV text: a header row with every name in `rows`, in the order in which they come, or as `names` says. */
export function csv(
  rows: readonly Readonly<Record<string, string | undefined>>[],
  names = [...new Set(rows.flatMap((row) => Object.keys(row)))],
): string {
  return [names, ...rows.map((row) => names.map((name) => row[name] ?? ""))].map(csvLine).join("");
}

/** A line of CSV, with its end. */
export const csvLine = (fields: readonly string[]): string =>
  `${fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",")}\n`;

/** A page view with this SIGNAL_ID and name. */
export const pageView = (id: string, name = "a page", more: Record<string, string> = {}): Record<string, string> => ({
  SIGNAL_ID: id,
  SIGNAL_TYPE: "pageView",
  CATEGORY: "Behavior",
  SIGNAL_TIMESTAMP: "2025-09-01T10:00:00.000Z",
  NAME: name,
  ...more,
});
