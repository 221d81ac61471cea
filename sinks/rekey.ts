/** Giving the rows of an older warehouse the keys that this version looks signals up by. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { KEY_COLUMNS, type KeyParts } from "../schemas/identity.ts";
import { cleanName, quoteIdentifier as id } from "../schemas/names.ts";
import type { Table } from "../schemas/signal-types.ts";
import { SIGNAL_TABLES } from "../schemas/tables.ts";
import { isNoId, keyHash } from "./identity.ts";
import { contactColumns } from "./ledger.ts";
import { isBehavior, TABLES } from "./merge-sql.ts";
import { onlyRow, rows } from "./sql.ts";

/** Makes the key of a signal without an id: transforms/content-key.ts. */
export type ContentKey = (parts: KeyParts) => string;

/** Rows that are looked at in one go: their contents are held in memory. */
const SOME = 20_480;

/** Fills key_hash anew, of all rows: as a change of type, which is written in one go, while an UPDATE would hold all of it in memory. */
export const fillKeyHashSql = (table: Table): string => `ALTER TABLE ${table} ALTER key_hash SET DATA TYPE UBIGINT USING ${keyHash("signal_key")}`;

/**
 * Gives rows whose SIGNAL_ID is empty, or none, the keys that they would have today, with their items and confirmations. Within the caller's transaction, when key_hash is there. Memory: some rows, and what DuckDB holds of those that change.
 */
export async function rekey(connection: DuckDBConnection, contentKey: ContentKey): Promise<void> {
  // As files name them today; older versions took names as they stood.
  const contact = (await contactColumns(connection))
    .map((column) => ({ ...column, header: cleanName(column.header) }))
    .toSorted((one, other) => (one.header === other.header ? one.occurrence - other.occurrence : one.header < other.header ? -1 : 1));
  await connection.run("CREATE OR REPLACE TEMP TABLE rekeyed (behavior BOOLEAN, row_id BIGINT, old_key VARCHAR, new_key VARCHAR)");
  for (const table of TABLES) await collect(connection, table, contact, contentKey);
  for (const table of TABLES) {
    await connection.run(
      `UPDATE ${table} AS t SET signal_key = r.new_key, key_hash = ${keyHash("r.new_key")} FROM rekeyed r WHERE r.behavior = ${isBehavior(table)} AND t.rowid = r.row_id`,
    );
  }
  const orders =
    "SELECT r.old_key, r.new_key FROM rekeyed r JOIN behavior_signals b ON r.row_id = b.rowid WHERE r.behavior AND b.signal_type = 'order'";
  await connection.run(`UPDATE order_items SET signal_key = o.new_key FROM (${orders}) o WHERE order_items.signal_key = o.old_key`);
  await connection.run(`UPDATE signalhouse.confirmations AS c SET signal_key = r.new_key FROM rekeyed r WHERE c.signal_key = r.old_key`);
  const types = TABLES.map((table) => `SELECT signal_key, occurred_at, signal_type FROM ${table}`).join(" UNION ALL ");
  await connection.run(
    `UPDATE signalhouse.confirmations AS c SET signal_type = s.signal_type FROM (${types}) s WHERE c.signal_key = s.signal_key AND c.occurred_at = s.occurred_at`,
  );
  await connection.run("DROP TABLE rekeyed");
}

interface OldRow {
  row_id: bigint;
  signal_key: string;
  signal_type: string;
  micros: string;
  columns: { items: (string | null)[] };
  contact: { items: (string | null)[] };
  content: string | null;
  damaged_id: string | null;
}

async function collect(
  connection: DuckDBConnection,
  table: Table,
  contact: readonly { header: string; column: string }[],
  contentKey: ContentKey,
): Promise<void> {
  const { last } = await onlyRow<{ last: bigint | null }>(connection, `SELECT max(rowid) AS last FROM ${table}`);
  const known = new Set(SIGNAL_TABLES[table].map(({ name }) => name));
  // What the table has no column for is in extra.
  const columns = KEY_COLUMNS.map((name) => (known.has(name.toLowerCase()) ? id(name.toLowerCase()) : `extra->>'$.${name}'`));
  const list = (values: readonly string[]) => (values.length === 0 ? "[]::VARCHAR[]" : `[${values.join(", ")}]`);
  const end = last ?? -1n;
  for (let first = 0n; first <= end; first += BigInt(SOME)) {
    const found = await rows<OldRow>(
      connection,
      `SELECT rowid AS row_id, signal_key, signal_type, epoch_us(occurred_at)::VARCHAR AS micros, ${list(columns)} AS columns,
         ${list(contact.map(({ column }) => id(column)))} AS contact, signal_content::VARCHAR AS content,
         CASE WHEN signal_id IS NULL THEN extra->>'$.SIGNAL_ID' END AS damaged_id
       FROM ${table} WHERE rowid BETWEEN ${first} AND ${first + BigInt(SOME) - 1n}
         AND (signal_id IS NULL OR ${isNoId("signal_id")})`,
    );
    if (found.length === 0) continue;
    const appender = await connection.createAppender("rekeyed", "main", "temp");
    for (const row of found) {
      const key = contentKey({
        type: row.signal_type,
        microseconds: row.micros,
        columns: row.columns.items.map((value) => value ?? ""),
        content: row.content ?? undefined,
        damagedId: row.damaged_id ?? undefined,
        contact: contact.map(({ header }, index) => [header, row.contact.items[index] ?? ""] as const),
      });
      if (key === row.signal_key) continue;
      appender.appendBoolean(table === "behavior_signals");
      appender.appendBigInt(row.row_id);
      appender.appendVarchar(row.signal_key);
      appender.appendVarchar(key);
      appender.endRow();
    }
    appender.closeSync();
  }
}
