/** Exports from asking to the warehouse, against the sandbox over real HTTP and SFTP. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { connectApi } from "../../../pipeline/connect-api/api.ts";
import { askForExport, askNow, type Wish, writeDown } from "../../../pipeline/export/ask.ts";
import { awaitExports } from "../../../pipeline/export/arrive.ts";
import { placeFor } from "../../../pipeline/export/file.ts";
import { sync } from "../../../pipeline/sync.ts";
import type { ExportPlace } from "../../../schemas/connect.ts";
import type { SignalType } from "../../../schemas/signal-types.ts";
import { exportJobs, usedOfDay } from "../../../sinks/jobs.ts";
import { apiServer, closedUrl } from "../../helpers/api-server.ts";
import { type ConnectPlace, connectPlace, expected, found } from "../../helpers/connect.ts";
import { doorTo } from "../../../pipeline/common/door.ts";

const START = "2025-07-01T00:00:00.000Z";
const END = "2025-07-03T23:59:59.999Z";
const TYPES: SignalType[] = ["order", "emailClick"];

function wish(jobName: string, { place = placeFor(jobName), ...more }: Partial<Wish> & { place?: ExportPlace } = {}): Wish {
  return {
    request: { jobName, signalTypes: TYPES, timestampStart: START, timestampEnd: END, place },
    signalTypes: TYPES,
    windowStart: Date.parse(START),
    windowEnd: Date.parse(END) + 1,
    ...more,
  };
}

const jobs = (at: ConnectPlace) => at.context.useWarehouse(({ connection }) => exportJobs(connection));

/** One job was asked for, and what it has is in the warehouse. */
async function expectLoadedOnce(at: ConnectPlace): Promise<void> {
  const truth = await at.truth(TYPES, START, END);
  expect(truth.signals).toBeGreaterThan(10);
  expect(await at.look((scratch) => found(scratch))).toEqual(expected(truth));
  expect(at.api.jobs).toHaveLength(1);
  expect(await jobs(at)).toMatchObject([{ status: "loaded", loadId: expect.any(BigInt), error: null }]);
}

describe("from asking to the warehouse", () => {
  test.each<[string, ExportPlace]>([
    ["at its own place", placeFor("July")],
    ["at a path", { path: "Orders and Clicks/July/Export.csv" }],
    ["in a folder, under a prefix", { parentFolder: "Export/Signals/Mine", namingPrefix: "July_" }],
    ["under a prefix only", { namingPrefix: "July_" }],
    ["where Connect likes", {}],
  ])("%s", async (_, place) => {
    const at = await connectPlace();
    const job = await askForExport(at.context, wish("July", { place }));
    expect(job).toMatchObject({ status: "asked", jobId: at.api.jobs[0]?.id });
    expect(await awaitExports(at.context, [job], { load: true })).toMatchObject([{ job: { status: "loaded" }, file: { status: "loaded" } }]);
    await expectLoadedOnce(at);
  });

  test("without loading: the file is there, stable and whole; sync loads it, wherever it is, and notes the job", async () => {
    const at = await connectPlace();
    const job = await askForExport(at.context, wish("July", { place: { path: "Orders/July.csv" } }));
    expect(await awaitExports(at.context, [job], { load: false })).toMatchObject([{ job: { status: "arrived", path: "Orders/July.csv.gz" } }]);
    await at.context.useWarehouse((warehouse) => sync({ config: at.config, warehouse }));
    await expectLoadedOnce(at);
  });

  test("sync alone picks up what nobody waited for", async () => {
    const at = await connectPlace();
    await askForExport(at.context, wish("July"));
    await at.api.idle();
    await at.context.useWarehouse((warehouse) => sync({ config: at.config, warehouse }));
    expect(at.api.jobs).toHaveLength(1);
    await expectLoadedOnce(at);
  });

  test("the warehouse is free while a file is waited for", async () => {
    const at = await connectPlace();
    const job = await askForExport(at.context, wish("July"));
    let looks = 0;
    at.clock.meanwhile = async () => {
      looks += 1;
      await at.look((scratch) => scratch.value("SELECT 1"));
      await at.api.idle();
    };
    await awaitExports(at.context, [job], { load: true });
    expect(looks).toBeGreaterThan(0);
    await expectLoadedOnce(at);
  });

  test("a window without signals is an export without records", async () => {
    const at = await connectPlace();
    const job = await askForExport(at.context, {
      ...wish("old"),
      request: {
        jobName: "old",
        signalTypes: TYPES,
        timestampStart: "2019-01-01T00:00:00.000Z",
        timestampEnd: "2019-01-01T23:59:59.999Z",
        place: placeFor("old"),
      },
    });
    expect(await awaitExports(at.context, [job], { load: true })).toMatchObject([{ job: { status: "loaded" }, file: { records: 0 } }]);
  });
});

