/** Proving the ledger: its sums are derived again from the tables. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { LEDGER_TABLES } from "../schemas/ledger-tables.ts";
import { quoteText } from "../schemas/names.ts";
import { TABLES } from "../schemas/tables.ts";
import { DATA_TABLES } from "./ddl.ts";
import { keyHash } from "./identity.ts";
import { onlyRow, rows } from "./sql.ts";

/** One thing that has to hold, and whether it does. */
export interface Check {
  name: string;
  ok: boolean;
  /** What was counted; for a check that fails, where to look. */
  detail: string;
}

interface Rule {
  name: string;
  /** Gives one row: `wrong`, how many break the rule, `counted`, out of how many, and `example`, one of those that break it. */
  sql: string;
  /** What to do where it is broken. */
  hint?: string;
}

const KEYS =
  "(SELECT signal_type, signal_key, key_hash, occurred_at FROM marketing_signals UNION ALL SELECT signal_type, signal_key, key_hash, occurred_at FROM behavior_signals)";

const SIGNALS = `(SELECT signal_key, load_id, record_no, 'marketing_signals' AS source FROM marketing_signals
  UNION ALL SELECT signal_key, load_id, record_no, 'behavior_signals' FROM behavior_signals)`;

/** A rule about each row of a set: `condition` says which rows break it, `example` names one. */
const eachRow = (name: string, from: string, condition: string, example: string, hint?: string): Rule => ({
  name,
  ...(hint === undefined ? {} : { hint }),
  sql: `SELECT count(*) FILTER (WHERE ${condition}) AS wrong, count(*) AS counted, min(${example}) FILTER (WHERE ${condition})::VARCHAR AS example FROM ${from} AS t`,
});

const ERASED = "signalhouse.erasures";

/** SQL, behind FROM, of how many rows of some tables were erased that each load had written: load_id and erased. */
const erasedOf = (tables: readonly string[]): string =>
  `(SELECT load_id, sum(rows) AS erased FROM ${ERASED} WHERE table_name IN (${tables.map(quoteText).join(", ")}) GROUP BY load_id)`;

/** What is said of them, where there are some. */
const ERASED_TOO = "CASE WHEN erased > 0 THEN ', ' || erased || ' erased' ELSE '' END";

