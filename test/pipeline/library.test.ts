/** What the library promises beside what the command line does. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { readSignals, syncExports } from "../../pipeline/index.ts";
import { placeOf } from "../../sinks/places.ts";
import { openWarehouse } from "../../sinks/warehouse.ts";
import { failureOf } from "../helpers/errors.ts";
import { exportServer } from "../helpers/sandbox.ts";
import { csv, pageView, scratchFolder } from "../helpers/warehouse.ts";

const NOON = Date.UTC(2025, 8, 1, 12);

async function serverAndWarehouse() {
  const server = await exportServer();
  server.put("Export/Signals/a.csv", csv([pageView("1")]), NOON);
  server.put("Export/Signals/b.csv", csv([pageView("2")]), NOON + 1);
  return { config: server.config, warehouse: join(scratchFolder(), "signals.duckdb") };
}

async function runs(path: string): Promise<unknown> {
  const warehouse = await openWarehouse(placeOf(path), { access: "read" });
  try {
    return (await warehouse.connection.runAndReadAll("SELECT exit_code FROM signalhouse.runs ORDER BY run_id")).getRowsJson();
  } finally {
    warehouse.close();
  }
}

test("a dry run makes no warehouse, and notes no run in one that is there", async () => {
  const options = await serverAndWarehouse();
  const dry = { ...options, dryRun: true };
  expect(await syncExports(dry)).toMatchObject({ files: [], planned: [{ decision: { why: "new" } }, { decision: { why: "new" } }] });
  expect(existsSync(options.warehouse)).toBe(false);
  await syncExports(options);
  expect(await syncExports(dry)).toMatchObject({ planned: [{ decision: { why: "loaded" } }, { decision: { why: "loaded" } }] });
  expect(await runs(options.warehouse)).toEqual([[0]]);
});

test.each(["before it begins", "after the first file"])("an abort %s is a SignalhouseError with the reason as its cause", async (when) => {
  const options = await serverAndWarehouse();
  const abort = new AbortController();
  const reason = new Error("no more time");
  if (when === "before it begins") abort.abort(reason);
  const error = await failureOf(syncExports({ ...options, signal: abort.signal, onEvent: ({ event }) => event === "done" && abort.abort(reason) }));
  expect(error).toMatchObject({ code: "interrupted", message: "interrupted: no more time", cause: reason });
  if (when === "before it begins") expect(existsSync(options.warehouse)).toBe(false);
  else expect(await runs(options.warehouse)).toEqual([[130]]);
});

test.each(["nope.csv", "."])("readSignals(%j) says that it cannot be read", async (path) => {
  const error = await failureOf(readSignals(path).next());
  expect(error).toMatchObject({ code: "file_missing", message: expect.stringContaining(path) });
});

test("a text that is kept of a record keeps nothing else of it", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const long = "x".repeat(100_000);
  async function* file() {
    yield Buffer.from("SIGNAL_ID,SIGNAL_TYPE,TIMESTAMP,Note\n");
    for (let number = 0; number < 500; number += 1) yield Buffer.from(`the-id-of-signal-${number},emailSend,2025-09-01,${long}\n`);
  }
  collect();
  const before = process.memoryUsage().heapUsed;
  const ids: unknown[] = [];
  for await (const record of readSignals(file())) if (record.kind === "signal") ids.push(record.signal_id);
  collect();
  expect(ids).toHaveLength(500);
  // The 500 records have 50 MB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(25_000_000);
});