test("jobs with similar names keep their files apart", async () => {
  const at = await connectPlace();
  const names = ["July", "July 2", "July_2", "七月", "八月"];
  const asked = [];
  for (const name of names) {
    at.api.faults.timeOutAfterAccepting = 1; // only the name is left to find them by
    asked.push(await askForExport(at.context, wish(name)));
  }
  const outcomes = await awaitExports(at.context, asked, { load: true });
  expect(new Set(outcomes.map(({ job }) => job.path)).size).toBe(names.length);
  expect(outcomes.every(({ job }) => job.status === "loaded")).toBe(true);
});

describe("an answer that gets lost", () => {
  test.each(["timeOutAfterAccepting", "malformed", "errorsAfterAccepting"] as const)(
    "%s: the job is found or asked for again, and there is one",
    async (fault) => {
      const at = await connectPlace();
      at.api.faults[fault] = 1;
      const job = await askForExport(at.context, wish("July"));
      expect(job).toMatchObject({ status: "asking", jobId: null });
      await awaitExports(at.context, [job], { load: true });
      await expectLoadedOnce(at);
    },
  );

  test("an answer that stops in its body is lost when the time is up; the job is found, and there is one", async () => {
    const at = await connectPlace();
    at.api.faults.hangInBody = 1;
    const api = connectApi({ endpoint: at.api.url, apiKey: at.api.key, timeoutSeconds: 0.3, retries: 1, backoffMs: 1 });
    const job = await askForExport({ ...at.context, api }, wish("July"));
    expect(job).toMatchObject({ status: "asking", jobId: null });
    await awaitExports(at.context, [job], { load: true });
    await expectLoadedOnce(at);
  });

  test("errors beside a job's id: the job was taken, and is not asked for again", async () => {
    const at = await connectPlace();
    at.api.faults.errorsBesideData = 1;
    const job = await askForExport(at.context, wish("July"));
    expect(job).toMatchObject({ status: "asked", jobId: at.api.jobs[0]?.id });
    await awaitExports(at.context, [job], { load: true });
    await expectLoadedOnce(at);
  });

  test("where nothing ever tells, asking ends with the deadline, and each look after it says so", async () => {
    const at = await connectPlace({ exports: { pollSeconds: 300, deadlineHours: 1 } });
    const { url, asked } = await apiServer({ status: 504, body: { message: "Endpoint request timed out" } });
    const context = { ...at.context, api: connectApi({ endpoint: url, apiKey: "k", timeoutSeconds: 5, retries: 1, backoffMs: 1 }) };
    const job = await askForExport(context, wish("July"));
    const late = {
      code: "export_late",
      message: expect.stringMatching(/has not come within 1 hours; it is not known.*Endpoint request timed out/) as string,
    };
    expect(await awaitExports(context, [job], { load: true })).toMatchObject([{ job: { status: "asking" }, error: late }]);
    expect(at.clock.now() - job.askedAt).toBe(3_600_000);
    // At once, and after 15, 30 and 45 minutes.
    expect(asked.filter(({ query }) => query.includes("exportSignals"))).toHaveLength(4);
    expect(await awaitExports(context, await jobs(at), { load: true })).toMatchObject([{ error: late }]);
    await at.clock.wait(47 * 3_600_000, context.signal);
    expect(await awaitExports(context, await jobs(at), { load: true })).toMatchObject([{ job: { status: "failed" }, error: late }]);
    expect(asked).toHaveLength(4);
  });

  test("two processes go on with one job at the same time: it is asked for once, and neither fails", async () => {
    const at = await connectPlace({ exports: { lookMinutes: 0 } });
    const job = await at.context.useWarehouse((warehouse) => writeDown(at.context, warehouse, wish("July")));
    await at.clock.wait(1000, at.context.signal);
    // The other one finds it written down, and asks before the first one does.
    const other = awaitExports(at.context, [job], { load: true });
    await expect.poll(() => at.api.jobs.length).toBe(1);
    const mine = await askNow(at.context, job);
    expect(mine.status).not.toBe("failed");
    await Promise.all([other, awaitExports(at.context, [mine], { load: true })]);
    await expectLoadedOnce(at);
  });

  test("an answer that comes in the moment of an interruption is written down", async () => {
    const at = await connectPlace();
    const stop = new AbortController();
    const { toWrite: useWarehouse, toFinish: finish } = doorTo(at.config, { signal: stop.signal });
    const exportSignals: typeof at.context.api.exportSignals = async (request) => {
      const answer = await at.context.api.exportSignals(request);
      stop.abort(new Error("enough"));
      return answer;
    };
    const context = { ...at.context, api: { ...at.context.api, exportSignals }, signal: stop.signal, useWarehouse, finish };
    await askForExport(context, wish("July"));
    expect(await jobs(at)).toMatchObject([
      { status: "asked", jobId: expect.any(String) as string, path: expect.stringContaining("Export/Signals") as string },
    ]);
  });

  test("where the file shows nothing, Connect's refusal of the name is the proof", async () => {
    const at = await connectPlace();
    at.api.faults.timeOutAfterAccepting = 1;
    // Connect chooses the place, and its answer got lost: only the name is left.
    const job = await askForExport(at.context, wish("July", { place: {} }));
    const before = at.clock.now();
    const [outcome] = await awaitExports(at.context, [job], { load: true });
    expect(outcome).toMatchObject({ job: { status: "asked", path: null }, error: { code: "export_late" } });
    expect(at.api.jobs).toHaveLength(1);
    expect(at.log.join("\n")).toContain("its first request was taken");
    // It was looked for before it was asked for again.
    expect(at.clock.now() - before).toBeGreaterThanOrEqual(at.config.exports.lookMinutes * 60_000);
    // The default folder is where sync looks anyway.
    await at.context.useWarehouse((warehouse) => sync({ config: at.config, warehouse }));
    expect(await at.look((scratch) => found(scratch))).toEqual(expected(await at.truth(TYPES, START, END)));
  });
});

