/** Taking out what an older version has doubled, and making anew what is made of the signals. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Table } from "../schemas/signal-types.ts";
import { TABLES } from "../schemas/tables.ts";
import { insertMended, type Mended } from "./ledger.ts";
import { fillMarts } from "./fill-marts.ts";
import { makeViews } from "./make-views.ts";
import { keptSettings, martContext } from "./mart-settings.ts";
import { isBehavior } from "./merge-sql.ts";
import { REMOVED_ITEMS } from "./changes.ts";
import { fillAfter } from "./keep-marts.ts";
import { ledgerRows, seal, unseal } from "./seals.ts";
import { keepRemovedSql } from "./touched.ts";
import { inTransaction } from "./transaction.ts";
import { verifyMarts } from "./verify-marts.ts";

const SIGNALS = TABLES.map(
  (table) => `SELECT ${isBehavior(table)} AS behavior, rowid AS row_id, signal_type, signal_key, occurred_at, load_id, record_no FROM ${table}`,
).join(" UNION ALL ");

/**
 * Takes out rows of signals that are there several times: the one of the latest export stays, as if all had been loaded by this version. The ledger says so in a row of its own, with the status "mended". One transaction. Memory:
 * DuckDB's limit.
 */
export async function mendDoubled(connection: DuckDBConnection): Promise<Mended> {
  return inTransaction(connection, async () => {
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE doubled AS
       WITH repeated AS (SELECT signal_type, signal_key FROM (${SIGNALS}) GROUP BY ALL HAVING count(*) > 1),
         latest AS (SELECT signal_type, signal_key, c.occurred_at, max((cl.mtime, cl.path)) AS export
           FROM signalhouse.confirmations c JOIN signalhouse.loads cl USING (load_id) GROUP BY ALL)
       SELECT s.* FROM (${SIGNALS}) s JOIN repeated USING (signal_type, signal_key) LEFT JOIN signalhouse.loads l USING (load_id)
       LEFT JOIN latest c ON c.signal_type = s.signal_type AND c.signal_key = s.signal_key AND c.occurred_at = s.occurred_at
       QUALIFY row_number() OVER (PARTITION BY s.signal_type, s.signal_key
         ORDER BY greatest((l.mtime, l.path), coalesce(c.export, (l.mtime, l.path))) DESC NULLS LAST, s.record_no DESC, s.load_id DESC) > 1`,
    );
    // Where the row that stays is of the same load nobody knows whose items are whose; verify finds them.
    const orders = `SELECT signal_key, load_id FROM doubled WHERE signal_type = 'order' AND NOT EXISTS (SELECT 1 FROM behavior_signals b
      WHERE b.signal_type = 'order' AND b.signal_key = doubled.signal_key AND b.load_id = doubled.load_id AND b.rowid NOT IN (SELECT row_id FROM doubled WHERE behavior))`;
    const items = `(signal_key, load_id) IN (SELECT (signal_key, load_id) FROM (${orders}))`;
    const twinsIn = (table: Table) => `rowid IN (SELECT row_id FROM doubled WHERE behavior = ${isBehavior(table)})`;
    await unseal(connection, [{ table: "order_items", where: items }, ...TABLES.map((table) => ({ table, where: twinsIn(table) }))]);
    await connection.run(`CREATE OR REPLACE TEMP TABLE ${REMOVED_ITEMS} AS SELECT occurred_at FROM order_items WHERE ${items}`);
    const { rowsChanged: orderItems } = await connection.run(`DELETE FROM order_items WHERE ${items}`);
    let signals = 0;
    for (const table of TABLES) {
      const twins = twinsIn(table);
      await connection.run(keepRemovedSql(table, twins));
      const { rowsChanged } = await connection.run(`DELETE FROM ${table} WHERE ${twins}`);
      signals += rowsChanged;
    }
    // What was confirmed of a row that is gone.
    await connection.run(
      `DELETE FROM signalhouse.confirmations USING doubled d WHERE confirmations.signal_type = d.signal_type AND confirmations.signal_key = d.signal_key AND confirmations.occurred_at = d.occurred_at
         AND NOT EXISTS (SELECT 1 FROM (${SIGNALS}) s WHERE s.signal_type = d.signal_type AND s.signal_key = d.signal_key AND s.occurred_at = d.occurred_at)`,
    );
    await connection.run("DROP TABLE doubled");
    if (signals + orderItems === 0) return { signals, orderItems };
    await fillAfter(connection, { what: "mend", removed: TABLES });
    await seal(connection, ledgerRows(await insertMended(connection, "signalhouse verify --mend", { signals, orderItems })));
    return { signals, orderItems };
  });
}

/**
 * Makes all views and the tables of marts anew, where verify finds that they are not what they should be. One transaction.
 * @returns whether they were not
 */
export async function mendMarts(connection: DuckDBConnection): Promise<boolean> {
  if ((await verifyMarts(connection)).every(({ ok }) => ok)) return false;
  await inTransaction(connection, async () => {
    await makeViews(connection);
    const settings = await keptSettings(connection);
    if (settings) await fillMarts(connection, await martContext(connection, settings));
  });
  return true;
}
