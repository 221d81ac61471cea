/** Taking rejects into the warehouse after all, as part of the load that they came with. */
import type { DuckDBBlobValue, DuckDBConnection } from "@duckdb/node-api";
import type { LaterHeader } from "../schemas/header.ts";
import { addReplayed, type FileIdentity } from "./ledger.ts";
import type { Merged } from "./merge.ts";
import { ledgerRows, seal, signalRows, unseal } from "./seals.ts";
import { rows } from "./sql.ts";
import type { Staging } from "./staging.ts";
import { suppress, SUPPRESSED } from "./suppress.ts";
import type { FindKey } from "./warehouse.ts";
import { AMONG_STAGED, writeStaged } from "./write-staged.ts";

/** A load that has rejects which were not replayed. */
export interface RejectedLoad extends FileIdentity {
  load_id: bigint;
  /** Its file's header row. */
  header: string[];
  /** The header rows behind that one, in order. */
  laterHeaders: LaterHeader[];
}

/** A reject as it is kept. */
export interface KeptReject {
  record_no: number;
  /** The row as it came: `raw_bytes` where there are some, unless `raw` was mended. */
  bytes: Buffer;
}

/** The loads with rejects that were not replayed, oldest first; one load only where `loadId` is given. */
export async function rejectedLoads(connection: DuckDBConnection, loadId?: bigint): Promise<RejectedLoad[]> {
  const found = await rows<{ load_id: bigint; path: string; size: bigint; mtime: bigint; header: { items: string[] }; later_headers: string | null }>(
    connection,
    `SELECT load_id, path, size_bytes AS size, epoch_ms(mtime) AS mtime, header, later_headers FROM signalhouse.loads
     WHERE load_id IN (SELECT load_id FROM signalhouse.rejects WHERE replayed_at IS NULL) AND ($1::BIGINT IS NULL OR load_id = $1) ORDER BY load_id`,
    [loadId ?? null],
  );
  return found.map(({ size, mtime, header, later_headers, ...load }) => {
    const laterHeaders = JSON.parse(later_headers ?? "[]") as LaterHeader[];
    return { ...load, size: Number(size), mtime: Number(mtime), header: header.items, laterHeaders };
  });
}

/** A load's rejects that were not replayed, by record_no. They are held in memory, all of them. */
export async function keptRejects(connection: DuckDBConnection, loadId: bigint): Promise<KeptReject[]> {
  const found = await rows<{ record_no: bigint; raw: string; raw_bytes: DuckDBBlobValue | null }>(
    connection,
    "SELECT record_no, raw, raw_bytes FROM signalhouse.rejects WHERE load_id = $1 AND replayed_at IS NULL ORDER BY record_no",
    [loadId],
  );
  // A text without U+FFFD says it all: it is exact, or somebody has mended it.
  return found.map(({ record_no, raw, raw_bytes }) => ({
    record_no: Number(record_no),
    bytes: Buffer.from(raw_bytes && raw.includes("\ufffd") ? raw_bytes.bytes : raw),
  }));
}

/** Takes the seals off what the ledger has of a load, of which a replay changes some. Within the caller's transaction, before anything is changed; commitReplay() seals it. */
export const beginReplay = (connection: DuckDBConnection, { load_id }: Pick<RejectedLoad, "load_id">): Promise<void> =>
  unseal(connection, ledgerRows(load_id));

/**
 * Merges staged former rejects as records of their load, marks them and corrects the ledger; those of somebody who was forgotten go. Within the caller's transaction.
 * The staging holds the records that are rejects no more, and nothing else.
 */
export async function commitReplay(staging: Staging, load: RejectedLoad, privacyKey: FindKey): Promise<Merged> {
  const { connection } = staging;
  if ((await suppress(staging, privacyKey)) > 0)
    await connection.run(`DELETE FROM signalhouse.rejects WHERE load_id = $1 AND record_no IN (SELECT record_no FROM ${SUPPRESSED})`, [load.load_id]);
  await connection.run(
    `UPDATE signalhouse.rejects SET replayed_at = now() WHERE load_id = $1 AND replayed_at IS NULL
     AND record_no IN (SELECT record_no FROM staged_marketing_signals UNION ALL SELECT record_no FROM staged_behavior_signals)`,
    [load.load_id],
  );
  const counts = await writeStaged(staging, load.load_id, load, {}, "replay");
  await addReplayed(connection, load.load_id, counts);
  await seal(connection, [
    ...ledgerRows(load.load_id),
    ...signalRows(load.load_id, { signals: AMONG_STAGED, items: "signal_key IN (SELECT signal_key FROM staged_order_items)" }),
  ]);
  return counts;
}