describe("Connect is asked too often", () => {
  test("it is asked again when it wants to be", async () => {
    const at = await connectPlace();
    at.api.faults.tooManyRequests = 1;
    const api = connectApi({ endpoint: at.api.url, apiKey: at.api.key, timeoutSeconds: 5, retries: 1, backoffMs: 1, clock: at.clock });
    const before = at.clock.now();
    expect(await askForExport({ ...at.context, api }, wish("July"))).toMatchObject({ status: "asked" });
    expect(at.clock.now() - before).toBe(20_000);
  });

  test("where that does not help, the job is put off for a moment, not for the day, and is asked for then", async () => {
    const at = await connectPlace();
    at.api.faults.tooManyRequests = 3;
    const api = connectApi({ endpoint: at.api.url, apiKey: at.api.key, timeoutSeconds: 5, retries: 0 });
    const job = await askForExport({ ...at.context, api }, wish("July"));
    expect(job).toMatchObject({ status: "postponed", notBefore: at.clock.now() + 20_000, refusedAt: null });
    expect(await at.context.useWarehouse(({ connection }) => usedOfDay(connection, Date.parse("2025-07-10"), 1))).toMatchObject({ usedUp: false });
    expect(await awaitExports({ ...at.context, api }, [job], { load: true })).toMatchObject([{ job: { status: "loaded" } }]);
    await expectLoadedOnce(at);
  });

  test("for ever: it is not waited for for longer than for a job that was taken", async () => {
    const at = await connectPlace();
    at.api.faults.tooManyRequests = Infinity;
    const config = { ...at.context.config, exports: { ...at.context.config.exports, deadlineHours: 0.1 } };
    const context = { ...at.context, config, api: connectApi({ endpoint: at.api.url, apiKey: at.api.key, timeoutSeconds: 5, retries: 0 }) };
    const before = at.clock.now();
    const job = await askForExport(context, wish("July"));
    expect(await awaitExports(context, [job], { load: true })).toMatchObject([{ job: { status: "postponed" }, error: { code: "api_busy" } }]);
    expect(at.clock.now() - before).toBeLessThan(10 * 60_000);
  });

  test("a name that is too long for Connect fails the job, which is not put off", async () => {
    const at = await connectPlace();
    const { url, asked } = await apiServer({ body: { data: null, errors: [{ message: "jobName exceeds the limit of 100 characters" }] } });
    const context = { ...at.context, api: connectApi({ endpoint: url, apiKey: "k", timeoutSeconds: 5, retries: 1, backoffMs: 1 }) };
    await expect(askForExport(context, wish("July"))).rejects.toMatchObject({ code: "api_refused", hint: expect.stringContaining("--job-name") });
    expect(await jobs(at)).toMatchObject([{ status: "failed", notBefore: null, refusedAt: null }]);
    expect(asked).toHaveLength(1);
  });
});

