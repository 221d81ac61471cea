/** privacy apply: what the configuration's privacy lists out of a warehouse that was loaded without it, its file, and what is published of it; and the proof of that. */
import { randomBytes } from "node:crypto";
import type { Config } from "../schemas/config.ts";
import { isSignalhouseError, SignalhouseError } from "../schemas/errors.ts";
import { quoteIdentifier as id } from "../schemas/names.ts";
import { doubtful, isPseudonym, listedAs, listsAny, type PrivacySettings } from "../schemas/privacy.ts";
import { TABLES } from "../schemas/tables.ts";
import { contactColumns } from "../sinks/contact-columns.ts";
import { type AppliedPrivacy, applyPrivacy, isAny, type PrivacyReader } from "../sinks/erasure/apply-privacy.ts";
import { needlesOf } from "../sinks/erasure/needles.ts";
import type { Search } from "../sinks/erasure/proof.ts";
import { interruptible } from "../sinks/interrupt.ts";
import { assertApplied, contactKeys, keptPrivacy, privacySecret } from "../sinks/privacy.ts";
import { isPseudonymSql } from "../sinks/pseudonym-sql.ts";
import { rows } from "../sinks/sql.ts";
import { inTransaction, Transaction } from "../sinks/transaction.ts";
import type { Warehouse } from "../sinks/warehouse.ts";
import { meaningOf } from "../transforms/header.ts";
import { PrivateRecords } from "../transforms/private-records.ts";
import { privateReject } from "../transforms/private-rejects.ts";
import { PrivateRows } from "../transforms/private-rows.ts";
import type { Door } from "./common/door.ts";
import { type ErasingContext, publishWithout, rewriteWhereDue, searchAll } from "./erased.ts";
import { endsAs } from "./library.ts";

/** What was applied, and what that changed. */
export interface PrivacyReceipt {
  /** Milliseconds since the epoch; null where nothing was changed. */
  appliedAt: number | null;
  settings: PrivacySettings;
  changed: AppliedPrivacy;
  /** Names that nothing is known of, with those that may be meant. */
  doubtful: ReturnType<typeof doubtful>;
  /** The version of the published copy that has nothing of it; null where none is configured. */
  publishedVersion: number | null;
  /** Null where nothing was changed. `elsewhere`: tables that have one of the values in some text that is not listed. */
  proof: (Search & { elsewhere: Search["found"]; left: AppliedPrivacy; ok: boolean }) | null;
}

/** Values that are looked for afterwards, of each column, and of all fields. */
const SAMPLE = 200;

/**
 * Whether loads can be made by what the configuration lists. Only reads.
 * @returns names that nothing is known of, and whether there is a warehouse
 * @throws SignalhouseError config_invalid where they would be refused; key_file_open, warehouse_locked, …
 */
export async function lookAtPrivacy(
  { privacy }: Pick<Config, "privacy">,
  door: Pick<Door, "toRead">,
): Promise<{ doubtful: ReturnType<typeof doubtful>; isThere: boolean }> {
  const look = door.toRead(
    async ({ connection, privacyKey }) => {
      await assertApplied({ connection, privacy });
      const kept = await keptPrivacy(connection);
      if (kept) await privacySecret(connection, privacyKey, kept);
      const columns = await contactColumns(connection);
      const names = columns.map(({ header }) => header);
      return { doubtful: doubtful(privacy, names), isThere: true };
    },
    { mayLack: "anything" },
  );
  return look.catch((error: unknown) => {
    if (isSignalhouseError(error, "warehouse_missing")) return { doubtful: doubtful(privacy, []), isThere: false };
    throw error;
  });
}

/** What would be changed: it is, and is taken back. @throws as privacyApply */
export async function lookToApply(config: Config, { door, signal }: Pick<ErasingContext, "door" | "signal">): Promise<PrivacyReceipt> {
  await assertAny(config, door);
  return door.toWrite(async (warehouse) => {
    const changed = await interruptible(warehouse.connection, signal, () => takenBack(warehouse, config));
    const names = (await contactColumns(warehouse.connection)).map(({ header }) => header);
    const { privacy: settings } = config;
    return { appliedAt: null, settings, changed, doubtful: doubtful(settings, names), publishedVersion: null, proof: null };
  });
}

/**
 * Applies it, in steps: all rows in one transaction, the file, the published copy, the proof. What is done is done, whatever ends it in between; the same again does the rest.
 * @throws SignalhouseError usage, warehouse_missing, config_invalid, key_file_open, disk_full, …; the signal's reason
 */
