/** `npm run bench`: runs every benchmark, or those that are named (vector, marts-fill, marts-keep, marts-questions, report, publish, publish-large, vector-stages, vector-splitter, vector-growth, vector-overlap, vector-no-ids, vector-sync, load, start, growth, sync, sftp, refset), and writes bench/RESULTS.md. BENCH_ROUNDS says how often each contender runs, BENCH_MAIN how many records most files of the vector path have. */
import { cpus, totalmem } from "node:os";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { benchGrowth } from "./growth.ts";
import { benchLoad } from "./load.ts";
import { benchMartsFill, benchMartsKeep, benchMartsQuestions } from "./marts.ts";
import { benchPublish, benchPublishLarge } from "./publish.ts";
import { benchRefset } from "./refset.ts";
import { benchReport } from "./report.ts";
import { benchSftp } from "./sftp.ts";
import { benchVectorStages } from "./stages.ts";
import { benchVectorSplitter } from "./splitter.ts";
import { benchStart } from "./start.ts";
import { benchNothingNew } from "./sync.ts";
import { benchVector, benchVectorGrowth, benchVectorNoIds, benchVectorOverlap, benchVectorSync } from "./vector.ts";

const ROOT = fileURLToPath(new URL("../../bench/", import.meta.url));
const DATA = `${ROOT}.data`;

interface Benchmark {
  title: string;
  method: string;
  run: () => Promise<object[]>;
}

const BENCHMARKS: Record<string, Benchmark> = {
  vector: {
    title: "The vector path beside SQL: two million records, .csv.gz to the committed warehouse",
    method:
      "The generator's standard file (72 columns, 1.7 GB unpacked). Contenders in turn, each run in a process of its own into a new warehouse, with its default memory. Seconds are those of the load; CPU seconds (user and system) those of the whole process, its start included, as the shell's `times` tells them; peak RSS the process's. Medians. signalhouse does all of its work (merge, ledger, rejects, drift). bench/duckdb-baseline.sql only fills the tables. dlt (bench/dlt-load.py, where BENCH_PYTHON names a Python that has it: `python3 -m pip install --target /tmp/dlt \"dlt[duckdb]==1.31.*\" pyarrow`, then BENCH_PYTHON=python3 PYTHONPATH=/tmp/dlt) only copies the rows as they are, as text, into one table, with nothing expanded, by its reader read_csv_duckdb, Arrow and Parquet. Sling is not among them: its package on PyPI downloads the program when it is first run. BENCH_OTHER names the folder of another version of signalhouse, built, as a further contender.",
    run: () => benchVector(DATA),
  },
  "vector-stages": {
    title: "The vector path: its serial stages, which more cores cannot shorten",
    method:
      "CPU seconds of a load of the file of the section before. Node's main thread: of its process, from start to end, the close of the warehouse included. gunzip: alone, without the main thread's part. DuckDB's statements run one after the other, on whichever of libuv's threads: each takes what all threads but the main one take while it runs, and where DuckDB has several threads then (at most limits.threads), that is divided by them; this load reads the file unpacked, since gunzip would run meanwhile. V8's own threads are among the statements' seconds. Medians. The aim is 4 seconds a million records for the longest, at most 6.",
    run: () => benchVectorStages(DATA),
  },
  "marts-fill": {
    title: "Marts: filled anew, for twenty million signals",
    method:
      "A million generated signals, twenty times, with ids, contacts, sessions and orders of their own, each 18 days after the other. What is measured is opening a warehouse that has no marts, which makes them and fills all of their tables, with the default memory and with more. It may peak at 2 GB.",
    run: () => benchMartsFill(DATA),
  },
  "marts-keep": {
    title: "Marts: kept up",
    method:
      "The same warehouse. A load of 200,000 signals of the day after all others, as a load of every day is, and one of its first day: of contacts and messages that are there, to which nearly all that is there of these days may have to do. Each keeps the marts up, which is done once more by itself to be measured. It may take a quarter of the load. CPU seconds of a load are those of its process. In turn, medians.",
    run: () => benchMartsKeep(DATA),
  },
  "marts-questions": {
    title: "Marts: the questions of the cookbook",
    method: "The same warehouse, docs/cookbook.md's SQL, with all memory and two threads, the second time in a process. The aim is 2 seconds each.",
    run: () => benchMartsQuestions(DATA),
  },
  report: {
    title: "The report",
    method:
      "The same warehouse: report() of the library, which opens it, with its own memory for DuckDB (600 MB) and all threads, each in a process of its own. The aim is 20 seconds and 1 GB for a year of twenty million signals. In turn, medians.",
    run: () => benchReport(DATA),
  },
  publish: {
    title: "Publish: a million signals over a year",
    method:
      "A million generated signals over 365 days. publish() of the library into a new folder, then once more after a load of 2,740 records of one of the days, each in a process of its own, with its own memory for DuckDB (limits.memory) and one thread. The first may take 30 CPU seconds, the second one 5. Medians. What readers see meanwhile is tried by test/published-readers.test.ts.",
    run: () => benchPublish(DATA),
  },
  "publish-large": {
    title: "Publish: twenty million signals",
    method:
      "The warehouse of twenty million signals of the sections marts, once; the load is of 54,800 records of the day after all others. Else as before. The second one may take a tenth of the first.",
    run: () => benchPublishLarge(DATA),
  },
  "vector-splitter": {
    title: "The vector path: Node's part of it",
    method: "MB of unpacked text a second, on one core. The aim for the splitter is 400.",
    run: () => benchVectorSplitter(DATA),
  },
  "vector-growth": {
    title: "The vector path: how it grows",
    method:
      "With the default memory, each load into a new warehouse; the last column compares the peaks, of which the largest file's may be 1.2 times the smallest's (the aim: 1.1). In turn, medians.",
    run: () => benchVectorGrowth(DATA),
  },
  "vector-overlap": {
    title: "The vector path: signals that are there already",
    method: "200,000 records; alone is the same file into an empty warehouse. In turn, medians.",
    run: () => benchVectorOverlap(DATA),
  },
  "vector-no-ids": {
    title: "The vector path: behavior signals without an id",
    method:
      "The standard file of two million records, and the same with every SIGNAL_ID of behavior empty: each key is made of what the signal says. In turn, medians. The aim is 1.1 times, at most 1.2.",
    run: () => benchVectorNoIds(DATA),
  },
  "vector-sync": {
    title: "The vector path: a sync beside its parts",
    method:
      "One file of a million records from a server on loopback. The sandbox is this process, on the same two cores. In turn, medians. The aim is 1.05 times the longer one, at most 1.15.",
    run: () => benchVectorSync(DATA),
  },
  load: {
    title: "Load: .csv.gz to the committed warehouse",
    method:
      "The generator's standard file (72 columns). Each load is a process of its own, into a new warehouse, with a memory limit of 192MB; its peak RSS is the process's. The lines below it are the limits of its parts, which do far less.",
    run: () => benchLoad(DATA),
  },
  start: {
    title: "Start: what a command takes that has next to nothing to do",
    method:
      "Seconds from the start of a process to its end, NODE_EXTRA_CA_CERTS unset (Node 20 reads these certificates at each start). The export has one record. In turn, medians of eleven. Aims: loads and status 0.2, at the most 0.35; --help 0.08, at the most 0.15. Where BENCH_OTHER names the folder of another version, its times, too; where BENCH_NODE names another Node, it runs that.",
    run: () => benchStart(DATA),
  },
  growth: {
    title: "Load: the same file into an empty and into a full warehouse",
    method:
      "200,000 records on the vector path, with the default memory limit of 512MB. The full warehouses are filled by SQL, with rows of other years that have a key, a type, a time and hashes only; all but the empty one have loaded a file of 200,000 records before. In turn, medians. The peak may be limits.memory and 400 MB.",
    run: () => benchGrowth(DATA),
  },
  sync: {
    title: "Sync with nothing new",
    method: "After the listing, with 10,000 files on the server and in the ledger.",
    run: () => benchNothingNew(DATA),
  },
  sftp: {
    title: "SFTP: reading one file, MB/s",
    method: "From OpenSSH's sshd on loopback, directly and through a proxy process that adds 80 ms of round trip. Nothing is written to a disk.",
    run: benchSftp,
  },
  refset: {
    title: "Reference set: five million rows of six columns, from the warehouse to the server",
    method:
      "All values checked, keys too; each push is a process of its own with the default memory limit, the sandbox is the benchmark's process on the same two cores. The aim is 150,000 rows/s in at most 500 MB.",
    run: () => benchRefset(DATA),
  },
};

