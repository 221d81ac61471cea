/** Taking out of a warehouse what the configuration's privacy lists, as if all had been loaded with it: in the transaction of whoever calls. */
import type { DuckDBBlobValue, DuckDBConnection } from "@duckdb/node-api";
import type { ContactColumn, LaterHeader } from "../../schemas/header.ts";
import { CONTENT_KEY } from "../../schemas/identity.ts";
import { CONTENT_FIELDS } from "../../schemas/content-fields.ts";
import { quoteIdentifier as id, quoteText, snakeCase } from "../../schemas/names.ts";
import { type Fold, foldOf, listedAs, type PrivacySettings } from "../../schemas/privacy.ts";
import type { OrderItem } from "../../schemas/record.ts";
import type { RejectCode } from "../../schemas/reject-codes.ts";
import type { Table } from "../../schemas/signal-types.ts";
import { type Column, ORDER_ITEM_COLUMNS, SIGNAL_TABLES, TABLES } from "../../schemas/tables.ts";
import { contactColumns } from "../contact-columns.ts";
import { fillMarts } from "../fill-marts.ts";
import { bareId, keyHash, mayBeContentKey } from "../identity.ts";
import { keepSettings, keptSettings, martContext } from "../mart-settings.ts";
import { isBehavior } from "../merge-sql.ts";
import { isPseudonymSql, pseudonymSql } from "../pseudonym-sql.ts";
import { contactKeys, keepPrivacy, keptOf, keptPrivacy } from "../privacy.ts";
import { resealing } from "../seals.ts";
import { onlyRow, rows } from "../sql.ts";
import { castSql } from "../staging.ts";
import { HASH, hashedText, signalText, useSuppressedHash } from "../suppress.ts";

/** What of a row may have something listed in it, besides contact columns; see transforms/private-rows.ts. */
interface StoredRow {
  table: Table;
  signal_type: string;
  content: string | null;
  extra: string | null;
  missing: Readonly<Record<string, string>>;
}

/** What it is to have. */
interface PrivateRow {
  content: string | null;
  extra: string | null;
  columns: Readonly<Record<string, unknown>>;
  items: readonly OrderItem[] | undefined;
  contact: Readonly<Record<string, string>>;
}

/** A reject as it is to be. */
interface PrivateReject {
  code: RejectCode;
  reason: string;
  raw: string;
  raw_bytes?: Uint8Array;
}

/** What reads contents and rows: those who store them know nothing of that. */
export interface PrivacyReader {
  /** A content that has none of these, as it is written, has nothing to take out. */
  words: readonly string[];
  /** Undefined where a row is as it is to be. */
  row: (row: StoredRow) => Promise<PrivateRow | undefined>;
  /** @param header the names of the header row that holds for it */
  reject: (reject: Pick<PrivateReject, "code" | "reason">, bytes: Buffer, header: readonly string[]) => Promise<PrivateReject>;
}

/** What was changed, by how many. */
export interface AppliedPrivacy {
  /** Values of contact columns, by column. */
  columns: Record<string, number>;
  /** Signals whose content was changed, by table. */
  contents: Record<string, number>;
  rejects: number;
  /** Rows of reference sets that are forgotten: the next push sends the sets as a whole. */
  referenceSetRows: number;
  /** Signals whose key was made of what they say, and is keyed from here on. */
  keys: number;
}

/** Rows that are looked at in one go: their contents are held in memory. */
const SOME = 2048;

/**
 * Applies settings to all rows. Memory: some rows, the rejects of one load, and DuckDB's limit.
 * @param reader made of the same settings, and contact columns
 */
export const applyPrivacy = (
  connection: DuckDBConnection,
  settings: PrivacySettings,
  secret: Buffer,
  reader: PrivacyReader,
): Promise<AppliedPrivacy> => resealing(connection, () => rewriteAll(connection, settings, secret, reader));

