/** The jobs table, and what is told from it. */
import { describe, expect, test } from "vitest";
import { changeImport, importJobs } from "../../sinks/reference-set/imports.ts";
import { changeJob, exportJob, exportJobs, markLoadedJobs, type NewJob, seenRates, usedOfDay, writeJob } from "../../sinks/jobs.ts";
import { scratchWarehouse } from "../helpers/warehouse.ts";
import { claimJob } from "../../sinks/job-rows.ts";

const DAY = Date.parse("2025-07-10T00:00:00Z");
const job = (name: string, more: Partial<NewJob> = {}): NewJob => ({
  name,
  status: "asking",
  request: { jobName: name, signalTypes: ["order"], timestampStart: "2025-07-01T00:00:00.000Z", timestampEnd: "2025-07-01T23:59:59.999Z" },
  signalTypes: ["order"],
  windowStart: Date.parse("2025-07-01"),
  windowEnd: Date.parse("2025-07-02"),
  askedAt: DAY + 1000,
  expectedRows: 100,
  notBefore: null,
  ...more,
});

const load = (path: string, records: number, bytes: number, status = "loaded") =>
  `INSERT INTO signalhouse.loads BY NAME SELECT (SELECT coalesce(max(load_id), 0) + 1 FROM signalhouse.loads) AS load_id, '${path}' AS path, ${bytes} AS size_bytes,
   ${records} AS records, 0 AS inserted, 0 AS updated, ${records} AS unchanged, 0 AS rejected, '${status}' AS status, now() AS started_at, now() AS finished_at`;

test("a job comes back as it was written, and as it was changed; a name is there once", async () => {
  const { warehouse } = await scratchWarehouse();
  const { connection } = warehouse;
  await writeJob(connection, job("a"));
  expect(await exportJob(connection, "a")).toEqual({
    ...job("a"),
    jobId: null,
    path: null,
    sizeBytes: null,
    loadId: null,
    refusedAt: null,
    finishedAt: null,
    error: null,
  });
  const change = {
    jobId: "j",
    status: "postponed",
    path: "x.csv",
    error: "e",
    sizeBytes: 5,
    askedAt: DAY + 1,
    notBefore: DAY + 2,
    refusedAt: DAY + 3,
    finishedAt: DAY + 4,
  } as const;
  await changeJob(connection, "a", change);
  expect(await exportJob(connection, "a")).toMatchObject(change);
  await changeJob(connection, "a", { error: null, notBefore: null });
  expect(await exportJob(connection, "a")).toMatchObject({ ...change, error: null, notBefore: null });
  await writeJob(connection, job("a"));
  await writeJob(connection, job("b", { status: "failed" }));
  expect((await exportJobs(connection)).map(({ name, status }) => [name, status])).toEqual([
    ["a", "asking"],
    ["b", "failed"],
  ]);
  expect((await exportJobs(connection, "failed", "asked")).map(({ name }) => name)).toEqual(["b"]);
});

