/** The same files by both readers, each into a warehouse of its own. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type FileResult, loadFiles, type Reader, READERS } from "../../pipeline/load/load-files.ts";
import type { Source } from "../../pipeline/load/source.ts";
import { NO_PRIVACY } from "../../schemas/privacy.ts";
import { DATA_TABLES } from "../../sinks/ddl.ts";
import { placeOf } from "../../sinks/places.ts";
import { sealAll } from "../../sinks/seals.ts";
import { verifyTables } from "../../sinks/verify-tables.ts";
import { openWarehouse, type Warehouse } from "../../sinks/warehouse.ts";

/** Of pseudonyms. */
export const KEY = Buffer.alloc(32, "a key");

export const LIMITS = { maxRecordBytes: 1024 * 1024, maxExpansionRatio: 1000, threads: 2 };

const COLUMNS = "signalhouse.schema_changes";

const TABLES = [...Object.keys(DATA_TABLES), ...["loads", "rejects", "drift", "confirmations"].map((name) => `signalhouse.${name}`), COLUMNS];

/** Stretches of so many bytes, all of which DuckDB reads. */
export const sizesOf = (most: number | undefined) => (most === undefined ? {} : { sizes: { rowGroup: most / 3, stretch: most / 2 } });

/** Bytes as they come over a network. */
export async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

/** A file that comes in pieces, so that it has many blocks. */
const sourceOf = (path: string, mtime: number, bytes: Buffer): Source => ({ path, size: bytes.length, mtime, open: () => inPieces(bytes, 500) });

export interface Loaded {
  results: FileResult[];
  /** What is not right by itself, and the rows of every table. */
  tables: Record<string, unknown>;
  /** By load: how many records were read one by one. */
  rowPathRecords: number[];
}

export class BothReaders {
  readonly #warehouses: ReadonlyMap<Reader, Warehouse>;

  private constructor(warehouses: ReadonlyMap<Reader, Warehouse>) {
    this.#warehouses = warehouses;
  }

  /** Opens both warehouses, in memory. The caller closes them. */
  static async open(): Promise<BothReaders> {
    const warehouses = new Map<Reader, Warehouse>();
    for (const reader of READERS) warehouses.set(reader, await openWarehouse(placeOf(":memory:"), { threads: 1 }));
    return new BothReaders(warehouses);
  }

  /** What the vector reader loads into. */
  get vector(): Warehouse {
    return this.#warehouses.get("vector") as Warehouse;
  }

  /** How many contact columns they have. */
  get contactColumns(): number {
    return this.vector.contactColumns.length;
  }

  /** Loads files into a reader's warehouse without rows: everything that is in it then. @param most bytes of two stretches */
  async load(reader: Reader, files: readonly Buffer[], most?: number, threads = 2, privacy = NO_PRIVACY): Promise<Loaded> {
    const warehouse: Warehouse = { ...(this.#warehouses.get(reader) as Warehouse), privacy, privacyKey: async () => KEY };
    const { connection } = warehouse;
    await connection.run("UPDATE signalhouse.meta SET privacy = NULL");
    // The contact columns stay, and what is known of them: the same in both warehouses.
    for (const table of TABLES) if (table !== COLUMNS) await connection.run(`DELETE FROM ${table}`);
    // Loads are numbered from 1 again.
    await connection.run(`UPDATE ${COLUMNS} SET load_id = NULL`);
    await sealAll(connection);
    const { signal } = new AbortController();
    const sources = files.map((file, number) => sourceOf(`${number}.csv`, number * 1000, file));
    const results = await loadFiles(sources, { warehouse, limits: { ...LIMITS, threads }, runId: null, signal, reader, ...sizesOf(most) });
    const tables = await tablesOf(warehouse);
    const counts = await rows<{ n: bigint | null }>(connection, "SELECT row_path_records AS n FROM signalhouse.loads ORDER BY load_id");
    return { results, tables, rowPathRecords: counts.map(({ n }) => Number(n)) };
  }

  close(): void {
    for (const warehouse of this.#warehouses.values()) warehouse.close();
  }
}

/** What is not right by itself, and the rows of every table. */
export async function tablesOf({ connection }: Pick<Warehouse, "connection">): Promise<Record<string, unknown>> {
  const broken = (await verifyTables(connection)).filter(({ ok }) => !ok);
  const tables: Record<string, unknown> = { broken };
  for (const table of TABLES) {
    tables[table] = await rows(
      connection,
      `SELECT COLUMNS(name -> name NOT IN ('started_at', 'finished_at', 'row_path_records', 'changed_at')) FROM ${table} ORDER BY ALL`,
    );
  }
  return tables;
}

async function rows<T>(connection: DuckDBConnection, sql: string): Promise<T[]> {
  return (await connection.runAndReadAll(sql)).getRowObjects() as T[];
}
