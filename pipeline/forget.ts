/** forget: somebody out of the warehouse, its file, and what is published of it; and the proof of that. */
import type { Config } from "../schemas/config.ts";
import type { Table } from "../schemas/signal-types.ts";
import { forget as erase, type Forgotten, lookForgotten } from "../sinks/erasure/forget.ts";
import { eraseExpired } from "../sinks/erasure/retention.ts";
import { filesBelow, filesBeside, readParquet, readTables, type Search, searchFiles, type Trace } from "../sinks/erasure/proof.ts";
import { isRewritingDue, rewriteFile } from "../sinks/erasure/rewrite.ts";
import { type Asked, assertAsked } from "../sinks/erasure/who.ts";
import type { Needles } from "../sinks/erasure/needles.ts";
import { interruptible } from "../sinks/interrupt.ts";
import { keyedHash } from "../sinks/keyed-hash.ts";
import { removeErased } from "../sinks/publish/index.ts";
import { lastErasure } from "../sinks/publish/watermark.ts";
import { inTransaction } from "../sinks/transaction.ts";
import type { Clock } from "./common/clock.ts";
import type { Door } from "./common/door.ts";
import { keyFileOf, makeKey, PRIVACY_KEY, PUBLISH_KEY } from "./common/warehouse-key.ts";
import { endsAs } from "./library.ts";
import { type PublishContext, publishChanges } from "./publish.ts";

export interface ForgetContext {
  door: Door;
  clock: Clock;
  signal: AbortSignal;
  /** The privacy key, where it is not that of the file beside the warehouse. */
  privacyKey?: string | undefined;
  /** For the published copy. */
  publish: PublishContext;
  /** Is told of the file with the privacy key, where it is made. */
  onKey: (file: string) => void;
  /** Is told before each step. */
  step: (name: "rows" | "file" | "copy" | "proof") => void;
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
export async function forgetExpired(config: Config, context: ForgetContext): Promise<Record<string, number>> {
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
  await rewriteWhereDue(door, signal);
  await publishChanges(config, publish);
  return tables;
}

/** What would be erased. @throws SignalhouseError usage, query_failed, warehouse_missing, … */
export async function lookToForget(asked: Asked, { door }: Pick<ForgetContext, "door">): Promise<Receipt> {
  const found = await door.toRead(({ connection }) => lookForgotten(connection, asked), { isLimited: true });
  return receiptOf(found, { asked: { ...askedOf(asked), hash: null }, erasedAt: null, publishedVersion: null, proof: null });
}

/**
 * Forgets somebody, in steps: the rows in one transaction, the file, the published copy, the proof. What is done is done, whatever ends it in between; the same again does the rest.
 * @throws SignalhouseError usage, query_failed, config_invalid, warehouse_missing, disk_full, …; the signal's reason
 */
export async function forget(config: Config, asked: Asked, context: ForgetContext): Promise<Receipt> {
  const { door, clock, signal, step, privacyKey, onKey } = context;
  // A mistyped path is no warehouse to make, and a condition that is wrong is none to note.
  await door.toRead(({ connection }) => assertAsked(connection, asked), { mayLack: "anything" });
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
  await rewriteWhereDue(door, signal);
  const publishedVersion = await publishWithout(config, context);
  step("proof");
  const search = await prove(config, context, found.needles);
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

/** Writes the warehouse's file anew, where something was erased since that was last done. */
async function rewriteWhereDue(door: Door, signal: AbortSignal): Promise<void> {
  await door.toWrite(async (warehouse) => {
    if (await isRewritingDue(warehouse)) await interruptible(warehouse.connection, signal, () => rewriteFile(warehouse));
  });
}

/** Publishes what is left, and takes away at once what was published before. @returns the version; null where there is no copy */
async function publishWithout(config: Config, { door, clock, signal, publish, step }: ForgetContext): Promise<number | null> {
  const { to } = config.publish;
  if (to === undefined) return null;
  step("copy");
  await publishChanges(config, publish);
  const erased = await door.toRead(lastErasure, { isLimited: true });
  // Who reads live.duckdb is still shown the version before, for a moment.
  const wait = (until: number) => clock.wait(Math.max(0, until - clock.now()), signal);
  return removeErased(to, erased, wait);
}

/** Searches the warehouse, what lies beside it, and the published copy. */
async function prove({ warehouse, publish: { to } }: Config, { door }: ForgetContext, needles: Needles): Promise<Search> {
  const copied = to === undefined ? [] : await filesBelow(to);
  const isParquet = (file: string) => file.endsWith(".parquet");
  const read = await door.toRead(
    async ({ connection }) => {
      const tables = await readTables(connection, needles);
      const files = await readParquet(connection, copied.filter(isParquet), needles);
      return { tables: tables.tables, found: [...tables.found, ...files.found], isPart: tables.isPart || files.isPart };
    },
    { isLimited: true },
  );
  const keys = [PRIVACY_KEY, PUBLISH_KEY].map((use) => keyFileOf(use, warehouse));
  const files = [...(warehouse === ":memory:" ? [] : await filesBeside(warehouse)), ...copied].filter((file) => !keys.includes(file));
  if (needles.distinct === undefined) return { tables: 0, files: 0, bytes: false, found: [] };
  // Where rows have it still, or others have it as a part of theirs, so have the bytes.
  const bytes = !read.isPart && read.found.length === 0;
  const searched = bytes ? files : copied.filter(isParquet);
  return { tables: read.tables, files: searched.length, bytes, found: [...read.found, ...(bytes ? await searchFiles(files, needles) : [])] };
}