test("an import of the same name is another job; it comes back as it was written, and its rows follow what becomes of it", async () => {
  const scratch = await scratchWarehouse();
  const { connection } = scratch.warehouse;
  await writeJob(connection, job("a"));
  const added = { importType: "ADD_UPDATE" };
  for (const [name, request] of Object.entries({ a: added, b: added, c: { importType: "REPLACE" }, d: added })) {
    await connection.run(
      `INSERT INTO signalhouse.jobs BY NAME SELECT 'import' AS kind, '${name}' AS name, 'People' AS set_name, 'asked' AS status, 'p.csv' AS path,
       '${JSON.stringify(request)}'::JSON AS request, 7 AS expected_rows, 70 AS size_bytes, '2025-07-10 00:00:0${name.charCodeAt(0) - 96}Z'::TIMESTAMPTZ AS asked_at`,
    );
  }
  const rows = (name: string, ...keys: string[]) =>
    connection.run(
      `INSERT INTO signalhouse.refset_rows BY NAME SELECT 'People' AS set_name, key, 1 AS row_hash, '${name}' AS job FROM unnest(['${keys.join("', '")}']) AS x(key)`,
    );
  const known = () =>
    scratch.value(
      "SELECT string_agg(job || ' ' || key || ' ' || coalesce(epoch_ms(pushed_at)::VARCHAR, '-'), ', ' ORDER BY job, key) FROM signalhouse.refset_rows",
    );
  const [first, second, third, fourth] = await importJobs(connection, "People");
  if (!first || !second || !third || !fourth) throw new Error("there are four");
  expect(first).toEqual({
    jobId: null,
    name: "a",
    setName: "People",
    status: "asked",
    path: "p.csv",
    request: added,
    rows: 7,
    sizeBytes: 70,
    askedAt: DAY + 1000,
    notBefore: null,
    finishedAt: null,
    error: null,
  });
  const imported = (finishedAt: number) => ({ status: "imported", finishedAt, error: null }) as const;
  await rows("a", "1", "2");
  await changeImport(connection, first, imported(DAY), true);
  await rows("b", "2", "3");
  await changeImport(connection, second, imported(DAY + 1), true);
  expect(await known()).toBe(`a 1 ${DAY}, b 2 ${DAY + 1}, b 3 ${DAY + 1}`);
  await rows("c", "9");
  await changeImport(connection, third, { status: "failed", finishedAt: DAY, error: "no" });
  expect(await known()).toBe(`a 1 ${DAY}, b 2 ${DAY + 1}, b 3 ${DAY + 1}`);
  // Connect has fewer rows than it should: nothing is known of those that came.
  await rows("d", "3");
  await changeImport(connection, fourth, imported(DAY + 2), false);
  expect(await known()).toBe(`a 1 ${DAY}, b 2 ${DAY + 1}`);
  await rows("c", "9");
  await changeImport(connection, third, imported(DAY + 3), true);
  expect(await known()).toBe(`c 9 ${DAY + 3}`);
  expect((await importJobs(connection, undefined, ["imported"])).map(({ name }) => name)).toEqual(["a", "b", "c", "d"]);
  expect(await importJobs(connection, "Others")).toEqual([]);
  // The export is as it was.
  expect(await exportJobs(connection)).toMatchObject([{ name: "a", status: "asking", finishedAt: null }]);
});

test("a job follows the ledger", async () => {
  const { warehouse } = await scratchWarehouse();
  const { connection } = warehouse;
  const states = ["asked", "arrived", "asking", "failed", "asked", "asked"] as const;
  for (const [index, status] of states.entries()) {
    await writeJob(connection, job(`j${index}`));
    await changeJob(connection, `j${index}`, { status, path: `f${index}` });
  }
  for (const [index, status] of ["loaded", "duplicate", "loaded", "loaded", "failed"].entries())
    await connection.run(load(`f${index}`, 7, 70, status));
  await markLoadedJobs(connection);
  expect((await exportJobs(connection)).map(({ status, loadId, sizeBytes }) => [status, loadId, sizeBytes])).toEqual([
    ["loaded", 1n, 70],
    ["loaded", 2n, 70],
    ["asking", null, null],
    ["failed", null, null],
    ["asked", null, null],
    ["asked", null, null],
  ]);
});