function markdown(rows: readonly object[]): string {
  const [first = {}] = rows;
  const lines = [Object.keys(first), Object.keys(first).map(() => "---"), ...rows.map((row) => Object.values(row).map(String))];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const START = (name: string) => `<!-- ${name} -->`;

/** Replaces a benchmark's section, or adds it. */
function withSection(text: string, name: string, section: string): string {
  const start = text.indexOf(START(name));
  if (start === -1) return `${text.trimEnd()}\n\n${section}\n`;
  const next = text.indexOf("<!-- ", start + 1);
  return `${text.slice(0, start)}${section}\n${next === -1 ? "" : `\n${text.slice(next)}`}`;
}

const INTRO = `# Benchmark results

Written by \`npm run bench\` (or \`npm run bench -- NAME …\` for single sections). Figures of one table come from one run, with the contenders in turn; medians.
Compare ratios, not machines. Every section names the machine and the day it was measured.
`;

await mkdir(DATA, { recursive: true });
const file = `${ROOT}RESULTS.md`;
const named = process.argv.slice(2);
for (const [name, { title, method, run }] of Object.entries(BENCHMARKS)) {
  if (named.length > 0 && !named.includes(name)) continue;
  console.log(`${title} …`);
  const rows = await run();
  console.table(rows);
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`;
  const text = await readFile(file, "utf8").catch(() => INTRO);
  await writeFile(file, withSection(text, name, `${START(name)}\n## ${title}\n\n${method}\n\nMachine: ${machine}.\n\n${markdown(rows)}`));
}
