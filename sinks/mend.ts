/** Taking out what an older version has doubled. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { NEXT_LOAD_ID } from "./ledger.ts";
import { isBehavior, TABLES } from "./merge-sql.ts";
import { inTransaction, onlyRow } from "./sql.ts";

/** What was taken out. */
export interface Mended {
  signals: number;
  orderItems: number;
}

const SIGNALS = TABLES.map(
  (table) => `SELECT ${isBehavior(table)} AS behavior, rowid AS row_id, signal_type, signal_key, load_id, record_no FROM ${table}`,
).join(" UNION ALL ");

/**
 * Takes out rows of signals that are there several times: the one of the latest export stays, as if all had been loaded by this version. The ledger says so in a row of its own, with the status "mended". One transaction. Memory:
 * DuckDB's limit.
 */
export async function mendDoubled(connection: DuckDBConnection): Promise<Mended> {
  return inTransaction(connection, async () => {
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE doubled AS
       WITH repeated AS (SELECT signal_type, signal_key FROM (${SIGNALS}) GROUP BY ALL HAVING count(*) > 1)
       SELECT s.* FROM (${SIGNALS}) s JOIN repeated USING (signal_type, signal_key) LEFT JOIN signalhouse.loads l USING (load_id)
       QUALIFY row_number() OVER (PARTITION BY s.signal_type, s.signal_key ORDER BY l.mtime DESC NULLS LAST, l.path DESC, s.record_no DESC, s.load_id DESC) > 1`,
    );
    const orders = "SELECT signal_key, load_id FROM doubled WHERE signal_type = 'order'";
    const { rowsChanged: orderItems } = await connection.run(
      `DELETE FROM order_items USING (${orders}) d WHERE order_items.signal_key = d.signal_key AND order_items.load_id = d.load_id`,
    );
    let signals = 0;
    for (const table of TABLES) {
      const { rowsChanged } = await connection.run(
        `DELETE FROM ${table} WHERE rowid IN (SELECT row_id FROM doubled WHERE behavior = ${isBehavior(table)})`,
      );
      signals += rowsChanged;
    }
    await connection.run("DROP TABLE doubled");
    if (signals + orderItems > 0) await noteMending(connection, { signals, orderItems });
    return { signals, orderItems };
  });
}

/** That a row is gone which was inserted, and should have updated another one. */
async function noteMending(connection: DuckDBConnection, { signals, orderItems }: Mended): Promise<void> {
  const { load_id } = await onlyRow<{ load_id: bigint }>(connection, `SELECT ${NEXT_LOAD_ID} AS load_id`);
  await connection.run(
    `INSERT INTO signalhouse.loads BY NAME SELECT $1::BIGINT AS load_id, 'signalhouse verify --mend' AS path, 0 AS records, -$2::BIGINT AS inserted, $2::BIGINT AS updated, 0 AS unchanged,
       0 AS rejected, -$3::BIGINT AS order_items, 'mended' AS status, now() AS started_at, now() AS finished_at`,
    [load_id, BigInt(signals), BigInt(orderItems)],
  );
}
