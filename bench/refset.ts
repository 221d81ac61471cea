/** How fast a reference set's file gets from the warehouse to the server, checks included, beside DuckDB's own COPY to a local CSV. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { makeKeyPair, startSandbox } from "../samples/sandbox/sandbox.ts";
import type { ConfigInput } from "../schemas/config.ts";
import { placeOf } from "../sinks/places.ts";
import { openWarehouse } from "../sinks/warehouse.ts";
import { median, ROUNDS } from "./median.ts";
import type { PushFigures } from "./run-refset.ts";

const ROWS = 5_000_000;
const TABLE = "refset_bench";

export interface RefsetRow {
  contender: string;
  "rows/s": number;
  "peak RSS MiB": number | "";
  "seconds to note as pushed": number | "";
}

/** Five million rows of six columns: the vendor's example, with text, money, times and booleans. */
async function filled(folder: string): Promise<string> {
  const path = join(folder, "refset.duckdb");
  if (existsSync(path)) return path;
  const warehouse = await openWarehouse(placeOf(path));
  await warehouse.connection.run(
    `CREATE TABLE ${TABLE} AS SELECT 'W-' || range AS order_id, 'C-' || (range * 7919 % 1000003) AS client_id, ((range * 31) % 2000000 / 100)::DECIMAL(18, 4) AS amount,
     TIMESTAMPTZ '2024-01-01' + to_seconds(range) AS ordered_at, range % 3 = 0 AS is_first, CASE WHEN range % 5 = 0 THEN NULL ELSE 'COUPON, ' || range % 97 END AS coupon
     FROM range(${ROWS})`,
  );
  warehouse.close();
  return path;
}

export async function benchRefset(folder: string): Promise<RefsetRow[]> {
  const warehouse = await filled(folder);
  const served = join(folder, "refset-served");
  await mkdir(served, { recursive: true });
  const pair = makeKeyPair();
  const keyFile = join(folder, "refset-key");
  await rm(keyFile, { force: true });
  await writeFile(keyFile, pair.privateKey, { mode: 0o600 });
  const sandbox = await startSandbox({ folder: served, authorizedKeys: [pair.publicKey] });
  const { host, port, user, fingerprints: hostKeys } = sandbox;
  const config: ConfigInput = { sftp: { host, port, user, keyFile, hostKeys, knownHosts: [] }, warehouse };
  const pushes: PushFigures[] = [];
  const copies: number[] = [];
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const script = fileURLToPath(new URL("run-refset.js", import.meta.url));
      const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(config), TABLE]);
      pushes.push(JSON.parse(stdout) as PushFigures);
      copies.push(await copy(warehouse, join(folder, "refset.csv")));
    }
  } finally {
    await sandbox.close();
    await rm(served, { recursive: true });
  }
  return [
    {
      contender: "signalhouse: staged, checked, streamed to the sandbox's SFTP",
      "rows/s": Math.round(ROWS / median(pushes.map(({ seconds }) => seconds))),
      "peak RSS MiB": Math.round(median(pushes.map(({ peakMiB }) => peakMiB))),
      "seconds to note as pushed": Math.round(median(pushes.map(({ noteSeconds }) => noteSeconds)) * 10) / 10,
    },
    {
      contender: "DuckDB's COPY to a local CSV, one thread, nothing checked",
      "rows/s": Math.round(ROWS / median(copies)),
      "peak RSS MiB": "",
      "seconds to note as pushed": "",
    },
  ];
}

async function copy(warehouse: string, to: string): Promise<number> {
  const instance = await DuckDBInstance.create(warehouse, { access_mode: "READ_ONLY", threads: "1" });
  const connection = await instance.connect();
  const start = performance.now();
  await connection.run(`COPY ${TABLE} TO '${to}' (FORMAT csv, HEADER)`);
  const seconds = (performance.now() - start) / 1000;
  connection.disconnectSync();
  instance.closeSync();
  await rm(to);
  return seconds;
}