export async function privacyApply(config: Config, context: ErasingContext): Promise<PrivacyReceipt> {
  const { door, clock, signal, step } = context;
  await assertAny(config, door);
  step("rows");
  const applied = await door.toRun(
    "privacy apply",
    endsAs<Awaited<ReturnType<typeof applyTo>>>(() => "done", { signal }),
    (warehouse) => interruptible(warehouse.connection, signal, () => applyTo(warehouse, config)),
  );
  const appliedAt = clock.now();
  step("file");
  await rewriteWhereDue(context);
  // Where nothing was changed, too: one that was interrupted may not have come so far.
  const publishedVersion = await publishWithout(config, context);
  step("proof");
  const search = await searchAll(config, context, needlesOf(applied.sample));
  const left = await door.toWrite((warehouse) => interruptible(warehouse.connection, signal, () => takenBack(warehouse, config)));
  const elsewhere = search.found.filter(({ rows }) => rows !== null);
  const proof = { ...search, elsewhere, left, ok: !isAny(left) && search.found.length === elsewhere.length };
  return { appliedAt, settings: config.privacy, changed: applied.changed, doubtful: applied.doubtful, publishedVersion, proof };
}

/** Makes sure that there is something to apply, and a warehouse: a mistyped path is none to make. @throws SignalhouseError usage, warehouse_missing, … */
async function assertAny({ privacy }: Pick<Config, "privacy">, door: Pick<Door, "toRead">): Promise<void> {
  const kept = await door.toRead(({ connection }) => keptPrivacy(connection), { mayLack: "anything" });
  if (kept || listsAny(privacy)) return;
  throw new SignalhouseError(
    "usage",
    "the configuration's privacy lists nothing, so that all is kept as it comes",
    'Nothing was changed. List something there first: "privacy": { "columns": { "Email": "pseudonym" }, "fields": { "ipAddress": "drop" } }',
  );
}

/** All of it in one transaction. @throws as privacyApply */
export async function applyTo(warehouse: Warehouse, { privacy }: Pick<Config, "privacy">) {
  const { connection, privacyKey } = warehouse;
  const columns = await contactColumns(connection);
  const secret = await privacySecret(connection, privacyKey, await keptPrivacy(connection));
  const sample = await sampleOf(connection, privacy);
  const seen = new Set<string>();
  const reader = await readerOf(warehouse, privacy, secret, (value) => seen.size < SAMPLE && !isPseudonym(value) && seen.add(value));
  const changed = await inTransaction(connection, () => applyPrivacy(connection, privacy, secret, reader));
  return {
    changed,
    sample: [...sample, ...seen],
    doubtful: doubtful(
      privacy,
      columns.map(({ header }) => header),
    ),
  };
}

/** Applies it and takes that back. @returns what it changed */
async function takenBack(warehouse: Warehouse, { privacy }: Pick<Config, "privacy">): Promise<AppliedPrivacy> {
  const { connection, privacyKey } = warehouse;
  const kept = await keptPrivacy(connection);
  // To look at what there is takes no key that is kept.
  const secret = await privacySecret(connection, async () => (await privacyKey()) ?? (kept ? undefined : randomBytes(32)), kept);
  const reader = await readerOf(warehouse, privacy, secret);
  const transaction = await Transaction.begin(connection);
  try {
    return await applyPrivacy(connection, privacy, secret, reader);
  } finally {
    await transaction.rollback();
  }
}

async function readerOf(
  { connection }: Warehouse,
  settings: PrivacySettings,
  secret: Buffer,
  onValue?: (value: string) => void,
): Promise<PrivacyReader> {
  const columns = await contactColumns(connection);
  const records = new PrivateRecords({ ...settings, secret, keys: await contactKeys(connection), forgotten: new Map() }, onValue);
  const ofRows = new PrivateRows(records, columns);
  return {
    words: ofRows.words,
    row: (row) => ofRows.rewrite(row),
    reject: (reject, bytes, names) => privateReject(reject, bytes, meaningOf(names, columns), records, LONGEST_REJECT),
  };
}

/** Rejects are kept whole, whatever the limit was. */
const LONGEST_REJECT = 512 * 1024 * 1024;

/** Some values of listed columns that stand in the warehouse as they came. */
async function sampleOf(connection: Warehouse["connection"], { columns }: PrivacySettings): Promise<string[]> {
  const listed = (await contactColumns(connection)).filter(({ header }) => Object.keys(columns).some((name) => listedAs(name) === listedAs(header)));
  const selects = listed.flatMap(({ column }) =>
    TABLES.map(
      (table) =>
        `(SELECT DISTINCT ${id(column)} AS value FROM ${table} WHERE ${id(column)} IS NOT NULL AND NOT ${isPseudonymSql(id(column))} LIMIT ${SAMPLE})`,
    ),
  );
  if (selects.length === 0) return [];
  return (await rows<{ value: string }>(connection, `SELECT DISTINCT value FROM (${selects.join(" UNION ALL ")})`)).map(({ value }) => value);
}
