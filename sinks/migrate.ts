/** Bringing a warehouse to the schema that this version of signalhouse knows. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { SignalhouseError } from "../schemas/errors.ts";
import type { MartWishes } from "../schemas/marts.ts";
import { quoteIdentifier as id } from "../schemas/names.ts";
import { TABLES } from "../schemas/tables.ts";
import { createTablesSql } from "./ddl.ts";
import { countItems, forgetLaterCopies } from "./ledger.ts";
import { isWhole, missingParts } from "./missing-parts.ts";
import { type ContentKey, fillKeyHashSql, markTests, rekey, renameTypes } from "./rekey.ts";
import type { Place } from "./place.ts";
import { onlyRow, rows } from "./sql.ts";
import { sealAll, sealsAreCurrent } from "./seals.ts";
import { inTransaction } from "./transaction.ts";
import { makeViews, viewsAreCurrent } from "./make-views.ts";
import { fillWhereEmpty } from "./keep-marts.ts";
import { type KeysInEffect, keysInEffect } from "./mart-settings.ts";

/** What a migration needs of its caller. */
export interface MigrationOptions {
  contentKey: ContentKey;
  /** Called before rows of an existing warehouse are written anew: that may take a while. */
  onBegin?: ((migrating: Migrating) => void) | undefined;
  /** Called before the tables of marts are filled with what all signals say: that may take a while, too. */
  onFill?: ((filling: Filling) => void) | undefined;
  /** What the configuration says of the marts. */
  marts?: MartWishes;
}

/** What is about to be written anew. */
export interface Migrating {
  /** How many signals the warehouse has. */
  signals: number;
  /** Bytes of the warehouse now. */
  size: number;
  /** Bytes that it may take beside these until it is done, and bytes that are free; undefined where that cannot be told. */
  needed: number;
  free: number | undefined;
}

/** What marts are filled with, and what for. */
export interface Filling {
  /** How many signals the warehouse has. */
  signals: number;
  /** The keys by which contacts are told apart from here on. */
  keys: KeysInEffect;
  /** Those by which they were until now; undefined where there were no marts. */
  keysBefore: readonly string[] | undefined;
}

/** One step from a schema version to the next, for what adding tables and columns cannot do. All tables and columns of today are there. */
export type Migration = (connection: DuckDBConnection, options: MigrationOptions) => Promise<void>;

/** The step at index n leads from version n + 1 to n + 2. Tables, columns and views that are merely new need no step. */
export const MIGRATIONS: readonly Migration[] = [
  // A signal is its type and its key, wherever and whenever it stands; the ledger counts items.
  async (connection, { contentKey }) => {
    await countItems(connection);
    await renameTypes(connection);
    await markTests(connection);
    await rekey(connection, contentKey);
    await forgetLaterCopies(connection);
  },
];

/**
 * Creates what a new warehouse lacks, or migrates an older one, in one transaction. A warehouse that is up to date is not written to.
 * @param place where it is
 * @param writtenBy the version of signalhouse, kept for whoever opens the file later
 * @throws SignalhouseError warehouse_newer where a newer signalhouse wrote it; disk_full where there is no room for rows that are written anew
 */
export async function prepareSchema(
  connection: DuckDBConnection,
  place: Pick<Place, "name" | "size" | "room">,
  writtenBy: string,
  options: MigrationOptions,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  const target = migrations.length + 1;
  const version = await schemaVersion(connection);
  assertNotNewer(version, target);
  if (
    version === target &&
    isWhole(await missingParts(connection)) &&
    (await viewsAreCurrent(connection, options.marts)) &&
    (await sealsAreCurrent(connection))
  )
    return;
  const steps = version === undefined ? [] : migrations.slice(version - 1);
  const signals = steps.length > 0 ? await signalCount(connection) : 0;
  if (signals > 0) {
    const migrating = await migratingOf(place, signals);
    options.onBegin?.(migrating);
  }

  await inTransaction(connection, async () => {
    for (const sql of createTablesSql()) await connection.run(sql);
    const { columns } = await missingParts(connection);
    for (const { table, column, type } of columns) await connection.run(`ALTER TABLE ${table} ADD COLUMN ${id(column)} ${type}`);
    for (const table of TABLES) {
      if (columns.some((missing) => missing.table === `main.${table}` && missing.column === "key_hash")) await connection.run(fillKeyHashSql(table));
    }
    for (const step of steps) await step(connection, options);
    await connection.run(version === undefined ? FIRST_META : NEXT_META, [target, writtenBy]);
    const { isEmptied, keysBefore } = await makeViews(connection, options.marts);
    if (isEmptied && options.onFill) await tellFilling(connection, options.onFill, keysBefore);
    await fillWhereEmpty(connection);
    if (steps.length > 0 || !(await sealsAreCurrent(connection))) await sealAll(connection);
  });
}

