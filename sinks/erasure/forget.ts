/** Forgetting: what is found of somebody is erased, and remembered by keyed hashes alone, so that no later load brings it back. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { SignalhouseError } from "../../schemas/errors.ts";
import { quoteText } from "../../schemas/names.ts";
import { privacyFingerprint } from "../../schemas/keyed-hash.ts";
import { onlyRow, rows } from "../sql.ts";
import { HASH, hashedText, type Remembered, signalText, useSuppressedHash } from "../suppress.ts";
import { countErased, erase } from "./erase.ts";
import { ERASED } from "./erased.ts";
import { type Asked, CONTACTS, findErased, type Found, VALUES } from "./who.ts";

/** What was forgotten, or would be. */
export interface Forgotten extends Found {
  /** Null where nothing was changed. */
  erasureId: bigint | null;
  /** How many rows each table has less, or would have. */
  tables: Record<string, number>;
  /** Reference sets that had somebody's row: Connect still has it. */
  referenceSets: string[];
  /** What later loads leave out, by what it is; nothing where nothing was changed. */
  remembered: Partial<Record<Remembered, number>>;
}

/** What would be erased. Makes temporary tables, and changes nothing. @throws as findErased */
export async function lookForgotten(connection: DuckDBConnection, asked: Asked, secret?: Buffer): Promise<Forgotten> {
  const found = await findErased(connection, asked, secret);
  const also = await alsoErased(connection, found);
  return {
    ...found,
    erasureId: null,
    tables: await countErased(connection, also),
    referenceSets: await setsOf(connection, also.refsetRows),
    remembered: {},
  };
}

/** Erases it. Within the caller's transaction. @param secret the key of hashes @throws as findErased; config_invalid where another key was used before */
export async function forget(connection: DuckDBConnection, asked: Asked, secret: Buffer, runId: bigint | null): Promise<Forgotten> {
  const found = await findErased(connection, asked, secret);
  const also = await alsoErased(connection, found);
  const referenceSets = await setsOf(connection, also.refsetRows);
  // While the marts still know whose a session or click is.
  await collect(connection, asked);
  const { erasureId, tables } = await erase(connection, { kind: "forget", runId, ...also });
  await eraseMessages(connection, found);
  const remembered = await remember(connection, erasureId, secret);
  return { ...found, erasureId, tables, referenceSets, remembered };
}

interface AlsoErased {
  rejects: string;
  refsetRows?: string;
}

/** Conditions on rows that are no signals. The patterns stand in variables, so that no error of DuckDB repeats them. */
async function alsoErased(connection: DuckDBConnection, { needles: { fields } }: Found): Promise<AlsoErased> {
  // A reject that was replayed is kept beside the signal that it has become.
  const replayed = `(load_id, record_no) IN (SELECT (load_id, record_no) FROM ${ERASED})`;
  if (fields === undefined) return { rejects: replayed };
  await connection.run("SET VARIABLE erased_fields = $1", [fields]);
  const isOne = `IN (SELECT lower(trim(text)) FROM ${VALUES} UNION SELECT lower(value) FROM ${VALUES})`;
  return { rejects: `${replayed} OR regexp_matches(raw, getvariable('erased_fields'))`, refsetRows: `lower(trim(key)) ${isOne}` };
}

/** Where the ledger keeps messages, which may repeat what rows had. */
const MESSAGES = ["runs", "loads", "jobs"];

/** Takes the place of messages that name who is erased. */
async function eraseMessages(connection: DuckDBConnection, { needles: { distinct } }: Found): Promise<void> {
  if (distinct === undefined) return;
  await connection.run("SET VARIABLE erased_distinct = $1", [distinct]);
  for (const table of MESSAGES)
    await connection.run(
      `UPDATE signalhouse.${table} SET error = 'a message that named somebody who was forgotten' WHERE regexp_matches(error, getvariable('erased_distinct'))`,
    );
}

async function setsOf(connection: DuckDBConnection, refsetRows = "false"): Promise<string[]> {
  const found = await rows<{ set_name: string }>(
    connection,
    `SELECT DISTINCT set_name FROM signalhouse.refset_rows WHERE ${refsetRows} ORDER BY set_name`,
  );
  return found.map(({ set_name }) => set_name);
}

const COLLECTED = "erased_memory";

/** Collects what is to be remembered, as texts. Of rows that no key says to be somebody's it is the rows themselves. */
async function collect(connection: DuckDBConnection, asked: Asked): Promise<void> {
  const plain = (what: Remembered, value: string, from: string) =>
    `SELECT '${what}' AS what, NULL::VARCHAR AS name, ${hashedText(what, "", value)} AS text FROM ${from}`;
  const names = await rows<{ name: string }>(connection, `SELECT DISTINCT name FROM ${VALUES}`);
  const keys = names.map(
    ({ name }) => `SELECT 'key' AS what, name, ${hashedText("key", name, "value")} AS text FROM ${VALUES} WHERE name = ${quoteText(name)}`,
  );
  const which = "where" in asked ? "true" : "e.why = 'mention'";
  const all = [
    ...keys,
    plain("session", "tltsid", `marts.session_contacts WHERE contact_id IN (FROM ${CONTACTS})`),
    plain("click", "signal_key", `marts.clicks WHERE is_named AND contact_id IN (FROM ${CONTACTS})`),
    plain("signal", signalText("e"), `${ERASED} e WHERE ${which}`),
  ];
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${COLLECTED} AS SELECT DISTINCT * FROM (${all.join(" UNION ALL ")}) WHERE text IS NOT NULL`);
}

async function remember(connection: DuckDBConnection, erasureId: bigint, secret: Buffer): Promise<Forgotten["remembered"]> {
  const key = privacyFingerprint(secret);
  const { others } = await onlyRow<{ others: bigint }>(connection, "SELECT count(*) AS others FROM signalhouse.suppressions WHERE key <> $1", [key]);
  if (others > 0n) {
    throw new SignalhouseError(
      "config_invalid",
      "the privacy key is another one than that of what was forgotten before",
      "Nothing was changed. Take the key from a backup: the file beside the warehouse whose name ends in .privacy-key, or SIGNALHOUSE_PRIVACY_KEY.",
    );
  }
  await useSuppressedHash(connection, secret);
  await connection.run(
    `INSERT INTO signalhouse.suppressions BY NAME SELECT $1::BIGINT AS erasure_id, what, name, hash, $2 AS key FROM (SELECT what, name, ${HASH}(text) AS hash FROM ${COLLECTED})
     WHERE hash NOT IN (SELECT hash FROM signalhouse.suppressions)`,
    [erasureId, key],
  );
  const found = await rows<{ what: Remembered; n: bigint }>(connection, `SELECT what, count(*) AS n FROM ${COLLECTED} GROUP BY what ORDER BY what`);
  return Object.fromEntries(found.map(({ what, n }) => [what, Number(n)]));
}
