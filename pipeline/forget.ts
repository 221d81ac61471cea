/** forget: somebody out of the warehouse, its file, and what is published of it; and the proof of that. */
import type { Config } from "../schemas/config.ts";
import type { Table } from "../schemas/signal-types.ts";
import { forget as erase, type Forgotten, lookForgotten } from "../sinks/erasure/forget.ts";
import { eraseExpired } from "../sinks/erasure/retention.ts";
import type { Search, Trace } from "../sinks/erasure/proof.ts";
import { type Asked, assertAsked } from "../sinks/erasure/who.ts";
import { interruptible } from "../sinks/interrupt.ts";
import { keyedHash } from "../schemas/keyed-hash.ts";
import { keptPrivacy, privacySecret } from "../sinks/privacy.ts";
import { inTransaction } from "../sinks/transaction.ts";
import { findKey, makeKey, PRIVACY_KEY } from "./common/warehouse-key.ts";
import { endsAs } from "./library.ts";
import { type ErasingContext, publishWithout, rewriteWhereDue, searchAll } from "./erased.ts";
import { publishChanges } from "./publish.ts";

export interface ForgetContext extends ErasingContext {
  /** Is told of the file with the privacy key, where it is made. */
  onKey: (file: string) => void;
}

/** What is to be kept of an erasure: who it was cannot be told from it without the key. */
export interface Receipt {
  /** Null where nothing was changed. */
  erasureId: bigint | null;
  /** Milliseconds since the epoch; null where nothing was changed. */
  erasedAt: number | null;
  /** What was asked for, as a keyed hash of the address, key or condition; null where nothing was changed. */
  asked: { what: "email" | "contact_key" | "where"; hash: string | null };
  contacts: number;
  sharing: number;
  tables: Record<string, number>;
  left: Partial<Record<Table, number>>;
  referenceSets: string[];
  remembered: Forgotten["remembered"];
  /** The version of the published copy that has nothing of it; null where none is configured. */
  publishedVersion: number | null;
  /** Null where nothing was changed. */
  proof: (Search & { ok: boolean }) | null;
}

/**
 * Erases what has been kept for as long as retention says, as each run that loads does, and then writes the file anew, so that it is gone from there, and publishes what is left.
 * @returns how many rows each table has less
 * @throws SignalhouseError warehouse_missing, disk_full, …; the signal's reason
 */
export async function forgetExpired(config: Config, context: ErasingContext): Promise<Record<string, number>> {
  const { door, clock, signal, publish, step } = context;
  // A mistyped path is no warehouse to make.
  await door.toRead(async () => undefined, { mayLack: "anything" });
  step("rows");
  const tables = await door.toRun(
    "forget",
    endsAs<Record<string, number>>(() => "done", { signal }),
    ({ connection }, runId) => interruptible(connection, signal, () => eraseExpired(connection, config.retention, { runId, now: clock.now() })),
  );
  step("file");
  await rewriteWhereDue(context);
  await publishChanges(config, publish);
  return tables;
}

/** What would be erased. @throws SignalhouseError usage, query_failed, warehouse_missing, … */
export async function lookToForget(
  { warehouse }: Pick<Config, "warehouse">,
  asked: Asked,
  { door, privacyKey }: Pick<ErasingContext, "door" | "privacyKey">,
): Promise<Receipt> {
  const secret = await findKey(PRIVACY_KEY, privacyKey, warehouse);
  const found = await door.toRead(({ connection }) => lookForgotten(connection, asked, secret), { isLimited: true });
  return receiptOf(found, { asked: { ...askedOf(asked), hash: null }, erasedAt: null, publishedVersion: null, proof: null });
}

/**
 * Forgets somebody, in steps: the rows in one transaction, the file, the published copy, the proof. What is done is done, whatever ends it in between; the same again does the rest.
 * @throws SignalhouseError usage, query_failed, config_invalid, warehouse_missing, disk_full, …; the signal's reason
 */
export async function forget(config: Config, asked: Asked, context: ForgetContext): Promise<Receipt> {
  const { door, clock, signal, step, privacyKey, onKey } = context;
  // A mistyped path is no warehouse to make, and a condition that is wrong is none to note.
  await door.toRead(
    async ({ connection }) => {
      await assertAsked(connection, asked);
      const kept = await keptPrivacy(connection);
      if (kept) await privacySecret(connection, () => findKey(PRIVACY_KEY, privacyKey, config.warehouse), kept);
    },
    { mayLack: "anything" },
  );
  const { key, made } = await makeKey(PRIVACY_KEY, privacyKey, config.warehouse);
  if (made !== undefined) onKey(made);
  step("rows");
  const found = await door.toRun(
    "forget",
    endsAs<Forgotten>(() => "done", { signal }),
    ({ connection }, runId) => interruptible(connection, signal, () => inTransaction(connection, () => erase(connection, asked, key, runId))),
  );
  const erasedAt = clock.now();
  step("file");
  await rewriteWhereDue(context);
  const publishedVersion = await publishWithout(config, context);
  step("proof");
  const search = await searchAll(config, context, found.needles);
  const { what, text } = askedOf(asked);
  return receiptOf(found, {
    asked: { what, hash: keyedHash(key, text.trim().toLowerCase()) },
    erasedAt,
    publishedVersion,
    proof: { ...search, ok: search.found.every((trace) => isTold(trace, found.left)) },
  });
}

/** Whether it is known of a place that something is left there: signals of others, and what is made of these. */
function isTold({ place, rows }: Trace, left: Forgotten["left"]): boolean {
  if (rows === null) return false;
  if (place.startsWith("marts.") || place === "order_items") return Object.keys(left).length > 0;
  return rows <= (left[place as Table] ?? 0);
}

function askedOf(asked: Asked): { what: Receipt["asked"]["what"]; text: string } {
  if ("email" in asked) return { what: "email", text: asked.email };
  return "where" in asked ? { what: "where", text: asked.where } : { what: "contact_key", text: asked.contactKey };
}

function receiptOf(
  { erasureId, contacts, sharing, tables, left, referenceSets, remembered }: Forgotten,
  { asked: { what, hash }, ...rest }: Pick<Receipt, "asked" | "erasedAt" | "publishedVersion" | "proof">,
): Receipt {
  return { erasureId, asked: { what, hash }, contacts, sharing, tables, left, referenceSets, remembered, ...rest };
}
