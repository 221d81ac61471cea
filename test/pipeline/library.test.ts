/** What the library promises beside what the command line does. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { type ConfigInput, exportSignals, pushReferenceSet, query, readSignals, resumeExports, syncExports } from "../../pipeline/index.ts";
import { placeOf } from "../../sinks/places.ts";
import { privacyFingerprint } from "../../schemas/keyed-hash.ts";
import { openWarehouse } from "../../sinks/warehouse.ts";
import { connectPlace } from "../helpers/connect.ts";
import { failureOf } from "../helpers/errors.ts";
import { exportServer } from "../helpers/sandbox.ts";
import { csv, pageView, scratchFolder, scratchWarehouse } from "../helpers/warehouse.ts";

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

test("where somebody was forgotten, syncExports loads by the key that it is given", async () => {
  const options = await serverAndWarehouse();
  const privacyKey = "a key of nobody's guess";
  const warehouse = await openWarehouse(placeOf(options.warehouse));
  const key = privacyFingerprint(Buffer.from(privacyKey));
  await warehouse.connection.run("INSERT INTO signalhouse.suppressions VALUES (1, 'signal', NULL, 'somebody', $1)", [key]);
  warehouse.close();
  expect(await failureOf(syncExports(options))).toMatchObject({ code: "config_invalid" });
  expect((await syncExports({ ...options, privacyKey })).files).toMatchObject([{ inserted: 1 }, { inserted: 1 }]);
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

describe("query", () => {
  const NUMBERS = "FROM range(100000) AS numbers(number)";

  test("gives rows with exact values, and lets others write when the loop is left early", async () => {
    const { path, warehouse } = await scratchWarehouse();
    warehouse.close();
    const sql =
      "SELECT 1.10::DECIMAL(18, 4) AS amount, 'a' AS amount, 9007199254740993 AS id, '2025-09-01 12:00:00Z'::TIMESTAMPTZ AS at, $name AS name";
    const rows = [];
    for await (const row of query(sql, { warehouse: path, params: { name: "Ana" }, timezone: "Europe/Berlin" })) rows.push(row);
    expect(rows).toEqual([{ amount: "1.1000", amount_2: "a", id: "9007199254740993", at: "2025-09-01T14:00:00.000+02:00", name: "Ana" }]);

    for await (const { number } of query(NUMBERS, { warehouse: path })) if (Number(number) === 10) break;
    const free = await openWarehouse(placeOf(path));
    free.close();
  });

  test("is ended by an abort, with the reason as its cause, and closes the warehouse", async () => {
    const { path, warehouse } = await scratchWarehouse();
    warehouse.close();
    const abort = new AbortController();
    const rows = query(`${NUMBERS}, range(1000000)`, { warehouse: path, signal: abort.signal });
    await rows.next();
    const reason = new Error("no more time");
    abort.abort(reason);
    expect(await failureOf(drained(rows))).toMatchObject({ code: "interrupted", cause: reason });
    const free = await openWarehouse(placeOf(path));
    free.close();
  });

  test.each([
    ["DELETE FROM order_items", {}, "usage"],
    ["CREATE TEMP TABLE a AS FROM orders", {}, "usage"],
    ["SELECT $month", {}, "usage"],
    ["FROM nowhere", {}, "query_failed"],
    ["FROM orders", { warehouse: "/nowhere/signals.duckdb" }, "warehouse_missing"],
  ])("%s is refused", async (sql, options, code) => {
    const { path, warehouse } = await scratchWarehouse();
    warehouse.close();
    expect(await failureOf(drained(query(sql, { warehouse: path, ...options })))).toMatchObject({ code });
  });

  async function drained(rows: AsyncIterable<unknown>): Promise<void> {
    // oxlint-disable-next-line no-unused-vars -- reading to the end is what is tried
    for await (const _ of rows);
  }
});

describe("what asks Connect", () => {
  /** The library goes by the machine's clock, and so must the sandbox's days. */
  const TODAY = { now: new Date().toISOString() };
  const WINDOW = { types: "order", from: "2025-07-01", to: "2025-07-01" };

  test("exports leave off where they are told to, go on by resumeExports, and each call is noted", async () => {
    const { input, api, config } = await connectPlace(TODAY);
    const options = { config: { ...input, exports: { pollSeconds: 0.05 } } };
    const { job, file } = await exportSignals({ ...options, ...WINDOW, jobName: "July" });
    expect({ status: job.status, file }).toEqual({ status: "asked", file: undefined });
    await api.idle();
    expect(await resumeExports({ ...options, wait: true })).toMatchObject([{ job: { name: "July", status: "arrived" } }]);
    expect(await resumeExports({ ...options, sync: true })).toMatchObject([{ job: { status: "loaded" }, file: { status: "loaded" } }]);
    expect(await resumeExports(options)).toEqual([]);
    expect(await runs(config.warehouse)).toEqual([[0], [0], [0], [0]]);
    expect(await failureOf(exportSignals({ ...options, ...WINDOW, jobName: "July" }))).toMatchObject({ code: "export_name_taken" });
  });

  test("a set is pushed and imported; while a rule is broken nothing is sent, and it is said which", async () => {
    const { input, api } = await connectPlace(TODAY);
    const options = { config: { ...input, exports: { pollSeconds: 0.05 } }, set: "Sizes", wait: true };
    const definition = { source: { query: "SELECT id, 2.5::DECIMAL(4, 1) AS size FROM range(3) AS numbers(id)" }, key: "id" };
    const broken = await pushReferenceSet({ ...options, definition: { ...definition, source: { query: "SELECT 1 AS id FROM range(2)" } } });
    expect(broken).toMatchObject({ prepared: { violations: [{ rule: "key_duplicate" }] }, outcome: undefined });
    expect(api.sets).toEqual([]);
    expect(await pushReferenceSet({ ...options, definition })).toMatchObject({ prepared: { sending: 3 }, outcome: { job: { status: "imported" } } });
    expect(api.sets).toMatchObject([{ name: "Sizes" }]);
    expect(await pushReferenceSet({ ...options, definition, changed: true })).toMatchObject({ prepared: { sending: 0 }, outcome: undefined });
  });

  test.each([
    ["no sftp", { api: { keyFile: "key" } }, {}, "config_invalid"],
    ["no key", undefined, {}, "api_key_missing"],
    ["a window that ends before it begins", undefined, { apiKey: "key", from: "2025-08-01" }, "usage"],
  ])("%s is told before the warehouse is made", async (_, given, more, code) => {
    const warehouse = join(scratchFolder(), "signals.duckdb");
    const config: ConfigInput = given ?? { region: "eu-central-1", sftp: { user: "analyst@example.com" } };
    expect(await failureOf(exportSignals({ config, warehouse, ...WINDOW, ...more }))).toMatchObject({ code });
    expect(existsSync(warehouse)).toBe(false);
  });

  test.each([
    [{ key: "id" }, "has no source"],
    [{ source: { table: "orders" }, kee: "id" }, '"kee" is no setting, but key is'],
    [{ source: { table: "orders" }, folder: "Export/Signals" }, "which Connect keeps for exports"],
  ])("a definition such as %j is refused", async (definition, words) => {
    const config: ConfigInput = { region: "eu-central-1", sftp: { user: "analyst@example.com" } };
    const error = await failureOf(pushReferenceSet({ config, set: "Sizes", definition }));
    expect(error).toMatchObject({ code: "usage", message: expect.stringContaining(words) as string });
  });
});
