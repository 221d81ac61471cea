/** Proving the tables: the ledger's sums are derived again from them, and every row is as it was written. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { LEDGER_TABLES } from "../schemas/ledger-tables.ts";
import { quoteText } from "../schemas/names.ts";
import { TABLES } from "../schemas/tables.ts";
import { DATA_TABLES } from "./ddl.ts";
import { keyHash } from "./identity.ts";
import { missingParts } from "./missing-parts.ts";
import { brokenSealsSql, sealsAreCurrent } from "./seals.ts";
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

const MONTHS = Object.keys(DATA_TABLES)
  .map(
    (table) =>
      `SELECT DISTINCT load_id, ${quoteText(table)} AS table_name, date_trunc('month', occurred_at AT TIME ZONE 'UTC')::DATE AS month FROM ${table}`,
  )
  .join(" UNION ALL ");

const LEDGER = Object.keys(LEDGER_TABLES).map((table) => `signalhouse.${table}`);

const FOLLOWED = "Whoever follows signalhouse.changes, as `publish` does, may have missed it: read or publish everything anew.";

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
  eachRow(
    "what later loads leave out was forgotten by an erasure that the ledger has",
    `(SELECT s.*, e.kind FROM signalhouse.suppressions s LEFT JOIN (SELECT DISTINCT erasure_id, kind FROM ${ERASED}) e USING (erasure_id))`,
    "kind IS DISTINCT FROM 'forget'",
    "'erasure ' || erasure_id",
  ),
  eachRow(
    "every confirmation is of a signal that is there, by a load that the ledger has",
    `(SELECT c.*, l.status, k.signal_key AS found FROM signalhouse.confirmations c LEFT JOIN signalhouse.loads l USING (load_id)
      LEFT JOIN (SELECT DISTINCT signal_type, signal_key FROM ${KEYS} SEMI JOIN signalhouse.confirmations USING (signal_type, signal_key)) k
        ON k.signal_type = c.signal_type AND k.signal_key = c.signal_key)`,
    "status IS DISTINCT FROM 'loaded' OR found IS NULL",
    "signal_type || ' ' || signal_key",
  ),
  eachRow(
    "every export that is loaded names a load that the ledger has",
    "(SELECT j.name, j.load_id, l.status FROM signalhouse.jobs j LEFT JOIN signalhouse.loads l USING (load_id) WHERE j.kind = 'export' AND j.load_id IS NOT NULL)",
    "coalesce(status, '') NOT IN ('loaded', 'duplicate')",
    "name",
  ),
  {
    name: "changes are numbered from 1, and none is there twice",
    sql: `SELECT coalesce(max(change_id), 0) - count(DISTINCT change_id) + abs(coalesce(min(change_id), 1) - 1) + count(*) - count(DISTINCT (change_id, table_name, month)) AS wrong,
        count(*) AS counted, 'of ' || coalesce(max(change_id), 0) || ' changes ' || count(DISTINCT change_id) || ' are there, in ' || count(*) || ' rows' AS example
      FROM signalhouse.changes`,
    hint: FOLLOWED,
  },
  eachRow(
    "every month that a load has written to is noted as a change",
    // Loads by a version that noted none come before the first that is noted.
    `(SELECT m.*, c.load_id AS noted FROM (${MONTHS}) m LEFT JOIN (SELECT DISTINCT load_id, table_name, month FROM signalhouse.changes) c
        ON c.load_id = m.load_id AND c.table_name = m.table_name AND c.month = m.month
      WHERE m.load_id >= (SELECT min(load_id) FROM signalhouse.changes WHERE what = 'load'))`,
    "noted IS NULL",
    "table_name || ' of load ' || load_id || ' in ' || strftime(month, '%Y-%m')",
    FOLLOWED,
  ),
  {
    name: "signalhouse.meta is one row",
    sql: "SELECT abs(count(*) - 1) AS wrong, count(*) AS counted, 'schema versions ' || string_agg(schema_version::VARCHAR, ', ') AS example FROM signalhouse.meta",
  },
  {
    // Whatever no other rule reads: DuckDB finds bytes that are others than it wrote when they are read.
    name: "every value of the ledger can be read",
    sql: `SELECT count(*) FILTER (WHERE n > 0 AND hashes IS NULL) AS wrong, sum(n) AS counted, NULL::VARCHAR AS example
      FROM (${LEDGER.map((table) => `SELECT count(*) AS n, bit_xor(hash(t)) AS hashes FROM ${table} t`).join(" UNION ALL ")})`,
  },
];

/** Checks the tables and the ledger. Where parts are missing there is one check, which says so. Reads every column once, and some twice. Memory: DuckDB's limit, beyond which it takes its temporary folder. */
export async function verifyTables(connection: DuckDBConnection): Promise<Check[]> {
  const wrong = await wrongParts(connection);
  if (wrong.length > 0) {
    return [{ name: ALL_THERE, ok: false, detail: `${wrong.join("; ")}: take the warehouse back from a copy, or load all files into a new one` }];
  }
  const checks: Check[] = [{ name: ALL_THERE, ok: true, detail: `${TABLE_NAMES.length} checked` }];
  for (const rule of RULES) checks.push(await check(connection, rule));
  checks.push(
    (await sealsAreCurrent(connection)) ? await check(connection, { name: AS_WRITTEN, sql: await brokenSealsSql(connection) }) : NOT_SEALED,
  );
  return checks;
}