async function rewriteAll(connection: DuckDBConnection, settings: PrivacySettings, secret: Buffer, reader: PrivacyReader): Promise<AppliedPrivacy> {
  const before = await keptPrivacy(connection);
  const keys = await contactKeys(connection);
  const columns = (await contactColumns(connection)).flatMap((column) => {
    const name = Object.keys(settings.columns).find((name) => listedAs(name) === listedAs(column.header));
    return name === undefined ? [] : [{ ...column, action: settings.columns[name], fold: foldOf(column.header, keys) }];
  });
  await useSuppressedHash(connection, secret);
  const contents: Record<string, number> = {};
  for (const table of TABLES) contents[table] = await rewriteRows(connection, table, columns, reader);
  const changed: Record<string, number> = {};
  for (const { column, action, fold } of columns) changed[column] = await rewriteColumn(connection, column, action === "drop" ? undefined : fold);
  const keyed = before ? 0 : await keyContentKeys(connection);
  const rejects = await rewriteRejects(connection, reader);
  const { rowsChanged: referenceSetRows } = await connection.run("DELETE FROM signalhouse.refset_rows");
  await keepPrivacy(connection, keptOf(settings, secret, keys));
  const applied = { columns: changed, contents, rejects, referenceSetRows, keys: keyed };
  if (isAny(applied)) await noteAll(connection);
  return applied;
}

/** Whether anything was changed. */
export const isAny = ({ columns, contents, rejects, referenceSetRows, keys }: AppliedPrivacy): boolean =>
  [...Object.values(columns), ...Object.values(contents), rejects, referenceSetRows, keys].some((count) => count > 0);

type ColumnFold = Exclude<Fold, "look">;

/** @param fold undefined where its values go @returns how many values were changed */
async function rewriteColumn(connection: DuckDBConnection, column: string, fold: ColumnFold | undefined): Promise<number> {
  let changed = 0;
  for (const table of TABLES) {
    const isListed = fold === undefined ? "" : `AND NOT ${isPseudonymSql(id(column))}`;
    const value = fold === undefined ? "NULL" : pseudonymSql(fold, id(column), HASH);
    changed += (await connection.run(`UPDATE ${table} SET ${id(column)} = ${value} WHERE ${id(column)} IS NOT NULL ${isListed}`)).rowsChanged;
  }
  return changed;
}

/** The columns that content fills. */
const CONTENT_COLUMNS: readonly Column[] = SIGNAL_TABLES.behavior_signals.filter(({ name }) =>
  Object.keys(CONTENT_FIELDS).some((field) => snakeCase(field) === name),
);
const ITEM_COLUMNS = ORDER_ITEM_COLUMNS.filter(({ name }) => !["signal_key", "load_id", "occurred_at", "order_id"].includes(name));

interface FoundRow {
  row_id: bigint;
  signal_type: string;
  content: string | null;
  extra: string | null;
  missing: { items: boolean[] };
}

