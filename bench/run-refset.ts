/** One push in a process of its own, up to the upload: `node run-refset.js CONFIG TABLE`; prints PushFigures as JSON. */
import { prepareFile } from "../pipeline/reference-set/prepare.ts";
import { openServer } from "../pipeline/load/remote-files.ts";
import { doorTo, PATIENCE_MS, readerOf, writerOf } from "../pipeline/common/door.ts";
import { readConfig } from "../schemas/config.ts";
import { importInput } from "../schemas/import-input.ts";
import { changeImport, importJobs, writeImport } from "../sinks/reference-set/imports.ts";
import { Scratch } from "../sinks/reference-set/scratch.ts";
import { fileBytes } from "../sinks/reference-set/sheet.ts";

/** What a push took. */
export interface PushFigures {
  /** To the file on the server, whole. */
  seconds: number;
  /** To note its rows as pushed, once Connect has imported them. */
  noteSeconds: number;
  peakMiB: number;
}

const [given = "{}", table = ""] = process.argv.slice(2);
const config = readConfig(JSON.parse(given), "the benchmark");
const { signal } = new AbortController();
const start = performance.now();
let sent = start;
let noted = start;
const scratch = await Scratch.make(config.warehouse, config.limits, "push");
const server = await openServer(config, { log: () => undefined });
try {
  const wish = { set: "Bench", definition: { source: { table }, key: "order_id" }, changed: false, maxErrors: 100 };
  const prepared = await prepareFile(scratch, wish, undefined, readerOf(doorTo(config, { signal, patience: PATIENCE_MS })));
  if (prepared.violationCount > 0) throw new Error(JSON.stringify(prepared.violations));
  const request = importInput({
    mode: "CREATE",
    set: "Bench",
    known: undefined,
    attributes: prepared.columns,
    jobName: "bench",
    delimiter: prepared.delimiter,
    dateFormat: "YYYY-MM-DDTHH:mm:ssZ",
    header: true,
    folder: "bench",
    fileName: "refset.csv",
    notify: [],
  });
  const { sending: rows, bytes: sizeBytes } = prepared;
  const job = { name: "bench", setName: "Bench", path: "bench/refset.csv", request, rows, sizeBytes, askedAt: Date.now() };
  const use = writerOf(config, signal);
  await use(({ connection }) => writeImport(connection, job, scratch.path));
  const written = await scratch.use((connection) =>
    server.write("bench/refset.csv", () => fileBytes(connection, prepared.columns, prepared.delimiter, true)),
  );
  if (written !== prepared.bytes) throw new Error(`${written} bytes were sent, not ${prepared.bytes}`);
  sent = performance.now();
  await use(async ({ connection }) => {
    const [written] = await importJobs(connection, "Bench");
    if (written) await changeImport(connection, written, { status: "imported", finishedAt: Date.now(), error: null }, true);
  });
  noted = performance.now();
  await use(async ({ connection }) => {
    await connection.run("DELETE FROM signalhouse.refset_rows");
    await connection.run("DELETE FROM signalhouse.jobs");
  });
} finally {
  await server.close();
  await scratch.remove();
}
const figures: PushFigures = { seconds: (sent - start) / 1000, noteSeconds: (noted - sent) / 1000, peakMiB: process.resourceUsage().maxRSS / 1024 };
console.log(JSON.stringify(figures));