/** @throws SignalhouseError disk_full */
async function migratingOf(place: Pick<Place, "name" | "size" | "room">, signals: number): Promise<Migrating> {
  const [size, free] = [await place.size(), await place.room()];
  // A warehouse of 200,000 signals, of 37 MB, took 27 MB beside these, with its marts. Should another one take more, it is left as it was.
  const needed = size;
  if (free === undefined || free > needed) return { signals, size, needed, free };
  throw new SignalhouseError(
    "disk_full",
    `${place.name} is of an older version: to write its ${signals} signals anew may take ${needed} bytes beside the ${size} that it has, and ${free} are free`,
    "Nothing was changed. Free some room on its disk, and run the same command again.",
  );
}

async function tellFilling(
  connection: DuckDBConnection,
  onFill: (filling: Filling) => void,
  keysBefore: readonly string[] | undefined,
): Promise<void> {
  const signals = await signalCount(connection);
  if (signals > 0) onFill({ signals, keys: await keysInEffect(connection), keysBefore });
}

const FIRST_META = "INSERT INTO signalhouse.meta BY NAME SELECT $1::INTEGER AS schema_version, $2 AS written_by, now() AS changed_at";
const NEXT_META = "UPDATE signalhouse.meta SET schema_version = $1, written_by = $2, changed_at = now()";

/** @throws SignalhouseError warehouse_newer where a warehouse's schema version is beyond this one's */
export function assertNotNewer(version: number | undefined, target: number): void {
  if (version === undefined || version <= target) return;
  throw new SignalhouseError(
    "warehouse_newer",
    `the warehouse has schema version ${version}; this signalhouse knows versions up to ${target}`,
    "Upgrade signalhouse, or use another warehouse.",
  );
}

async function signalCount(connection: DuckDBConnection): Promise<number> {
  const { n } = await onlyRow<{ n: bigint }>(
    connection,
    "SELECT (SELECT count(*) FROM marketing_signals) + (SELECT count(*) FROM behavior_signals) AS n",
  );
  return Number(n);
}

/**
 * Makes sure that a warehouse that is only read has all that this version asks of it: its schema version, its tables and their columns. Views that an older version has
 * made are no reason to refuse: they are as good as they were.
 * @param options.exceptParts whether tables and columns may be missing, for whoever tells of these himself. What this version keeps of itself in signalhouse.meta must be there: where it is not, an older one wrote the warehouse
 * @param options.version its schema version, where that is known
 * @throws SignalhouseError warehouse_older, warehouse_newer
 */
export async function assertCurrent(
  connection: DuckDBConnection,
  path: string,
  { exceptParts = false, version: known }: { exceptParts?: boolean; version?: number } = {},
): Promise<void> {
  const target = MIGRATIONS.length + 1;
  const version = known ?? (await schemaVersion(connection));
  assertNotNewer(version, target);
  const { tables, columns } = await missingParts(connection);
  // Nobody reads signalhouse.meta but who writes.
  const isExcepted = exceptParts && version === target;
  const asked = columns.filter(({ table }) => (table === "signalhouse.meta") === isExcepted);
  const lacking = [...(exceptParts ? [] : tables), ...asked.map(({ table, column }) => `${table}.${column}`)];
  if (version === target && lacking.length === 0) return;
  const what = lacking.length === 0 ? "what this one asks of it" : `${lacking[0]}${lacking.length > 1 ? ` and ${lacking.length - 1} more` : ""}`;
  throw new SignalhouseError(
    "warehouse_older",
    `${path} was written by an older signalhouse, and lacks ${what}`,
    "Run `signalhouse sync`, or any other command that writes: it adds what is missing. Nothing is lost, unless somebody has dropped a table: see `signalhouse verify`.",
  );
}

/**
 * The schema version of a warehouse; undefined where the file is not one yet.
 * @throws SignalhouseError warehouse_failed where somebody has taken out what says so: to take the warehouse for a new one would hide that
 */
export async function schemaVersion(connection: DuckDBConnection): Promise<number | undefined> {
  const tables = await rows<{ name: string }>(
    connection,
    "SELECT table_name AS name FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'signalhouse'",
  );
  if (tables.length === 0) return undefined;
  const hasMeta = tables.some(({ name }) => name === "meta");
  const [meta] = hasMeta ? await rows<{ schema_version: number }>(connection, "SELECT schema_version FROM signalhouse.meta") : [];
  if (meta) return meta.schema_version;
  throw new SignalhouseError(
    "warehouse_failed",
    `${hasMeta ? "signalhouse.meta has no row" : "signalhouse.meta is missing"}, though other tables of the warehouse are there: somebody has taken it out`,
    "Nothing was changed. Take the warehouse back from a copy, or load all files into a new one.",
  );
}