describe("the day's limits", () => {
  test("a request that would break them is put off to the next day, and asked for then", async () => {
    const at = await connectPlace({ limits: { jobs: 1, rows: 1e6, bytes: 1e9 } });
    const first = await askForExport(at.context, wish("one"));
    const second = await askForExport(at.context, wish("two"));
    expect([first.status, second.status]).toEqual(["asked", "postponed"]);
    expect(second.notBefore).toBe(Date.parse("2025-07-11T00:00:00Z"));
    expect(at.api.jobs).toHaveLength(1);
    const outcomes = await awaitExports(at.context, [first, second], { load: true });
    expect(outcomes.map(({ job }) => job.status)).toEqual(["loaded", "loaded"]);
    expect(at.api.jobs.map(({ acceptedAt }) => new Date(acceptedAt).toISOString().slice(0, 10))).toEqual(["2025-07-10", "2025-07-11"]);
  });

  test("two processes wait for the day to which one job is put off: one asks, and the other goes on with what that one wrote down", async () => {
    const at = await connectPlace({ limits: { jobs: 1, rows: 1e6, bytes: 1e9 } });
    await askForExport(at.context, wish("one"));
    const second = await askForExport(at.context, wish("two"));
    await at.clock.wait(Date.parse("2025-07-11T00:00:01Z") - at.clock.now(), at.context.signal);
    // Both have read it as it was put off.
    const outcomes = [await awaitExports(at.context, [second], { load: true }), await awaitExports(at.context, [second], { load: true })];
    expect(outcomes.flat()).toMatchObject([{ job: { status: "loaded" } }, { job: { status: "loaded" } }]);
    expect(outcomes.flat().filter(({ error }) => error)).toEqual([]);
    expect(at.api.jobs).toHaveLength(2);
    expect(await jobs(at)).toMatchObject([{ name: "one" }, { name: "two", status: "loaded" }]);
  });

  test("what was put off is put off again where the next day has no room either", async () => {
    const at = await connectPlace({ limits: { jobs: 1, rows: 1e6, bytes: 1e9 } });
    const asked = [];
    for (const name of ["one", "two", "three"]) asked.push(await askForExport(at.context, wish(name)));
    await awaitExports(at.context, asked, { load: true });
    // One a day, and Connect never had to refuse one.
    expect(at.api.jobs.map(({ acceptedAt }) => new Date(acceptedAt).toISOString().slice(0, 10))).toEqual(["2025-07-10", "2025-07-11", "2025-07-12"]);
    expect(at.log.filter((line) => line.includes("limit"))).toEqual([]);
  });

  test("--ignore-quota asks all the same", async () => {
    const at = await connectPlace();
    at.context.limits = { jobs: 0, rows: 0, bytes: 0 };
    expect(await askForExport(at.context, wish("one", { ignoreQuota: true }))).toMatchObject({ status: "asked" });
  });

  test("a refusal by Connect marks the day as used up, and the job is put off", async () => {
    const at = await connectPlace();
    at.api.faults.refuseForTheDay = true;
    expect(await askForExport(at.context, wish("one"))).toMatchObject({ status: "postponed", error: expect.stringContaining("limit") });
    at.api.faults.refuseForTheDay = false;
    expect(await askForExport(at.context, wish("two"))).toMatchObject({ status: "postponed" });
    expect(at.api.jobs).toEqual([]);
    const day = Date.parse("2025-07-10T00:00:00Z");
    expect(await at.context.useWarehouse(({ connection }) => usedOfDay(connection, day, 100))).toMatchObject({ jobs: 0, usedUp: true });
  });

  test("what arrived counts as it is, what did not as it was expected", async () => {
    const at = await connectPlace();
    const job = await askForExport(at.context, wish("one"));
    await awaitExports(at.context, [job], { load: true });
    await askForExport(at.context, wish("two", { expectedRows: 1000 }));
    const truth = await at.truth(TYPES, START, END);
    const day = Date.parse("2025-07-10T00:00:00Z");
    const used = await at.context.useWarehouse(({ connection }) => usedOfDay(connection, day, 100));
    expect(used).toMatchObject({ jobs: 2, rows: truth.records + 1000, usedUp: false });
    expect(used.bytes).toBe((at.api.jobs[0]?.bytes ?? 0) + 1000 * 100);
    expect(await at.context.useWarehouse(({ connection }) => usedOfDay(connection, day - 86_400_000, 100))).toMatchObject({ jobs: 0, rows: 0 });
  });

  test("an export that no day could hold is refused, with the way out", async () => {
    const at = await connectPlace({ limits: { jobs: 20, rows: 500, bytes: 1e9 } });
    await expect(askForExport(at.context, wish("big", { expectedRows: 501 }))).rejects.toMatchObject({
      code: "usage",
      hint: expect.stringMatching(/backfill run[^]*--ignore-quota/),
    });
    expect(at.api.jobs).toEqual([]);
  });
});

