/** Giving the rows of an older warehouse the keys that this version looks signals up by. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { bareId, isNoId as isNoIdText, KEY_COLUMNS, type KeyParts } from "../schemas/identity.ts";
import { cleanName, quoteIdentifier as id } from "../schemas/names.ts";
import { knownSignalType, type Table } from "../schemas/signal-types.ts";
import { SIGNAL_TABLES, TABLES } from "../schemas/tables.ts";
import { bareId as bareIdSql, isNoId, keyHash } from "./identity.ts";
import { contactColumns } from "./contact-columns.ts";
import { insertMended } from "./ledger.ts";
import { isBehavior } from "./merge-sql.ts";
import { onlyRow, rows } from "./sql.ts";

/** Makes the key of a signal without an id: transforms/content-key.ts. */
export type ContentKey = (parts: KeyParts) => string;

/** Rows that are looked at in one go: their contents are held in memory. */
const SOME = 2048;

/** Fills key_hash anew, of all rows: as a change of type, which is written in one go, while an UPDATE would hold all of it in memory. */
export const fillKeyHashSql = (table: Table): string => `ALTER TABLE ${table} ALTER key_hash SET DATA TYPE UBIGINT USING ${keyHash("signal_key")}`;

/** Gives types the names that they have today: the first version kept those that it did not know as they stood. */
export async function renameTypes(connection: DuckDBConnection): Promise<void> {
  for (const table of TABLES) {
    const found = await rows<{ signal_type: string }>(connection, `SELECT DISTINCT signal_type FROM ${table}`);
    for (const { signal_type: old } of found) {
      const bare = bareId(old);
      const name = knownSignalType(bare) ?? bare;
      if (name !== old && name !== "") await connection.run(`UPDATE ${table} SET signal_type = $1 WHERE signal_type = $2`, [name, old]);
    }
  }
}

/** Marks test signals, which views leave out: what says so had no column. */
export async function markTests(connection: DuckDBConnection): Promise<void> {
  await connection.run(
    `UPDATE behavior_signals SET is_test = true WHERE extra IS NOT NULL AND contains(CAST(extra AS VARCHAR), '"test"') AND lower(trim(extra->>'$.test')) IN ('true', 't', '1')`,
  );
}

/**
 * Gives rows whose SIGNAL_ID is empty, or none, or has blanks around it, the keys that they would have today, with their items and confirmations. Within the caller's transaction, when key_hash is there. Memory: some rows, and
 * what DuckDB holds of those that change.
 */
export async function rekey(connection: DuckDBConnection, contentKey: ContentKey): Promise<void> {
  // As files name them today; older versions took names as they stood.
  const contact = (await contactColumns(connection))
    .map((column) => ({ ...column, header: cleanName(column.header) }))
    .toSorted((one, other) => (one.header === other.header ? one.occurrence - other.occurrence : one.header < other.header ? -1 : 1));
  await connection.run("CREATE OR REPLACE TEMP TABLE rekeyed (behavior BOOLEAN, row_id BIGINT, old_key VARCHAR, new_key VARCHAR)");
  for (const table of TABLES) await collect(connection, table, contact, contentKey);
  // An old key may be that of many signals, such as "null"; in a load and at a time it is one's.
  const rekeyed = TABLES.map(
    (table) =>
      `SELECT r.*, t.signal_type, t.occurred_at, t.load_id, t.record_no FROM rekeyed r JOIN ${table} t ON r.row_id = t.rowid WHERE r.behavior = ${isBehavior(table)}`,
  ).join(" UNION ALL ");
  await connection.run(`CREATE OR REPLACE TEMP TABLE moved AS ${rekeyed}`);
  await dropRepeated(connection);
  await connection.run(
    `UPDATE order_items SET signal_key = m.new_key FROM moved m WHERE m.signal_type = 'order' AND order_items.signal_key = m.old_key AND order_items.load_id = m.load_id
       AND order_items.occurred_at = m.occurred_at`,
  );
  const types = TABLES.map((table) => `SELECT signal_key, occurred_at, signal_type FROM ${table}`).join(" UNION ALL ");
  await connection.run(
    `UPDATE signalhouse.confirmations AS c SET signal_type = s.signal_type FROM (${types}) s WHERE c.signal_key = s.signal_key AND c.occurred_at = s.occurred_at`,
  );
  await connection.run(
    "UPDATE signalhouse.confirmations AS c SET signal_key = m.new_key FROM moved m WHERE c.signal_key = m.old_key AND c.signal_type = m.signal_type AND c.occurred_at = m.occurred_at",
  );
  for (const table of TABLES) {
    await connection.run(
      `UPDATE ${table} AS t SET signal_key = m.new_key, key_hash = ${keyHash("m.new_key")} FROM moved m WHERE m.behavior = ${isBehavior(table)} AND t.rowid = m.row_id`,
    );
  }
  await connection.run("DROP TABLE moved");
  await connection.run("DROP TABLE rekeyed");
}

/** Of rows of one load that have become one signal the last stays, as in any file: while their old keys are there still, the items of each can be told. */
async function dropRepeated(connection: DuckDBConnection): Promise<void> {
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE repeated AS FROM moved QUALIFY row_number() OVER (PARTITION BY load_id, signal_type, new_key ORDER BY record_no DESC) > 1`,
  );
  let [signals, orderItems] = [0, 0];
  orderItems += (
    await connection.run(
      `DELETE FROM order_items USING repeated r WHERE r.signal_type = 'order' AND order_items.signal_key = r.old_key AND order_items.load_id = r.load_id AND order_items.occurred_at = r.occurred_at`,
    )
  ).rowsChanged;
  for (const table of TABLES) {
    signals += (await connection.run(`DELETE FROM ${table} WHERE rowid IN (SELECT row_id FROM repeated WHERE behavior = ${isBehavior(table)})`))
      .rowsChanged;
  }
  await connection.run("DELETE FROM moved WHERE row_id IN (SELECT row_id FROM repeated r WHERE r.behavior = moved.behavior)");
  await connection.run("DROP TABLE repeated");
  if (signals > 0) await insertMended(connection, "migration of the warehouse", { signals, orderItems });
}

interface OldRow {
  row_id: bigint;
  signal_key: string;
  signal_id: string | null;
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
      `SELECT rowid AS row_id, signal_key, signal_id, signal_type, epoch_us(occurred_at)::VARCHAR AS micros, ${list(columns)} AS columns,
         ${list(contact.map(({ column }) => id(column)))} AS contact, signal_content::VARCHAR AS content,
         CASE WHEN signal_id IS NULL THEN extra->>'$.SIGNAL_ID' END AS damaged_id
       FROM ${table} WHERE rowid BETWEEN ${first} AND ${first + BigInt(SOME) - 1n}
         AND (signal_id IS NULL OR ${isNoId("signal_id")} OR signal_id <> ${bareIdSql("signal_id")})`,
    );
    if (found.length === 0) continue;
    const appender = await connection.createAppender("rekeyed", "main", "temp");
    for (const row of found) {
      const { signal_id: own } = row;
      const key =
        own !== null && !isNoIdText(own)
          ? bareId(own)
          : contentKey({
              type: row.signal_type,
              microseconds: row.micros,
              columns: row.columns.items.map((value) => (value === null || isNoIdText(value) ? "" : value)),
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