const RULES: readonly Rule[] = [
  eachRow(
    "every load: records = inserted + updated + unchanged + rejected + suppressed",
    "signalhouse.loads",
    "records <> inserted + updated + unchanged + rejected + coalesce(suppressed, 0)",
    "'load ' || load_id",
  ),
  {
    name: "signals in the tables, and those that were erased = signals inserted by all loads",
    sql: `SELECT abs(rows + erased - inserted) AS wrong, rows AS counted, inserted || ' inserted, ' || rows || ' in the tables' || ${ERASED_TOO} AS example
      FROM (SELECT count(*) AS rows FROM ${SIGNALS}), (SELECT coalesce(sum(inserted), 0) AS inserted FROM signalhouse.loads),
        (SELECT coalesce(sum(rows), 0) AS erased FROM ${ERASED} WHERE table_name IN (${TABLES.map(quoteText).join(", ")}))`,
  },
  eachRow(
    "every load: rows that it wrote, and those of them that were erased <= inserted + updated",
    `(SELECT l.load_id, l.inserted + l.updated AS written, count(s.load_id) AS rows, e.erased FROM signalhouse.loads l LEFT JOIN ${SIGNALS} s USING (load_id)
      LEFT JOIN ${erasedOf(TABLES)} e USING (load_id) GROUP BY ALL)`,
    "rows + coalesce(erased, 0) > written",
    "'load ' || load_id",
  ),
  eachRow(
    "every load: rejects kept, and those that were erased = rejected",
    `(SELECT l.load_id, l.rejected, count(r.load_id) AS kept, e.erased FROM signalhouse.loads l
      LEFT JOIN signalhouse.rejects r ON r.load_id = l.load_id AND r.replayed_at IS NULL
      LEFT JOIN ${erasedOf(["signalhouse.rejects"])} e ON e.load_id = l.load_id GROUP BY ALL)`,
    "kept + coalesce(erased, 0) <> rejected",
    "'load ' || load_id",
  ),
  eachRow(
    "every row was written by a load that the ledger has, from a record of it",
    `(SELECT s.*, l.records, l.status FROM ${SIGNALS} s LEFT JOIN signalhouse.loads l USING (load_id))`,
    "status IS DISTINCT FROM 'loaded' OR record_no NOT BETWEEN 1 AND records",
    "source || ' ' || signal_key",
  ),
  eachRow(
    "every record of a file is in one place only: a row, or a reject",
    `(SELECT load_id, record_no, count(*) AS places FROM
      (SELECT load_id, record_no FROM ${SIGNALS} UNION ALL SELECT load_id, record_no FROM signalhouse.rejects WHERE replayed_at IS NULL) GROUP BY ALL)`,
    "places > 1",
    "'load ' || load_id || ' record ' || record_no",
  ),
  eachRow(
    "every signal is there once, with a key and a time",
    `(SELECT signal_type, signal_key, count(*) AS n, count(occurred_at) AS times FROM ${KEYS} GROUP BY ALL)`,
    "n > 1 OR signal_key IS NULL OR times < n",
    "coalesce(signal_type || ' ' || signal_key, 'a row without a key')",
    "What an older version has doubled, `signalhouse verify --mend` takes out: the row of the latest export stays.",
  ),
  eachRow("every signal can be found by its key", KEYS, `key_hash IS DISTINCT FROM ${keyHash("signal_key")}`, "signal_type || ' ' || signal_key"),
  eachRow(
    "every order item belongs to an order, numbered from 1",
    `(SELECT i.signal_key, count(*) AS n, min(i.item_no) AS first, max(i.item_no) AS last, count(DISTINCT i.item_no) AS numbers, any_value(b.signal_key) AS signal
      FROM order_items i LEFT JOIN (SELECT DISTINCT signal_key FROM behavior_signals WHERE signal_type = 'order') b ON b.signal_key = i.signal_key GROUP BY ALL)`,
    "signal IS NULL OR first <> 1 OR last <> n OR numbers <> n",
    "signal_key",
  ),
  eachRow(
    "every order item was written by the load that wrote its order",
    `(SELECT DISTINCT i.signal_key, i.load_id AS item_load, b.load_id FROM order_items i JOIN behavior_signals b ON b.signal_key = i.signal_key AND b.signal_type = 'order')`,
    "item_load <> load_id",
    "signal_key",
  ),
  {
    name: "order items in the table, and those that were erased = order items written by all loads",
    sql: `SELECT abs(rows + erased - written) AS wrong, rows AS counted, written || ' written, ' || rows || ' in the table' || ${ERASED_TOO} AS example
      FROM (SELECT count(*) AS rows FROM order_items), (SELECT coalesce(sum(order_items), 0) AS written FROM signalhouse.loads),
        (SELECT coalesce(sum(rows), 0) AS erased FROM ${ERASED} WHERE table_name = 'order_items')`,
  },
  eachRow(
    "every erased row was of a load that the ledger has",
    `(SELECT e.*, l.status FROM ${ERASED} e LEFT JOIN signalhouse.loads l USING (load_id) WHERE e.table_name IS NOT NULL)`,
    "status IS DISTINCT FROM 'loaded'",
    "'erasure ' || erasure_id",
  ),
];

/** Checks every rule against the tables, unless some are missing. Reads all of them once or twice; memory is DuckDB's. */
export async function verifyWarehouse(connection: DuckDBConnection): Promise<Check[]> {
  const missing = await missingTables(connection);
  if (missing.length > 0) {
    const detail = `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing, and what was there is lost: take the warehouse back from a copy, or load all files into a new one`;
    return [{ name: ALL_THERE, ok: false, detail }];
  }
  const checks: Check[] = [{ name: ALL_THERE, ok: true, detail: `${TABLE_NAMES.length} checked` }];
  for (const { name, sql, hint } of RULES) {
    const { wrong, counted, example } = await onlyRow<{ wrong: bigint; counted: bigint; example: string | null }>(connection, sql);
    const ok = Number(wrong) === 0;
    const detail = ok ? `${counted} checked` : `${wrong} of ${counted} are wrong, for example ${example}${hint === undefined ? "" : `. ${hint}`}`;
    checks.push({ name, ok, detail });
  }
  return checks;
}

const ALL_THERE = "every table is there";

const TABLE_NAMES = [
  ...Object.keys(DATA_TABLES).map((table) => `main.${table}`),
  ...Object.keys(LEDGER_TABLES).map((table) => `signalhouse.${table}`),
];

async function missingTables(connection: DuckDBConnection): Promise<string[]> {
  const found = await rows<{ name: string }>(
    connection,
    "SELECT schema_name || '.' || table_name AS name FROM duckdb_tables() WHERE database_name = current_database()",
  );
  const present = new Set(found.map(({ name }) => name));
  return TABLE_NAMES.filter((name) => !present.has(name));
}
