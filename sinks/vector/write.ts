/** Writes plain rows straight into their tables, and counts their drift. */
import { CONTENT_FIELDS, type ContentField, ENVELOPE_FIELDS, ITEMS_FIELD, namesOf } from "../../schemas/content-fields.ts";
import type { Header } from "../../schemas/header.ts";
import { quoteText } from "../../schemas/names.ts";
import type { Table } from "../../schemas/signal-types.ts";
import { onlyRow, rows } from "../sql.ts";
import { ROW_GROUP_ROWS } from "../storage.ts";
import type { Load } from "../load.ts";
import { suppressedSql } from "../suppress.ts";
import { MAX_DRIFT_KINDS } from "../staging.ts";
import { NotPlain } from "./not-plain.ts";
import { type PlainRows, plainSql, sourceOf } from "./plain-rows.ts";

/** Rows that make a thread worth it: with less than a row group of its own it writes all of them twice. */
const THREAD_ROWS = 1.25 * ROW_GROUP_ROWS;

/**
 * Writes plain rows, in the load's open transaction. Held back are those that are known to meet one of the warehouse, and those of somebody who was forgotten; what meets a row all the same, such as one of the same file, is found at the end, and taken back:
 * that is exact, but dear where it is the rule.
 * @throws NotPlain where a row has no key
 */
export async function writePlain(load: Load, plain: PlainRows, header: Header, threads: number): Promise<void> {
  const { staging } = load;
  const { connection } = staging;
  const { table, records } = plain;
  await connection.run(`SET threads = ${Math.max(1, Math.min(threads, Math.floor(records / THREAD_ROWS)))}`);
  const sql = plainSql(table, header);
  const source = sourceOf(plain);
  const insert = async (target: string, from: string) => (await connection.run(`INSERT INTO ${target} BY NAME ${from}`)).rowsChanged;

  const meeting = await meetingSql(load, table, sql.keys(source));
  const suppression = await load.suppression(header);
  // What is to be left out at the end does not even come near the table: the file would keep its bytes.
  const whole = `(SELECT * FROM ${table} WHERE false UNION ALL BY NAME SELECT * FROM (${sql.rows(source)})) r`;
  const suppressed = suppression && suppressedSql(suppression, { table, from: `${whole} WHERE true` });
  const back = [meeting, suppressed].flatMap((records) => (records === undefined ? [] : [`SELECT record_no FROM (${records})`]));
  const anyHeld = back.length > 0 && (await insert("held_back", back.join(" UNION "))) > 0;
  const held = `(SELECT record_no FROM held_back WHERE record_no BETWEEN ${plain.first} AND ${plain.last})`;
  const direct = `SELECT *, ${load.id}::BIGINT AS load_id FROM (${sql.rows(anyHeld ? `(FROM ${source} WHERE record_no NOT IN ${held})` : source)}) WHERE signal_key IS NOT NULL`;
  const counts = {
    direct: await insert(table, direct),
    held: anyHeld
      ? await insert(
          `held_${table}`,
          `SELECT * EXCLUDE (key_hash) FROM (${sql.rows(`(FROM ${source} WHERE record_no IN ${held})`)}) WHERE signal_key IS NOT NULL`,
        )
      : 0,
  };
  if (counts.direct + counts.held !== records) throw new NotPlain(`of ${records} records of ${table} some have an id that cannot be told`);
  if (sql.items) await connection.run(`INSERT INTO read_order_items BY NAME ${sql.items(source)}`);
  staging.count(table, counts);
}

/** The record_no of rows whose signal is in the warehouse, in their table among rows of the same times; undefined where it has none of other loads. */
async function meetingSql(load: Load, table: Table, keys: string): Promise<string | undefined> {
  if (!(await load.hasOthers(table))) return undefined;
  const { first, last } = await onlyRow<{ first: string; last: string }>(
    load.staging.connection,
    `SELECT min(occurred_at)::VARCHAR AS first, max(occurred_at)::VARCHAR AS last FROM (${keys})`,
  );
  return `SELECT record_no FROM (${keys}) SEMI JOIN (SELECT key_hash, signal_type FROM ${table} WHERE load_id <> ${load.id}
    AND occurred_at BETWEEN ${quoteText(first)}::TIMESTAMPTZ AND ${quoteText(last)}::TIMESTAMPTZ) USING (key_hash, signal_type)`;
}

/** What stands before a field of an item; no unknown field of a plain record has such a name. */
const ITEM_PREFIX = `${ITEMS_FIELD}[].`;

/** The names that fill decimal columns in a signal type. */
const decimalNames = (type: string): ReadonlySet<string> =>
  new Set(Object.entries<ContentField>(CONTENT_FIELDS).flatMap(([name, field]) => (field.kind === "decimal" ? namesOf(name, field, type) : [])));

/**
 * Counts the drift of plain records, when all are written and none is merged yet: what they have as `extra` are fields of envelopes, unknown fields, and numbers that are rounded in
 * their columns. Those of items are nothing else.
 * @param once whether the file cannot be read again: then those that come last are counted together
 * @throws NotPlain where they are of too many kinds
 */
export async function countDrift({ staging, id: loadId }: Load, once: boolean): Promise<void> {
  const table: Table = "behavior_signals";
  if (staging.counts.plain === 0) return;
  const written = (columns: string, where: string) =>
    `(SELECT ${columns} FROM ${table} WHERE load_id = ${loadId} AND ${where} UNION ALL SELECT ${columns} FROM held_${table} WHERE ${where})`;
  const others = `list_filter(json_keys(extra), lambda name: name NOT IN (${ENVELOPE_FIELDS.map(quoteText).join(", ")}))`;
  const ofItems = `SELECT DISTINCT signal_type, record_no, ${quoteText(ITEM_PREFIX)} || unnest(json_keys(i.extra)) AS field
    FROM read_order_items i JOIN ${written("signal_type, record_no", "signal_type = 'order'")} USING (record_no) WHERE i.extra IS NOT NULL`;
  const found = await rows<{ signal_type: string; field: string; records: bigint; first: bigint }>(
    staging.connection,
    `SELECT signal_type, field, count(*) AS records, min(record_no) AS first
     FROM (SELECT signal_type, record_no, unnest(${others}) AS field FROM ${written("signal_type, record_no, extra", "extra IS NOT NULL")} UNION ALL ${ofItems})
     GROUP BY signal_type, field ORDER BY first, signal_type, field ${once ? "" : `LIMIT ${MAX_DRIFT_KINDS + 1}`}`,
  );
  const decimals = new Map([...new Set(found.map(({ signal_type }) => signal_type))].map((type) => [type, decimalNames(type)]));
  const counts = found.map(({ signal_type: signalType, field, records, first }) => {
    const isRounded = field.startsWith(ITEM_PREFIX) || decimals.get(signalType)?.has(field);
    return {
      signalType,
      field,
      reason: isRounded ? ("rounded" as const) : ("unknown field" as const),
      records: Number(records),
      firstRecordNo: Number(first),
    };
  });
  if (!staging.countDrift(counts, once)) throw new NotPlain(`it has more than ${MAX_DRIFT_KINDS} kinds of drift`);
}
