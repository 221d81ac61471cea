/** How long a sync with nothing new takes after the listing, with 10,000 files in the ledger. */
import { join } from "node:path";
import { planSync } from "../pipeline/load/plan.ts";
import { knownFiles } from "../sinks/ledger.ts";
import { placeOf } from "../sinks/places.ts";
import { openWarehouse } from "../sinks/warehouse.ts";
import { rm } from "node:fs/promises";
import { median, ROUNDS } from "./median.ts";

const FILES = 10_000;
const MTIME = Date.UTC(2025, 0, 1);

export interface SyncRow {
  step: string;
  seconds: number;
}

/** Opens the warehouse, reads the ledger and plans: all that a sync with nothing new does beside listing. */
export async function benchNothingNew(folder: string): Promise<SyncRow[]> {
  const path = join(folder, "ledger.duckdb");
  await rm(path, { force: true });
  const warehouse = await openWarehouse(placeOf(path));
  await warehouse.connection.run(
    `INSERT INTO signalhouse.loads BY NAME SELECT i AS load_id, 'Export/Signals/' || i || '.csv.gz' AS path, 1000 + i AS size_bytes, make_timestamptz(${MTIME * 1000} + i * 1000000) AS mtime,
       md5(i::VARCHAR) AS sha256, 1 AS records, 1 AS inserted, 0 AS updated, 0 AS unchanged, 0 AS rejected, 'loaded' AS status, now() AS started_at FROM range(${FILES}) r(i)`,
  );
  warehouse.close();
  const listing = Array.from({ length: FILES }, (_, i) => ({ path: `Export/Signals/${i}.csv.gz`, size: 1000 + i, mtime: MTIME + i * 1000 }));

  const seconds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    const opened = await openWarehouse(placeOf(path));
    const planned = planSync(listing, await knownFiles(opened.connection));
    opened.close();
    seconds.push((performance.now() - start) / 1000);
    if (planned.some(({ decision }) => decision.action === "load")) throw new Error("something was new");
  }
  await rm(path, { force: true });
  return [{ step: `open, read ${FILES.toLocaleString("en")} loads, plan, close`, seconds: Math.round(median(seconds) * 1000) / 1000 }];
}
