/** One run of an SQL file in a process of its own: `node run-baseline.js SQL WAREHOUSE FILE THREADS [MEMORY]`; prints a LoadFigures as JSON. */
import { readFile } from "node:fs/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import type { LoadFigures } from "./run-load.ts";

const [sqlFile = "", warehouse = "", file = "", threads = "", memory] = process.argv.slice(2);
const statements = (await readFile(sqlFile, "utf8")).replaceAll("{file}", file).split(";\n");
const start = performance.now();
const instance = await DuckDBInstance.create(warehouse, { threads, ...(memory === undefined ? {} : { memory_limit: memory }) });
const connection = await instance.connect();
await connection.run("SET TimeZone = 'UTC'");
for (const sql of statements) if (sql.trim() !== "") await connection.run(sql);
const seconds = () => (performance.now() - start) / 1000;
const counted = await connection.runAndReadAll("SELECT (SELECT count(*) FROM marketing_signals) + (SELECT count(*) FROM behavior_signals)");
connection.disconnectSync();
instance.closeSync();
const figures: LoadFigures = { records: Number(counted.getRows()[0]?.[0]), seconds: seconds(), peakMiB: process.resourceUsage().maxRSS / 1024 };
console.log(JSON.stringify(figures));