describe("what goes wrong", () => {
  test("a name that was used before is refused before Connect is asked", async () => {
    const at = await connectPlace();
    await askForExport(at.context, wish("July"));
    await expect(askForExport(at.context, wish("July"))).rejects.toMatchObject({ code: "export_name_taken" });
    expect(at.api.jobs).toHaveLength(1);
  });

  test("a name that Connect never took can be used again", async () => {
    const at = await connectPlace();
    const api = connectApi({ endpoint: await closedUrl(), apiKey: "k", timeoutSeconds: 1, retries: 0 });
    await expect(askForExport({ ...at.context, api }, wish("July"))).rejects.toMatchObject({ code: "api_unreachable" });
    const job = await askForExport(at.context, wish("July"));
    await awaitExports(at.context, [job], { load: true });
    await expectLoadedOnce(at);
    expect(at.api.jobs).toHaveLength(1);
  });

  test("a file that is damaged for good fails the job; sync tells it too", async () => {
    const at = await connectPlace();
    const job = await askForExport(at.context, wish("July"));
    await at.api.idle();
    const path = join(at.served, "Export/Signals/signalhouse/July_Signals_Export.csv.gz");
    const bytes = readFileSync(path);
    bytes.fill(0xff, 20, 60);
    writeFileSync(path, bytes);
    expect(await awaitExports(at.context, [job], { load: true })).toMatchObject([
      { job: { status: "failed" }, error: { code: "export_failed", message: expect.stringContaining("July_Signals") } },
    ]);
  });

  test("a name that somebody else used is refused by Connect, and the job is marked", async () => {
    const at = await connectPlace();
    await at.context.api.exportSignals(wish("July").request);
    await expect(askForExport(at.context, wish("July"))).rejects.toMatchObject({ code: "export_name_taken" });
    expect(await jobs(at)).toMatchObject([{ status: "failed" }]);
  });

  test("Connect says that the job failed", async () => {
    const at = await connectPlace();
    at.api.faults.failJobs = 1;
    const job = await askForExport(at.context, wish("July"));
    expect(await awaitExports(at.context, [job], { load: true })).toMatchObject([
      { job: { status: "failed" }, error: { code: "export_failed", message: expect.stringContaining("could not be made") } },
    ]);
  });

  test("the job never arrives: it is late, stays known, and is waited for again with a longer deadline", async () => {
    const at = await connectPlace();
    at.api.faults.neverArrives = 1;
    const job = await askForExport(at.context, wish("July"));
    const begun = at.clock.now();
    expect(await awaitExports(at.context, [job], { load: true })).toMatchObject([
      { job: { status: "asked" }, error: { code: "export_late", hint: expect.stringContaining("export --resume") } },
    ]);
    expect(at.clock.now() - begun).toBeGreaterThanOrEqual(6 * 3_600_000);
    expect(at.clock.now() - begun).toBeLessThan(6 * 3_600_000 + 120_000);
    expect(await jobs(at)).toMatchObject([{ status: "asked", error: expect.stringContaining("6 hours") }]);
  });

  test("done without dataJob where the API has none", async () => {
    const at = await connectPlace();
    at.api.faults.noDataJob = true;
    const job = await askForExport(at.context, wish("July"));
    await awaitExports(at.context, [job], { load: true });
    expect(at.api.jobs).toHaveLength(1);
    await expectLoadedOnce(at);
  });

  test("an API that fails while a file is waited for does not end the wait", async () => {
    const at = await connectPlace();
    const job = await askForExport(at.context, wish("July"));
    at.api.faults.serverErrors = 4;
    at.clock.meanwhile = () => (at.api.faults.serverErrors > 0 ? Promise.resolve() : at.api.idle());
    await awaitExports(at.context, [job], { load: true });
    expect(at.api.jobs).toHaveLength(1);
    await expectLoadedOnce(at);
  });

  test("the file arrives empty, and stays so", async () => {
    const at = await connectPlace();
    at.api.faults.emptyFiles = 1;
    const job = await askForExport(at.context, wish("July"));
    expect(await awaitExports(at.context, [job], { load: true })).toMatchObject([
      { job: { status: "asked" }, error: { code: "file_empty", message: expect.stringContaining("July") } },
    ]);
  });

  test.each([true, false])("a file that is cut is waited for until it is whole (load: %s)", async (load) => {
    const at = await connectPlace();
    const job = await askForExport(at.context, wish("July"));
    await at.api.idle();
    const path = "Export/Signals/signalhouse/July_Signals_Export.csv.gz";
    at.sandbox.faults.truncate.set(path, 100);
    let looks = 0;
    at.clock.meanwhile = async () => {
      looks += 1;
      if (looks === 5) at.sandbox.faults.truncate.clear();
    };
    const [outcome] = await awaitExports(at.context, [job], { load });
    expect(outcome).toMatchObject({ job: { status: load ? "loaded" : "arrived" } });
    expect(looks).toBeGreaterThanOrEqual(5);
    if (load) await expectLoadedOnce(at);
  });

  test("SFTP is out of reach after Connect took the job: it says so, and resuming loads it", async () => {
    const at = await connectPlace();
    const job = await askForExport(at.context, wish("July"));
    at.sandbox.faults.refuseLogins = 1;
    await expect(awaitExports(at.context, [job], { load: true })).rejects.toMatchObject({
      code: "login_refused",
      message: expect.stringContaining('Connect was asked for "July"'),
      hint: expect.stringContaining("signalhouse export --resume"),
    });
    await awaitExports(at.context, await jobs(at), { load: true });
    await expectLoadedOnce(at);
  });

  test("an API out of reach: the job is marked, nothing is asked", async () => {
    const at = await connectPlace();
    const api = connectApi({ endpoint: await closedUrl(), apiKey: "k", timeoutSeconds: 1, retries: 1, backoffMs: 1 });
    await expect(askForExport({ ...at.context, api }, wish("July"))).rejects.toMatchObject({ code: "api_unreachable" });
    expect(await jobs(at)).toMatchObject([{ status: "failed", error: expect.stringContaining("127.0.0.1") }]);
  });
});

test("nothing but exports is written to the server", async () => {
  const at = await connectPlace();
  const job = await askForExport(at.context, wish("July"));
  await awaitExports(at.context, [job], { load: true });
  expect(readdirSync(join(at.served, "Export/Signals"))).toEqual(["signalhouse"]);
});
