/** rejects replay: what can be loaded now is loaded, the rest stays. */
import type { Limits } from "../../schemas/config.ts";
import type { Header } from "../../schemas/header.ts";
import type { Reject } from "../../schemas/record.ts";
import { beginReplay, commitReplay, type KeptReject, keptRejects, type RejectedLoad, rejectedLoads } from "../../sinks/replay.ts";
import { Staging } from "../../sinks/staging.ts";
import { inTransaction } from "../../sinks/transaction.ts";
import type { Warehouse } from "../../sinks/warehouse.ts";
import { meaningOf } from "../../transforms/header.ts";
import { expandRows } from "../../transforms/records.ts";
import { type Row, rowsOf } from "../../transforms/rows.ts";
import type { PrivateRecords } from "../../transforms/private-records.ts";
import { Splitter } from "../../transforms/split.ts";
import { privateRecords } from "./privacy.ts";

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
  const privacy = await privateRecords(warehouse);
  const connection = await warehouse.connect();
  try {
    return await inTransaction(connection, async () => {
      const results: ReplayedLoad[] = [];
      for (const load of await rejectedLoads(connection, loadId)) {
        signal?.throwIfAborted();
        await beginReplay(connection, load);
        const staging = new Staging(connection);
        const stillRejected = await stage(staging, load, await keptRejects(connection, load.load_id), { warehouse, limits, privacy });
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

interface StageOptions extends Pick<ReplayOptions, "warehouse" | "limits"> {
  privacy: PrivateRecords | undefined;
}

/** Stages the rejects that are records now, and takes those out that are of somebody who was forgotten; gives the number of those that are neither. */
async function stage(staging: Staging, load: RejectedLoad, rejects: readonly KeptReject[], options: StageOptions): Promise<number> {
  const { warehouse, privacy } = options;
  const first = meaningOf(load.header, warehouse.contactColumns);
  await staging.begin(first);
  const headers = [{ after: 0, header: first }];
  for (const { after, names } of load.laterHeaders) {
    const header = meaningOf(names, warehouse.contactColumns);
    headers.push({ after, header });
    await staging.extend(header, after);
  }
  let stillRejected = 0;
  const splitter = new Splitter(options.limits.maxRecordBytes);
  for (const { record_no, bytes } of rejects) {
    const { header } = headers.findLast(({ after }) => after < record_no) ?? { header: first };
    const rows = await rowsIn(splitter, bytes, record_no, header, options);
    const [record] = await expandRows(rows, privacy?.headerOf(header) ?? header);
    const isOne = rows.length === 1 && record !== undefined;
    if (isOne && record.kind === "reject" && record.isForgotten) {
      staging.append([record]);
      await staging.connection.run("DELETE FROM signalhouse.rejects WHERE load_id = $1 AND record_no = $2", [load.load_id, BigInt(record_no)]);
    } else if (isOne && record.kind !== "reject" && !hasLostKey(rows[0])) staging.append([record]);
    else stillRejected += 1;
  }
  staging.finish();
  return stillRejected;
}

/** Whether a record is one without an id, in a warehouse that does not keep all of a record: what would tell it from another one may be what was left out. */
const hasLostKey = (row: Row | Reject | undefined): boolean => row?.kind === "row" && row.marks?.key !== undefined;

async function rowsIn(
  splitter: Splitter,
  bytes: Buffer,
  recordNo: number,
  header: Header,
  { limits, privacy }: StageOptions,
): Promise<(Row | Reject)[]> {
  const rows: (Row | Reject)[] = [];
  for (const pieces of [splitter.push(bytes), splitter.end()]) {
    for (const piece of pieces) {
      const own = privacy ? await privacy.rewrite(piece, header, recordNo - 1) : piece;
      rows.push(...rowsOf(own, recordNo, limits.maxRecordBytes));
    }
  }
  return rows;
}
