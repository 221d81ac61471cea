/** A warehouse, a copy and a reference set after a round, against what is known of them. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Truth } from "../../samples/generator/truth.ts";
import { checkWarehouse, expectedFigures, type FinalFile, leftIn } from "../soak/check.ts";
import { temporaryFolder } from "../soak/command.ts";
import type { Place } from "./place.ts";

type Rows = Record<string, unknown>[];

/** What SQL says of a DuckDB file, asked by DuckDB alone. */
async function ask(path: string, statements: readonly string[]): Promise<Rows[]> {
  const instance = await DuckDBInstance.create(path, { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  try {
    const answers: Rows[] = [];
    for (const sql of statements) answers.push((await connection.runAndReadAll(sql)).getRowObjectsJson());
    return answers;
  } finally {
    connection.disconnectSync();
    instance.closeSync();
  }
}

const ALL = "(SELECT signal_type, signal_key FROM marketing_signals UNION ALL SELECT signal_type, signal_key FROM behavior_signals)";

/** What there may be none of. */
const NONE: Record<string, string> = {
  "signals that are there twice": `SELECT count(*) - count(DISTINCT (signal_type, signal_key)) AS n FROM ${ALL}`,
  "order items that are there twice": "SELECT count(*) - count(DISTINCT (signal_key, item_no)) AS n FROM order_items",
  "order items of no order": "SELECT count(*) AS n FROM order_items ANTI JOIN behavior_signals USING (signal_key)",
  "signals of no load": `SELECT count(*) AS n FROM (SELECT load_id FROM marketing_signals UNION ALL SELECT load_id FROM behavior_signals)
    WHERE load_id NOT IN (SELECT load_id FROM signalhouse.loads WHERE status = 'loaded')`,
  "signals beside those that the ledger has inserted": `SELECT (SELECT count(*) FROM ${ALL}) - (SELECT coalesce(sum(inserted), 0) FROM signalhouse.loads WHERE status = 'loaded') AS n`,
  "records that the ledger cannot account for":
    "SELECT count(*) AS n FROM signalhouse.loads WHERE records <> inserted + updated + unchanged + rejected",
  rejects: "SELECT count(*) AS n FROM signalhouse.rejects",
};

/** @param files those that must be known to the ledger. @returns what is not as it must be */
export async function wrongInWarehouse(place: Place, truth: Truth, files: readonly FinalFile[] = []): Promise<string[]> {
  const wrong = await checkWarehouse(place.warehouse, { figures: expectedFigures([truth]), files, rubbish: new Set() });
  const answers = await ask(place.warehouse, Object.values(NONE));
  for (const [index, name] of Object.keys(NONE).entries()) {
    const n = Number(answers[index]?.[0]?.["n"]);
    if (n !== 0) wrong.push(`${n} ${name}`);
  }
  return wrong;
}

/** What lies in the user's folders, and in the machine's memory, that should be gone. */
export async function leftOf(place: Place): Promise<string[]> {
  const { home, pids } = place;
  const left = (await leftIn(home, temporaryFolder(home))).filter((path) => !path.endsWith(".publish-key"));
  const memory = readdirSync("/dev/shm").filter((name) => pids.has(Number(/^signalhouse-\w+-(\d+)-/.exec(name)?.[1])));
  return [...left, ...memory.map((name) => `/dev/shm/${name}`)].map((path) => `${path} is left`);
}

/** The jobs that were written down, with where they stand; none where there is no warehouse yet. */
export async function writtenJobs({ warehouse }: Place): Promise<{ name: string; status: string }[]> {
  if (!existsSync(warehouse)) return [];
  const [tables] = await ask(warehouse, ["SELECT 1 AS found FROM duckdb_tables() WHERE schema_name = 'signalhouse' AND table_name = 'jobs'"]);
  if (tables?.length === 0) return [];
  const [jobs] = await ask(warehouse, ["SELECT name, status FROM signalhouse.jobs"]);
  return jobs as { name: string; status: string }[];
}

/** The jobs that are not over, as what is wrong. */
export async function openJobs(place: Place): Promise<string[]> {
  const open = (await writtenJobs(place)).filter(({ status }) => !["loaded", "imported", "failed"].includes(status));
  return open.map(({ name, status }) => `the job ${name} is ${status}`);
}

/** What a published copy says, as whoever reads it sees it; undefined where nothing is published. */
export async function published(copy: string): Promise<{ signals: number; orders: string } | undefined> {
  const file = join(copy, "current/signals.duckdb");
  if (!existsSync(file)) return undefined;
  const [, row = []] = await ask(file, [
    `SET VARIABLE signalhouse_copy = '${copy}'`,
    `SELECT (SELECT count(*) FROM marketing_signals)::INTEGER + (SELECT count(*) FROM behavior_signals)::INTEGER AS signals,
      (SELECT coalesce(sum(order_value), 0)::DECIMAL(38, 4)::VARCHAR FROM behavior_signals) AS orders`,
  ]);
  return row[0] as { signals: number; orders: string };
}
