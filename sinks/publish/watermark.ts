/** How far a warehouse has come. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { onlyRow } from "../sql.ts";
import type { Warehouse } from "../warehouse.ts";
import type { Watermark } from "./manifest.ts";

/** What of it there is now. */
export async function watermarkOf({ connection }: Warehouse): Promise<Watermark> {
  const found = await onlyRow<{ change_id: bigint; load_id: bigint; loaded_at: string | null; newest_signal: string | null }>(
    connection,
    `SELECT (SELECT coalesce(max(change_id), 0) FROM signalhouse.changes) AS change_id,
       coalesce(max(load_id), 0) AS load_id, ${iso("max(finished_at)")} AS loaded_at,
       (SELECT ${iso("max(occurred_at)")} FROM (SELECT occurred_at FROM marketing_signals UNION ALL SELECT occurred_at FROM behavior_signals)) AS newest_signal
     FROM signalhouse.loads WHERE status = 'loaded'`,
  );
  return { ...found, change_id: Number(found.change_id), load_id: Number(found.load_id) };
}

/** The last of signalhouse.changes by which somebody was forgotten, or privacy was applied; 0 where neither was. What was published before it has what was erased. */
export async function lastErasure({ connection }: Pick<Warehouse, "connection">): Promise<number> {
  const { last } = await onlyRow<{ last: bigint }>(
    connection,
    "SELECT coalesce(max(change_id), 0) AS last FROM signalhouse.changes WHERE what IN ('erasure', 'privacy')",
  );
  return Number(last);
}

/** What tells a warehouse from another one: when its first load was over, in microseconds since the epoch; null where nothing is loaded. */
export async function originOf(connection: DuckDBConnection): Promise<string | null> {
  const { origin } = await onlyRow<{ origin: string | null }>(
    connection,
    "SELECT arg_min(epoch_us(finished_at), load_id)::VARCHAR AS origin FROM signalhouse.loads WHERE status = 'loaded'",
  );
  return origin;
}

const iso = (time: string) => `strftime(make_timestamp(epoch_us(${time})), '%Y-%m-%dT%H:%M:%S.%fZ')`;
