/** rejects replay: what can be loaded now is loaded, the rest stays. */
import type { Limits } from "../../schemas/config.ts";
import type { Reject, SignalRecord } from "../../schemas/record.ts";
import { commitReplay, type KeptReject, keptRejects, type RejectedLoad, rejectedLoads } from "../../sinks/replay.ts";
import { Staging } from "../../sinks/staging.ts";
import { inTransaction } from "../../sinks/transaction.ts";
import type { Warehouse } from "../../sinks/warehouse.ts";
import { meaningOf } from "../../transforms/header.ts";
import { expandRows } from "../../transforms/records.ts";
import { type Row, rowsOf } from "../../transforms/rows.ts";
import { Splitter } from "../../transforms/split.ts";

export interface ReplayOptions {
  warehouse: Warehouse;
  limits: Pick<Limits, "maxRecordBytes">;
  /** Only the rejects of this load. */
  loadId?: bigint;
  signal?: AbortSignal;
}

/** What became of a load's rejects. */
export interface ReplayedLoad {
  load_id: bigint;
  path: string;
  replayed: number;
  inserted: number;
  updated: number;
  unchanged: number;
  /** Of somebody who was forgotten: they are rejects no more, and nothing else. */
  suppressed: number;
  still_rejected: number;
}

/**
 * Reads every reject again, with the rules of this version and the text as it stands now: a row may have been mended by
 * `UPDATE signalhouse.rejects SET raw = …`. All of it is one transaction. Memory: the rejects of one load.
 */
export async function replayRejects({ warehouse, limits, loadId, signal }: ReplayOptions): Promise<ReplayedLoad[]> {
  const connection = await warehouse.connect();
  try {
    return await inTransaction(connection, async () => {
      const results: ReplayedLoad[] = [];
      for (const load of await rejectedLoads(connection, loadId)) {
        signal?.throwIfAborted();
        const staging = new Staging(connection);
        const stillRejected = await stage(staging, load, await keptRejects(connection, load.load_id), { warehouse, limits });
        const { records, suppressed, inserted, updated, unchanged } = await commitReplay(staging, load, warehouse.privacyKey);
        results.push({
          load_id: load.load_id,
          path: load.path,
          replayed: records - suppressed,
          inserted,
          updated,
          unchanged,
          suppressed,
          still_rejected: stillRejected,
        });
      }
      return results;
    });
  } finally {
    connection.disconnectSync();
  }
}

/** Stages the rejects that are records now; gives the number of those that are not. */
async function stage(staging: Staging, load: RejectedLoad, rejects: readonly KeptReject[], { warehouse, limits }: ReplayOptions): Promise<number> {
  const first = meaningOf(load.header, warehouse.contactColumns);
  await staging.begin(first);
  const headers = [{ after: 0, header: first }];
  for (const { after, names } of load.laterHeaders) {
    const header = meaningOf(names, warehouse.contactColumns);
    headers.push({ after, header });
    await staging.extend(header, after);
  }
  let stillRejected = 0;
  const splitter = new Splitter(limits.maxRecordBytes);
  for (const { record_no, bytes } of rejects) {
    const rows: (Row | Reject)[] = [];
    for (const piece of splitter.push(bytes)) rows.push(...rowsOf(piece, record_no, limits.maxRecordBytes));
    for (const piece of splitter.end()) rows.push(...rowsOf(piece, record_no, limits.maxRecordBytes));
    const { header } = headers.findLast(({ after }) => after < record_no) ?? { header: first };
    const [record] = await expandRows(rows, header);
    if (rows.length === 1 && record?.kind !== "reject") staging.append([record as SignalRecord]);
    else stillRejected += 1;
  }
  staging.finish();
  return stillRejected;
}