describe("what was used of a day", () => {
  test("only what Connect took, or may have taken, on that day", async () => {
    const { warehouse } = await scratchWarehouse();
    const { connection } = warehouse;
    await writeJob(connection, job("maybe"));
    await writeJob(connection, job("put off", { status: "postponed" }));
    await writeJob(connection, job("never taken", { status: "failed" }));
    await writeJob(connection, job("the day before", { askedAt: DAY - 1 }));
    await writeJob(connection, job("the day after", { askedAt: DAY + 86_400_000 }));
    await writeJob(connection, job("taken, then failed"));
    await changeJob(connection, "taken, then failed", { status: "failed", jobId: "j" });
    await writeJob(connection, job("loaded"));
    await changeJob(connection, "loaded", { status: "asked", path: "f" });
    await connection.run(load("f", 250, 5000));
    await markLoadedJobs(connection);
    expect(await usedOfDay(connection, DAY, 10)).toEqual({ jobs: 3, rows: 100 + 100 + 250, bytes: 1000 + 1000 + 5000, usedUp: false });
  });

  test("a refusal uses it up, and that day only", async () => {
    const { warehouse } = await scratchWarehouse();
    const { connection } = warehouse;
    await writeJob(connection, job("a", { status: "postponed" }));
    await changeJob(connection, "a", { refusedAt: DAY + 5 });
    expect(await usedOfDay(connection, DAY, 10)).toEqual({ jobs: 0, rows: 0, bytes: 0, usedUp: true });
    expect(await usedOfDay(connection, DAY + 86_400_000, 10)).toMatchObject({ usedUp: false });
  });
});

test("rows a day are over the days on which a type was seen, or exported", async () => {
  const { warehouse } = await scratchWarehouse();
  const { connection } = warehouse;
  expect(await seenRates(connection)).toEqual({ rowsPerDay: new Map(), bytesPerRow: null });
  const signals = (type: string, ...times: string[]) =>
    connection.run(
      `INSERT INTO behavior_signals BY NAME SELECT t AS signal_key, '${type}' AS signal_type, t::TIMESTAMPTZ AS occurred_at, 1 AS load_id, 1 AS record_no
       FROM unnest(['${times.join("', '")}']) AS x(t)`,
    );
  await signals("order", "2025-07-01 01:00:00Z", "2025-07-01 02:00:00Z", "2025-07-02 01:00:00Z");
  await signals("pageView", "2025-07-01 03:00:00Z", "2025-07-01 04:00:00Z");
  await connection.run(load("f", 10, 900));
  // Ten days of page views and errors were exported: there were two, and none.
  await writeJob(connection, job("a", { signalTypes: ["pageView", "error"], windowEnd: Date.parse("2025-07-11") }));
  await changeJob(connection, "a", { status: "loaded" });
  expect(await seenRates(connection)).toEqual({
    rowsPerDay: new Map([
      ["order", 1.5],
      ["pageView", 0.2],
      ["error", 0],
    ]),
    bytesPerRow: 90,
  });
});

test("a job is ours to ask for only while it stands as we read it", async () => {
  const { warehouse } = await scratchWarehouse();
  const { connection } = warehouse;
  const putOff = job("a", { status: "postponed", askedAt: DAY });
  await writeJob(connection, putOff);
  expect(await claimJob(connection, "export", putOff, { status: "asking", askedAt: DAY + 5 })).toBe(true);
  // Another process has read it as it was put off, too; and one has read it as it was asked for at another time.
  expect(await claimJob(connection, "export", putOff, { status: "asking", askedAt: DAY + 9 })).toBe(false);
  expect(await claimJob(connection, "export", { ...putOff, status: "asking", askedAt: DAY + 4 }, { status: "asking", askedAt: DAY + 9 })).toBe(false);
  // An import of that name is another job.
  expect(await claimJob(connection, "import", { ...putOff, status: "asking", askedAt: DAY + 5 }, { status: "asking", askedAt: DAY + 9 })).toBe(false);
  // Asked for again, it stays asked for since the first time: what comes next is in not_before.
  const asked = { ...putOff, status: "asking", askedAt: DAY + 5 };
  expect(await claimJob(connection, "export", asked, { status: "asking", notBefore: DAY + 20 })).toBe(true);
  expect(await claimJob(connection, "export", asked, { status: "asking", notBefore: DAY + 21 })).toBe(false);
  expect(await claimJob(connection, "export", { ...asked, notBefore: DAY + 20 }, { status: "asking", notBefore: DAY + 22 })).toBe(true);
  expect(await exportJob(connection, "a")).toMatchObject({ status: "asking", askedAt: DAY + 5, notBefore: DAY + 22 });
});