/** Rewrites the contents of a table's rows, and what is made of them. @returns how many rows */
async function rewriteRows(connection: DuckDBConnection, table: Table, columns: readonly ContactColumn[], reader: PrivacyReader): Promise<number> {
  const filled = table === "behavior_signals" ? CONTENT_COLUMNS : [];
  const text = ({ name, kind }: Column) => `${id(name)} ${kind === "json" ? "JSON" : kind === "integer" ? "BIGINT" : "VARCHAR"}`;
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE private_rows (row_id BIGINT, signal_content JSON, extra JSON, ${[...filled.map(text), ...columns.map(({ column }) => `${id(column)} VARCHAR`), "has_items BOOLEAN"].join(", ")})`,
  );
  await connection.run(`CREATE OR REPLACE TEMP TABLE private_items (row_id BIGINT, ${ITEM_COLUMNS.map(text).join(", ")})`);
  const hasWord = reader.words.map((word) => `contains(CAST(signal_content AS VARCHAR), ${quoteText(word)})`);
  const hasHeader = columns.map(
    ({ header, column }) => `(${id(column)} IS NULL AND contains(CAST(extra AS VARCHAR), ${quoteText(JSON.stringify(header))}))`,
  );
  const where = [...hasWord, ...hasHeader].join(" OR ") || "false";
  const missing = columns.map(({ column }) => `${id(column)} IS NULL`);
  const { last } = await onlyRow<{ last: bigint | null }>(connection, `SELECT max(rowid) AS last FROM ${table}`);
  let changed = 0;
  for (let first = 0n; first <= (last ?? -1n); first += BigInt(SOME)) {
    const found = await rows<FoundRow>(
      connection,
      `SELECT rowid AS row_id, signal_type, CAST(signal_content AS VARCHAR) AS content, CAST(extra AS VARCHAR) AS extra, [${missing.join(", ")}]::BOOLEAN[] AS missing
       FROM ${table} WHERE rowid BETWEEN ${first} AND ${first + BigInt(SOME) - 1n} AND (${where})`,
    );
    if (found.length === 0) continue;
    const appender = await connection.createAppender("private_rows", "main", "temp");
    const items = await connection.createAppender("private_items", "main", "temp");
    const append = (to: typeof appender, value: unknown) => {
      if (value === undefined || value === null) to.appendNull();
      else to.appendVarchar(typeof value === "string" ? value : JSON.stringify(value));
    };
    for (const { row_id, signal_type, content, extra, missing } of found) {
      const lacking = Object.fromEntries(columns.flatMap(({ header, column }, index) => (missing.items[index] ? [[header, column]] : [])));
      const made = await reader.row({ table, signal_type, content, extra, missing: lacking });
      if (!made) continue;
      changed += 1;
      appender.appendBigInt(row_id);
      for (const value of [
        made.content,
        made.extra,
        ...filled.map(({ name }) => made.columns[name]),
        ...columns.map(({ column }) => made.contact[column]),
      ])
        append(appender, value);
      appender.appendBoolean(made.items !== undefined);
      appender.endRow();
      for (const item of made.items ?? []) {
        items.appendBigInt(row_id);
        for (const { name, kind } of ITEM_COLUMNS) {
          const value = (item as Record<string, unknown>)[name];
          if (kind === "integer") items.appendBigInt(BigInt(value as number));
          else append(items, value);
        }
        items.endRow();
      }
    }
    appender.closeSync();
    items.closeSync();
  }
  if (changed > 0) await writeRows(connection, table, filled, columns);
  return changed;
}

async function writeRows(connection: DuckDBConnection, table: Table, filled: readonly Column[], columns: readonly ContactColumn[]): Promise<void> {
  if (table === "behavior_signals") await writeItems(connection);
  const set = [
    "signal_content = p.signal_content",
    "extra = p.extra",
    ...filled.map((column) => `${id(column.name)} = ${castSql(column, `p.${id(column.name)}`)}`),
    ...columns.map(({ column }) => `${id(column)} = coalesce(t.${id(column)}, p.${id(column)})`),
  ];
  // Last, as DuckDB gives rows with lists other places.
  await connection.run(`UPDATE ${table} AS t SET ${set.join(", ")} FROM private_rows p WHERE t.rowid = p.row_id`);
}

/** Puts other items in the place of those of orders that were changed. */
async function writeItems(connection: DuckDBConnection): Promise<void> {
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE private_orders AS SELECT p.row_id, b.signal_key, b.load_id, b.occurred_at, p.order_id FROM private_rows p JOIN behavior_signals b ON b.rowid = p.row_id
     WHERE b.signal_type = 'order' AND p.has_items`,
  );
  await connection.run("DELETE FROM order_items WHERE (signal_key, load_id) IN (SELECT (signal_key, load_id) FROM private_orders)");
  const made = ITEM_COLUMNS.map((column) => `${castSql(column, `i.${id(column.name)}`)} AS ${id(column.name)}`);
  await connection.run(
    `INSERT INTO order_items BY NAME SELECT o.signal_key, o.load_id, o.occurred_at, o.order_id, ${made.join(", ")} FROM private_items i JOIN private_orders o USING (row_id)`,
  );
  await connection.run("DROP TABLE private_orders");
}