async function check(connection: DuckDBConnection, { name, sql, hint }: Rule): Promise<Check> {
  const { wrong, counted, example } = await onlyRow<{ wrong: bigint; counted: bigint; example: string | null }>(connection, sql);
  const ok = Number(wrong) === 0;
  return {
    name,
    ok,
    detail: ok ? `${counted} checked` : `${wrong} of ${counted} are wrong, for example ${example}${hint === undefined ? "" : `. ${hint}`}`,
  };
}

const AS_WRITTEN = "every load: its rows in each table are those that were written, as they were written";

/** Hashes of another version say nothing. */
const NOT_SEALED: Check = {
  name: AS_WRITTEN,
  ok: true,
  detail:
    "not checked: another version of signalhouse or DuckDB has sealed them, and the next command that writes, such as `signalhouse sync`, seals what it finds",
};

const ALL_THERE = "every table is there, with its columns";

const TABLE_NAMES = [...Object.keys(DATA_TABLES).map((table) => `main.${table}`), ...LEDGER];

/** What is missing, or is of another type, in words. */
async function wrongParts(connection: DuckDBConnection): Promise<string[]> {
  const { tables, columns, types } = await missingParts(connection);
  const isMissing = (names: readonly string[]) => `${names.join(", ")} ${names.length === 1 ? "is" : "are"} missing, and what was there is lost`;
  const names = [...tables, ...columns.map(({ table, column }) => `${table}.${column}`)];
  if (tables.length === 0) names.push(...(await missingContacts(connection)));
  return [
    ...(names.length === 0 ? [] : [isMissing(names)]),
    ...types.map(({ table, column, type, found }) => `${table}.${column} is ${found} in place of ${type}`),
  ];
}

/** The contact columns that loads have added and that are not there. */
async function missingContacts(connection: DuckDBConnection): Promise<string[]> {
  const present = TABLES.map(
    (table) => `SELECT ${quoteText(table)} AS table_name, name AS column_name FROM pragma_table_info(${quoteText(`main.${table}`)})`,
  );
  const found = await rows<{ name: string }>(
    connection,
    `SELECT DISTINCT 'main.' || table_name || '.' || column_name AS name FROM signalhouse.schema_changes ANTI JOIN (${present.join(" UNION ALL ")}) USING (table_name, column_name) ORDER BY name`,
  );
  return found.map(({ name }) => name);
}
