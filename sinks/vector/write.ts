/** Writes what DuckDB can read by itself: the plain rows of some files, straight into their table. */
import { CONTENT_FIELDS, type ContentField, ENVELOPE_FIELDS, ITEMS_FIELD, namesOf } from "../../schemas/content-fields.ts";
import { quoteIdentifier as id, quoteText } from "../../schemas/names.ts";
import type { Table } from "../../schemas/signal-types.ts";
import { keyHash } from "../identity.ts";
import { onlyRow, rows } from "../sql.ts";
import type { Load } from "../load.ts";
import { MAX_DRIFT_KINDS } from "../staging.ts";
import { itemsSql } from "./content.ts";
import { NotPlain } from "./not-plain.ts";
import type { Projection } from "./projection.ts";
import { type ReadRows, sourceOf, type TextRows } from "./text-rows.ts";

/**
 * Writes records that DuckDB can read, in the load's open transaction. Held back are rows that are known to meet one of the warehouse; what meets a row all the same, such as one of the same file, is found
 * at the end, and taken back: that is exact, but dear where it is the rule.
 * @param read as it is to be read: the text itself, or what a lane has read
 * @returns the record_no of the records in doubt, in order: those that are not among the plain rows, for whatever reason
 */
export async function writePlain(load: Load, text: TextRows, read: ReadRows): Promise<number[]> {
  const { staging } = load;
  const { connection } = staging;
  const { projection } = read;
  const { table, columns } = projection;
  const source = sourceOf(read.files);
  const names = columns.map(id).join(", ");
  const insert = async (target: string, from: string) => (await connection.run(`INSERT INTO ${target} FROM (${from})`)).rowsChanged;

  const meeting = await meetingSql(load, projection, source);
  const anyHeld = meeting !== undefined && (await insert("held_back", meeting)) > 0;
  const held = `(SELECT record_no FROM held_back WHERE ${within(text)})`;
  const counts = {
    direct: await insert(
      `${table} (${names}, load_id, key_hash)`,
      `SELECT ${names}, ${load.id}::BIGINT, ${keyHash("signal_key")} FROM (${projection.rows(anyHeld ? `(FROM ${source} WHERE record_no NOT IN ${held})` : source)})`,
    ),
    held: anyHeld
      ? await insert(`held_${table} (${names})`, `SELECT ${names} FROM (${projection.rows(`(FROM ${source} WHERE record_no IN ${held})`)})`)
      : 0,
  };
  if (projection.orders) await connection.run(`INSERT INTO read_order_items BY NAME ${itemsSql(projection.orders(source))}`);
  staging.count(table, counts);
  const written = counts.direct + counts.held;
  const doubted = written === text.records ? [] : await missing(load, table, text);
  if (written + doubted.length !== text.records)
    throw new Error(`${table}: ${counts.direct} of ${text.records} records written, ${counts.held} held back, ${doubted.length} in doubt`);
  return doubted;
}

const within = ({ first, last }: TextRows) => `record_no BETWEEN ${first} AND ${last}`;

/** The record_no of rows whose signal is in the warehouse, in their table among rows of the same times; undefined where it has none of other loads. */
async function meetingSql(load: Load, { table, key, type, time }: Projection, source: string): Promise<string | undefined> {
  if (!(await load.hasOthers(table))) return undefined;
  const { first, last } = await onlyRow<{ first: string | null; last: string | null }>(
    load.staging.connection,
    `SELECT min(time)::VARCHAR AS first, max(time)::VARCHAR AS last FROM (SELECT ${time} AS time FROM ${source})`,
  );
  const within =
    first === null || last === null ? "" : `AND occurred_at BETWEEN ${quoteText(first)}::TIMESTAMPTZ AND ${quoteText(last)}::TIMESTAMPTZ`;
  return `SELECT record_no FROM (SELECT record_no, ${keyHash(key)} AS key_hash, ${type} AS signal_type FROM ${source})
    SEMI JOIN (SELECT key_hash, signal_type FROM ${table} WHERE load_id <> ${load.id} ${within}) USING (key_hash, signal_type)`;
}

async function missing({ staging: { connection }, id: loadId }: Load, table: Table, text: TextRows): Promise<number[]> {
  const found = await rows<{ record_no: bigint }>(
    connection,
    `SELECT record_no FROM ${sourceOf(text.files)} WHERE record_no NOT IN (SELECT record_no FROM ${table} WHERE load_id = ${loadId} AND ${within(text)})
      AND record_no NOT IN (SELECT record_no FROM held_${table} WHERE ${within(text)}) ORDER BY record_no`,
  );
  return found.map(({ record_no }) => Number(record_no));
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