/** Gives signals without an id the keys that loads give them from here on. @returns how many */
async function keyContentKeys(connection: DuckDBConnection): Promise<number> {
  const isMade = `${mayBeContentKey("t.signal_key")} AND (t.signal_id IS NULL OR ${bareId("t.signal_id")} <> t.signal_key)`;
  const made = TABLES.map(
    (table) => `SELECT ${isBehavior(table)} AS behavior, t.rowid AS row_id, t.signal_type, t.signal_key AS old_key, t.load_id, t.occurred_at,
      ${quoteText(CONTENT_KEY.prefix)} || ${HASH}(${hashedText("signal", "", signalText("t"))}) AS new_key FROM ${table} t WHERE ${isMade}`,
  );
  await connection.run(`CREATE OR REPLACE TEMP TABLE private_keys AS ${made.join(" UNION ALL ")}`);
  const { n } = await onlyRow<{ n: bigint }>(connection, "SELECT count(*) AS n FROM private_keys");
  if (n === 0n) return 0;
  await connection.run(
    `UPDATE order_items SET signal_key = k.new_key FROM private_keys k WHERE k.signal_type = 'order' AND order_items.signal_key = k.old_key AND order_items.load_id = k.load_id`,
  );
  await connection.run(
    "UPDATE signalhouse.confirmations AS c SET signal_key = k.new_key FROM (SELECT DISTINCT signal_type, old_key, new_key FROM private_keys) k WHERE c.signal_key = k.old_key AND c.signal_type = k.signal_type",
  );
  for (const table of TABLES)
    await connection.run(
      `UPDATE ${table} AS t SET signal_key = k.new_key, key_hash = ${keyHash("k.new_key")} FROM private_keys k WHERE k.behavior = ${isBehavior(table)} AND t.rowid = k.row_id`,
    );
  await connection.run("DROP TABLE private_keys");
  return Number(n);
}

interface FoundReject {
  load_id: bigint;
  record_no: bigint;
  code: RejectCode;
  reason: string;
  raw: string;
  raw_bytes: DuckDBBlobValue | null;
}

/** @returns how many were changed */
async function rewriteRejects(connection: DuckDBConnection, reader: PrivacyReader): Promise<number> {
  const loads = await rows<{ load_id: bigint; header: { items: string[] } | null; later_headers: string | null }>(
    connection,
    "SELECT load_id, header, CAST(later_headers AS VARCHAR) AS later_headers FROM signalhouse.loads WHERE load_id IN (SELECT load_id FROM signalhouse.rejects) ORDER BY load_id",
  );
  let changed = 0;
  for (const { load_id, header, later_headers } of loads) {
    const headers = [{ after: 0, names: header?.items ?? [] }, ...(JSON.parse(later_headers ?? "[]") as LaterHeader[])];
    const found = await rows<FoundReject>(connection, "FROM signalhouse.rejects WHERE load_id = $1 ORDER BY record_no", [load_id]);
    for (const { record_no, code, reason, raw, raw_bytes } of found) {
      const bytes = Buffer.from(raw_bytes && raw.includes("\ufffd") ? raw_bytes.bytes : raw);
      const names = headers.findLast(({ after }) => after < record_no)?.names ?? [];
      const made = await reader.reject({ code, reason }, bytes, names);
      const own = made.raw_bytes ? Buffer.from(made.raw_bytes).toString("hex") : null;
      const had = raw_bytes ? Buffer.from(raw_bytes.bytes).toString("hex") : null;
      if (made.raw === raw && made.reason === reason && own === had) continue;
      await connection.run("UPDATE signalhouse.rejects SET reason = $1, raw = $2, raw_bytes = unhex($3) WHERE load_id = $4 AND record_no = $5", [
        made.reason,
        made.raw,
        own,
        load_id,
        record_no,
      ]);
      changed += 1;
    }
  }
  return changed;
}

/** What everybody who follows the warehouse is to know: each month of each table, and that the file is to be written anew; marts are made of what there is now. */
async function noteAll(connection: DuckDBConnection): Promise<void> {
  const all = [...TABLES, "order_items"].map((table) => `SELECT ${quoteText(table)} AS table_name, occurred_at FROM ${table}`);
  await connection.run(
    `INSERT INTO signalhouse.changes BY NAME
     SELECT (SELECT coalesce(max(change_id), 0) + 1 FROM signalhouse.changes) AS change_id, 'privacy' AS what, NULL::BIGINT AS load_id, table_name,
       date_trunc('month', occurred_at AT TIME ZONE 'UTC')::DATE AS month, count(*) * 2 AS rows, now() AS changed_at
     FROM (${all.join(" UNION ALL ")}) GROUP BY ALL`,
  );
  await connection.run(
    `INSERT INTO signalhouse.erasures BY NAME SELECT (SELECT coalesce(max(erasure_id), 0) + 1 FROM signalhouse.erasures) AS erasure_id, 'privacy' AS kind, now() AS erased_at, 0 AS rows`,
  );
  const settings = await keptSettings(connection);
  if (!settings) return;
  await fillMarts(connection, await martContext(connection, settings));
  await keepSettings(connection, { ...settings, isFilled: true });
}
