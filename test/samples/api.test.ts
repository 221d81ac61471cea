/** The GraphQL half of the sandbox, over real HTTP. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Clock, realClock } from "../../pipeline/common/clock.ts";
import { connectSftp } from "../../pipeline/sftp/server.ts";
import { generateWindow } from "../../samples/generator/window.ts";
import { type ApiFaults, type ApiOptions, makeKeyPair, type Sandbox, type SandboxApi, startSandbox } from "../../samples/sandbox/sandbox.ts";
import { type ConfigInput, readConfig } from "../../schemas/config.ts";
import { LISTED_TYPES } from "../../schemas/signal-types.ts";
import { failureOf } from "../helpers/errors.ts";

const DAY = 86_400_000;
/** What the sandbox's clock shows: Wednesday, a minute before midnight. */
const NOW = Date.UTC(2025, 6, 2, 23, 59);
const clockAt = (now: () => number): Clock => ({ ...realClock, now });
const pair = makeKeyPair();

let scratch: string;
let folder: string;
let ends: (() => unknown)[];

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "sandbox-api-test-"));
  folder = join(scratch, "served");
  mkdirSync(join(folder, "Export/Signals"), { recursive: true });
  ends = [() => rmSync(scratch, { recursive: true })];
});

afterEach(async () => {
  for (const end of ends.toReversed()) await end();
});

async function start(options: ApiOptions = {}): Promise<Sandbox & { api: SandboxApi }> {
  const sandbox = await startSandbox({ folder, authorizedKeys: [pair.publicKey], api: { clock: clockAt(() => NOW), ...options } });
  ends.push(() => sandbox.close());
  if (!sandbox.api) throw new Error("the sandbox has no API");
  return { ...sandbox, api: sandbox.api };
}

interface Answer {
  status: number;
  text: string;
  data: Record<string, Record<string, unknown> | null> | null | undefined;
  error: { message: string; extensions?: { code: string } } | undefined;
}

async function post({ url, key }: SandboxApi, body: string, init: RequestInit = {}): Promise<Answer> {
  const headers = { "content-type": "application/json", "x-api-key": key };
  const response = await fetch(url, { method: "POST", headers, body, ...init });
  const text = await response.text();
  const json = (/json/.test(response.headers.get("content-type") ?? "") ? JSON.parse(text) : {}) as {
    data?: Answer["data"];
    errors?: NonNullable<Answer["error"]>[];
  };
  return { status: response.status, text, data: json.data, error: json.errors?.[0] };
}

const ask = (api: SandboxApi, query: string, variables?: object, init?: RequestInit) => post(api, JSON.stringify({ query, variables }), init);

/** The arguments of an export that Connect takes. */
const GOOD = {
  jobName: '"Orders of July 1"',
  signalTypes: '["order", "emailClick"]',
  timestampStart: '"2025-07-01T00:00:00.000Z"',
  timestampEnd: '"2025-07-01T23:59:59.999Z"',
  more: "",
};

function mutation(change: Partial<typeof GOOD> = {}): string {
  const { jobName, signalTypes, timestampStart, timestampEnd, more } = { ...GOOD, ...change };
  const signals = `signalTypes: ${signalTypes} timestampStart: ${timestampStart} timestampEnd: ${timestampEnd}`;
  return `mutation { exportSignals(jobName: ${jobName} export: { signals: { ${signals} } } ${more}) { dataJobId path fileFormat } }`;
}

const exportSignals = (api: SandboxApi, change: Partial<typeof GOOD> = {}, init?: RequestInit) => ask(api, mutation(change), undefined, init);
const named = (jobName: string) => ({ jobName: JSON.stringify(jobName) });
const sftp = (fields: string) => ({ more: `to: { sftp: { ${fields} } }` });

const dataJob = async (api: SandboxApi, id: unknown) =>
  (await ask(api, "query ($id: ID!) { dataJob(id: $id) { id name type status startedAt endedAt errors { code message } } }", { id })).data?.[
    "dataJob"
  ];

/** Every file in the served folder. */
const served = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

const rowsOf = (path: string) => parse<Record<string, string>>(gunzipSync(readFileSync(join(folder, path))).toString("utf8"), { columns: true });

describe("an export", () => {
  test("is taken, made and told about", async () => {
    const { api } = await start();
    const { status, data } = await exportSignals(api);
    expect(status).toBe(200);
    const [job] = api.jobs;
    expect(data).toEqual({ exportSignals: { dataJobId: job?.id, path: job?.path, fileFormat: "CSV" } });
    expect(job?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    expect(job).toMatchObject({ name: "Orders of July 1", acceptedAt: NOW });
    expect(job?.request.export.signals.signalTypes).toEqual(["order", "emailClick"]);

    await api.idle();
    expect(job?.path).toBe(`Export/Signals/2025-07-02/Signals_Export_${job?.id.slice(0, 8)}.csv`);
    expect(served()).toEqual([`${job?.path}.gz`]);
    const { size, mtimeMs } = statSync(join(folder, `${job?.path}.gz`));
    expect(job).toMatchObject({ status: "COMPLETED", bytes: size, rows: rowsOf(`${job?.path}.gz`).length });
    expect(mtimeMs).toBe(NOW);
    expect(await dataJob(api, job?.id)).toEqual({
      id: job?.id,
      name: "Orders of July 1",
      type: "EXPORT_SIGNALS",
      status: "COMPLETED",
      startedAt: "2025-07-02T23:59:00.000Z",
      endedAt: "2025-07-02T23:59:00.000Z",
      errors: [],
    });
  });

  test("has the signals that were asked for: types, both ends, seed and rows a day", async () => {
    const { api } = await start({ seed: 5, rowsPerDay: 3_000 });
    await exportSignals(api, sftp('path: "mine.csv"'));
    await api.idle();
    const out = join(scratch, "expected.csv.gz");
    const [from, until] = [Date.UTC(2025, 6, 1), Date.UTC(2025, 6, 1, 23, 59, 59, 999)];
    const truth = await generateWindow({ seed: 5, rowsPerDay: 3_000, signalTypes: ["order", "emailClick"], start: from, end: until, out });
    expect(truth.signals).toBeGreaterThan(100);
    expect(gunzipSync(readFileSync(join(folder, "mine.csv.gz"))).equals(gunzipSync(readFileSync(out)))).toBe(true);
  });

  test("that is asked for twice in parts agrees with itself", async () => {
    const { api } = await start();
    const times = (start: string, end: string) => ({ timestampStart: `"2025-07-${start}"`, timestampEnd: `"2025-07-${end}"` });
    await exportSignals(api, { ...named("a"), ...sftp('path: "a.csv"'), ...times("01T00:00:00Z", "20T00:00:00Z") });
    await exportSignals(api, { ...named("b"), ...sftp('path: "b.csv"'), ...times("10T02:00:00+02:00", "30T00:00:00Z") });
    await api.idle();
    const inBoth = (path: string) => rowsOf(path).filter((row) => (row["TIMESTAMP"] ?? "") > "2025-07-10" && (row["TIMESTAMP"] ?? "") < "2025-07-20");
    expect(inBoth("a.csv.gz").length).toBeGreaterThan(50);
    expect(inBoth("b.csv.gz")).toEqual(inBoth("a.csv.gz"));
  });

  test.each<[string, string, string]>([
    ["a path", 'path: "Behavior Signals/Order/Demo_Export.csv"', "Behavior Signals/Order/Demo_Export.csv"],
    [
      "a folder and a prefix",
      'parentFolder: "Export/Signals/Shop ping-1" namingPrefix: "August_"',
      "Export/Signals/Shop ping-1/August_Signals_Export.csv",
    ],
    ["a folder", 'parentFolder: "Export/Signals/Test"', "Export/Signals/Test/Signals_Export.csv"],
    ["a prefix", 'namingPrefix: "Aug "', "Export/Signals/2025-07-02/Aug Signals_Export.csv"],
  ])("comes where it is wanted: %s", async (_, fields, path) => {
    const { api } = await start();
    expect((await exportSignals(api, sftp(fields))).data).toMatchObject({ exportSignals: { path } });
    await api.idle();
    expect(served()).toEqual([`${path}.gz`]);
  });

  test("grows outside the served folder, and nothing of it is left", async () => {
    const sandbox = await start();
    const { api } = sandbox;
    await exportSignals(api);
    await api.idle();
    expect(readdirSync(scratch).filter((name) => name.startsWith(".sandbox-exports-"))).toHaveLength(1);
    await sandbox.close();
    expect(readdirSync(scratch)).toEqual(["served"]);
  });

  test("fails where nothing can be written beside the served folder; close still ends", async () => {
    folder = join(scratch, "above/served");
    mkdirSync(folder, { recursive: true });
    const sandbox = await start();
    renameSync(join(scratch, "above"), join(scratch, "elsewhere"));
    await exportSignals(sandbox.api);
    await sandbox.api.idle();
    expect(sandbox.api.jobs).toMatchObject([{ status: "FAILED", error: "failed (ENOENT)" }]);
    await sandbox.close();
  });

  test("begins to be made delayMs later; close gives it up", async () => {
    const sandbox = await start({ delayMs: 3_600_000 });
    const { api } = sandbox;
    await exportSignals(api);
    expect(await dataJob(api, api.jobs[0]?.id)).toMatchObject({ status: "RUNNING", endedAt: null });
    await sandbox.close();
    expect(served()).toEqual([]);
    expect(api.jobs).toMatchObject([{ status: "RUNNING", rows: 0 }]);
  });

  test("that cannot be written fails, and does not tell where the folder is", async () => {
    const { api } = await start();
    writeFileSync(join(folder, "taken"), "a file");
    symlinkSync(scratch, join(folder, "way"));
    for (const path of ["taken/a.csv", "way/a.csv"]) await exportSignals(api, { ...named(path), ...sftp(`path: "${path}"`) });
    await api.idle();
    for (const { id } of api.jobs) {
      const job = await dataJob(api, id);
      expect(job).toMatchObject({ status: "FAILED", errors: [{ code: "EXPORT_FAILED" }] });
      expect(JSON.stringify(job)).not.toContain(scratch);
    }
    expect(existsSync(join(scratch, "a.csv.gz"))).toBe(false);
  });
});

describe("checks", () => {
  const cases: [what: string, change: Partial<typeof GOOD>, message: string][] = [
    ["an empty name", { jobName: '" "' }, "jobName is empty"],
    ["no type", { signalTypes: "[]" }, "signalTypes is empty"],
    ["an unknown type", { signalTypes: '["order", "emailclick"]' }, 'Unknown signal type "emailclick"'],
    ["a type that every object has", { signalTypes: '["toString"]' }, 'Unknown signal type "toString"'],
    ["a start without a zone", { timestampStart: '"2025-07-01T00:00:00"' }, "timestampStart is no ISO 8601 time"],
    ["a date", { timestampStart: '"2025-07-01"' }, "timestampStart is no ISO 8601 time"],
    ["a day that does not exist", { timestampEnd: '"2025-02-30T00:00:00Z"' }, "timestampEnd is no ISO 8601 time"],
    ["an hour that does not exist", { timestampEnd: '"2025-02-20T25:00:00Z"' }, "timestampEnd is no ISO 8601 time"],
    ["a number for a time", { timestampEnd: "1751414399999" }, "timestampEnd is no ISO 8601 time"],
    ["an end at the start", { timestampEnd: GOOD.timestampStart }, "timestampStart must be before timestampEnd"],
    ["another folder", sftp('parentFolder: "Reports"'), "parentFolder must start with Export/Signals"],
    ["a folder beside", sftp('parentFolder: "Export/Signals2"'), "parentFolder must start with Export/Signals"],
    ["a dot in the folder", sftp('parentFolder: "Export/Signals/a.b"'), "parentFolder has a character that is not allowed"],
    ["a way out of the folder", sftp('parentFolder: "Export/Signals/../.."'), "parentFolder has a character that is not allowed"],
    ["a slash in the prefix", sftp('namingPrefix: "a/b"'), "namingPrefix has a character that is not allowed"],
    ["a path that is no CSV", sftp('path: "a/b.csv.gz"'), "path must end with .csv"],
    ["an empty path", sftp('path: ""'), "path must end with .csv"],
    ["a path and a folder", sftp('path: "a.csv" parentFolder: "Export/Signals"'), "path cannot be combined with parentFolder or namingPrefix"],
    ["a path and a prefix", sftp('path: "a.csv" namingPrefix: "a"'), "path cannot be combined with parentFolder or namingPrefix"],
    ...["/a.csv", "../a.csv", "a/../../a.csv", "a//b.csv", ".csv", "a/.csv", ".sandbox-parts/a.csv", "a\\\\b.csv", "C:/a.csv"].map(
      (path): [string, Partial<typeof GOOD>, string] => [
        `the path ${path}`,
        sftp(`path: "${path}"`),
        "path must be relative to the subscription directory",
      ],
    ),
    ["no e-mail address", { more: 'notifications: [{ channel: EMAIL destination: "data team" }]' }, '"data team" is no e-mail address'],
  ];

  test.each(cases)("%s is refused", async (_, change, message) => {
    const { api } = await start();
    const answer = await exportSignals(api, change);
    expect(answer).toMatchObject({ status: 200, data: { exportSignals: null }, error: { message, extensions: { code: "INVALID_ARGUMENT" } } });
    expect(api.jobs).toEqual([]);
  });

  test.each<[string, Partial<typeof GOOD>, RegExp]>([
    ["another channel", { more: 'notifications: [{ channel: SMS destination: "a@example.com" }]' }, /"SMS" does not exist/],
    ["a channel as text", { more: 'notifications: [{ channel: "EMAIL" destination: "a@example.com" }]' }, /cannot represent non-enum value/],
    ["an unknown argument", { more: "dryRun: true" }, /Unknown argument "dryRun"/],
    ["no name", { jobName: "null" }, /"String!", found null/],
  ])("%s does not fit the schema", async (_, change, message) => {
    const { api } = await start();
    expect((await exportSignals(api, change)).error?.message).toMatch(message);
    expect(api.jobs).toEqual([]);
  });

  test("variables whose types were guessed do not fit the schema", async () => {
    const { api } = await start();
    const query = mutation({ timestampStart: "$start" }).replace("mutation", "mutation ($start: String!)");
    const { error } = await ask(api, query, { start: "2025-07-01T00:00:00Z" });
    expect(error?.message).toContain('used in position expecting type "DateTime!"');
  });

  test("all 28 types and a notification are taken", async () => {
    const { api } = await start();
    const signalTypes = JSON.stringify(LISTED_TYPES);
    const { error } = await exportSignals(api, { signalTypes, more: 'notifications: [{ channel: EMAIL destination: "data-team@example.com" }]' });
    expect(error).toBeUndefined();
    expect(api.jobs[0]?.request.export.signals.signalTypes).toHaveLength(28);
  });

  test("a name is taken once, also where two ask at once, and where the job failed", async () => {
    const { api } = await start();
    api.faults.failJobs = 1;
    const answers = await Promise.all([exportSignals(api), exportSignals(api)]);
    await api.idle();
    answers.push(await exportSignals(api));
    const refused = answers.filter(({ error }) => error);
    expect(refused).toHaveLength(2);
    for (const { error } of refused)
      expect(error).toMatchObject({ message: 'Job name "Orders of July 1" already exists', extensions: { code: "JOB_NAME_NOT_UNIQUE" } });
    expect(api.jobs).toMatchObject([{ status: "FAILED" }]);
  });

  test("a path is taken once: by a job, or by a file that is there", async () => {
    const { api } = await start({ delayMs: 3_600_000 });
    writeFileSync(join(folder, "there.csv.gz"), "");
    expect((await exportSignals(api, sftp('path: "mine.csv"'))).error).toBeUndefined();
    for (const path of ["mine.csv", "there.csv"]) {
      const { error } = await exportSignals(api, { ...named(path), ...sftp(`path: "${path}"`) });
      expect(error).toMatchObject({ message: `There is a file ${path} already`, extensions: { code: "PATH_NOT_UNIQUE" } });
    }
  });
});

describe("daily limits", () => {
  test.each<[string, Partial<{ jobs: number; rows: number; bytes: number }>, RegExp]>([
    ["jobs", { jobs: 1 }, /^Daily export limit reached: 1 of 1 jobs$/],
    ["rows", { rows: 10 }, /^Daily export limit reached: \d{2,} of 10 rows$/],
    ["bytes", { bytes: 1_000 }, /^Daily export limit reached: \d{4,} of 1000 bytes$/],
  ])("of %s hold until midnight (UTC)", async (_, limit, message) => {
    let now = NOW;
    const { api } = await start({ clock: clockAt(() => now), limits: { jobs: 20, rows: 2_000_000, bytes: 1_000_000_000, ...limit } });
    const all = { signalTypes: JSON.stringify(LISTED_TYPES) };
    expect((await exportSignals(api, all)).error).toBeUndefined();
    await api.idle();
    expect((await exportSignals(api, { ...all, ...named("second") })).error).toMatchObject({
      message: expect.stringMatching(message),
      extensions: { code: "DAILY_LIMIT_REACHED" },
    });
    now += 59_999;
    expect((await exportSignals(api, { ...all, ...named("second") })).error?.extensions?.code).toBe("DAILY_LIMIT_REACHED");
    now += 1;
    expect((await exportSignals(api, { ...all, ...named("second") })).error).toBeUndefined();
  });

  test("are Connect's by default: 20 jobs; what was refused does not count", async () => {
    const { api } = await start({ delayMs: 3_600_000 });
    await exportSignals(api, { signalTypes: "[]" });
    for (let job = 1; job <= 20; job++) expect((await exportSignals(api, named(`job ${job}`))).error).toBeUndefined();
    expect((await exportSignals(api, named("job 21"))).error?.message).toBe("Daily export limit reached: 20 of 20 jobs");
  });

  test("rows count on the day on which their job was taken", async () => {
    let now = NOW;
    const { api } = await start({ clock: clockAt(() => now), limits: { jobs: 20, rows: 1, bytes: 1e9 } });
    await exportSignals(api);
    now += DAY; // the file comes, or is there, tomorrow
    await api.idle();
    expect((await exportSignals(api, named("tomorrow"))).error).toBeUndefined();
  });
});

describe("requests", () => {
  test("with a wrong key or none are forbidden", async () => {
    const { api } = await start();
    for (const headers of [{}, { "x-api-key": "wrong" }, { "x-api-key": `${api.key} x` }]) {
      const { status, text } = await exportSignals(api, {}, { headers });
      expect([status, text]).toEqual([403, '{"message":"Forbidden"}']);
    }
    expect(api.jobs).toEqual([]);
  });

  test("need the key that was given, or one that is made up", async () => {
    const { api } = await start({ apiKey: "mine" });
    expect(api.key).toBe("mine");
    expect((await ask(api, "{ __typename }")).data).toEqual({ __typename: "Query" });
    const [one, other] = [(await start()).api.key, (await start()).api.key];
    expect(one).toMatch(/^sandbox-[\w-]{24}$/);
    expect(other).not.toBe(one);
  });

  test("that are none are answered as a gateway does", async () => {
    const { api } = await start();
    const post404 = await post({ ...api, url: `${api.url}graphql` }, "{}");
    const get404 = await fetch(api.url, { headers: { "x-api-key": api.key } });
    expect([post404.status, get404.status]).toEqual([404, 404]);
    for (const body of ["", "{", "[]", '{"query": 1}']) expect((await post(api, body)).status).toBe(400);
    expect((await ask(api, "x".repeat(1_100_000))).status).toBe(413);
    expect((await ask(api, "{ nothing }")).error?.message).toContain('Cannot query field "nothing"');
    expect((await ask(api, "{ dataJob(")).error?.message).toContain("Syntax Error");
  });

  test("for a job that is not there give null", async () => {
    const { api } = await start();
    expect(await dataJob(api, "none")).toBeNull();
  });
});

describe("faults", () => {
  /** Starts with some faults. */
  async function startFaulty(faults: Partial<ApiFaults>): Promise<SandboxApi> {
    const { api } = await start();
    Object.assign(api.faults, faults);
    return api;
  }

  test("timeOutAfterAccepting: the export is taken, its answer is the gateway's", async () => {
    const api = await startFaulty({ timeOutAfterAccepting: 1 });
    expect((await ask(api, "{ __typename }")).status).toBe(200);
    expect((await exportSignals(api, { signalTypes: "[]" })).error).toBeDefined();
    const { status, text } = await exportSignals(api);
    expect([status, text]).toEqual([504, '{"message":"Endpoint request timed out"}']);
    expect(api.faults.timeOutAfterAccepting).toBe(0);
    await api.idle();
    expect(served()).toHaveLength(1);
    expect((await exportSignals(api)).error?.extensions?.code).toBe("JOB_NAME_NOT_UNIQUE");
  });

  test("hangAfterAccepting: the export is taken and never answered; close ends the wait", async () => {
    const sandbox = await start();
    const { api } = sandbox;
    api.faults.hangAfterAccepting = 1;
    const waiting = exportSignals(api).catch(() => "broken off");
    while (api.jobs.length === 0) await new Promise(setImmediate);
    await api.idle();
    expect(served()).toHaveLength(1);
    expect((await exportSignals(api, named("next"))).error).toBeUndefined();
    await sandbox.close();
    expect(await waiting).toBe("broken off");
  });

  test("errorsBesideData and errorsAfterAccepting: the export is taken, whatever the answer says", async () => {
    const api = await startFaulty({ errorsBesideData: 1, errorsAfterAccepting: 1 });
    expect(JSON.parse((await exportSignals(api)).text)).toEqual({ data: null, errors: [{ message: "Execution timed out" }] });
    const { text } = await exportSignals(api, named("next"));
    expect(JSON.parse(text)).toMatchObject({
      data: { exportSignals: { dataJobId: api.jobs[1]?.id } },
      errors: [{ extensions: { code: "INTERNAL_SERVER_ERROR" } }],
    });
  });

  test("tooManyRequests and hangInBody: nothing is done; it is done, and the answer stops", async () => {
    const sandbox = await start();
    const { api } = sandbox;
    Object.assign(api.faults, { tooManyRequests: 1, hangInBody: 1 });
    expect((await ask(api, "{ __typename }")).status).toBe(429);
    const waiting = exportSignals(api).catch(() => "broken off");
    await expect.poll(() => api.faults.hangInBody).toBe(0);
    expect(api.jobs).toHaveLength(1);
    await sandbox.close();
    expect(await waiting).toBe("broken off");
  });

  test("serverErrors: nothing is done", async () => {
    const api = await startFaulty({ serverErrors: 2 });
    expect(await exportSignals(api)).toMatchObject({ status: 503, text: '{"message":"Service Unavailable"}' });
    expect((await ask(api, "{ __typename }")).status).toBe(503);
    expect(api.jobs).toEqual([]);
    expect((await exportSignals(api)).error).toBeUndefined();
  });

  test("malformed: a page of HTML, nothing is done", async () => {
    const api = await startFaulty({ malformed: 1 });
    expect(await exportSignals(api)).toMatchObject({ status: 200, text: expect.stringMatching(/^<!doctype html>/) });
    expect(api.jobs).toEqual([]);
    expect((await exportSignals(api)).error).toBeUndefined();
  });

  test("refuseForTheDay: refused, whatever was used", async () => {
    const api = await startFaulty({ refuseForTheDay: true });
    expect((await exportSignals(api)).error).toMatchObject({
      message: expect.stringMatching(/^Daily export limit reached: /),
      extensions: { code: "DAILY_LIMIT_REACHED" },
    });
    api.faults.refuseForTheDay = false;
    expect((await exportSignals(api)).error).toBeUndefined();
  });

  test("neverArrives, failJobs, emptyFiles: each concerns the next export", async () => {
    const api = await startFaulty({ neverArrives: 1, failJobs: 1, emptyFiles: 1 });
    for (const name of ["never", "fails", "empty", "good"]) {
      await exportSignals(api, { ...named(name), ...sftp(`path: "${name}.csv"`) });
      await api.idle();
    }
    expect(served()).toEqual(["empty.csv.gz", "good.csv.gz"]);
    expect(statSync(join(folder, "empty.csv.gz")).size).toBe(0);
    expect(api.jobs).toMatchObject([
      { status: "RUNNING", rows: 0 },
      { status: "FAILED", rows: 0 },
      { status: "COMPLETED", rows: 0, bytes: 0 },
      { status: "COMPLETED" },
    ]);
    expect(await dataJob(api, api.jobs[0]?.id)).toMatchObject({ status: "RUNNING", endedAt: null, errors: [] });
    expect(await dataJob(api, api.jobs[1]?.id)).toMatchObject({
      status: "FAILED",
      endedAt: "2025-07-02T23:59:00.000Z",
      errors: [{ code: "EXPORT_FAILED", message: "The export could not be made" }],
    });
    expect(api.faults).toMatchObject({ neverArrives: 0, failJobs: 0, emptyFiles: 0 });
  });

  test("noDataJob: the schema does not have it", async () => {
    const api = await startFaulty({ noDataJob: true });
    expect((await ask(api, '{ dataJob(id: "a") { status } }')).error?.message).toContain('Cannot query field "dataJob"');
    expect((await exportSignals(api)).error).toBeUndefined();
  });

  test("latencyMs: requests are worked off later; close does not wait for them", async () => {
    const sandbox = await start();
    const { api } = sandbox;
    api.faults.latencyMs = 20;
    const began = performance.now();
    await ask(api, "{ __typename }");
    expect(performance.now() - began).toBeGreaterThanOrEqual(19);
    api.faults.latencyMs = 3_600_000;
    const waiting = exportSignals(api).catch(() => "broken off");
    await sandbox.close();
    expect(await waiting).toBe("broken off");
    expect(api.jobs).toEqual([]);
  });
});

describe("the public key", () => {
  const register = (api: SandboxApi, publicKey: string) =>
    ask(api, "mutation ($publicKey: String!) { updatePublicKeyForConnectUser(publicKey: $publicKey) { publicKey } }", { publicKey });

  /** Logs in with a private key and out again. */
  async function login(sandbox: Sandbox, privateKey: string): Promise<string> {
    const keyFile = join(mkdtempSync(join(scratch, "key-")), "key");
    writeFileSync(keyFile, privateKey, { mode: 0o600 });
    const { host, port, user, fingerprints } = sandbox;
    const input: ConfigInput = { sftp: { host, port, user, keyFile, hostKeys: fingerprints, retries: 0 } };
    const { sftp } = readConfig(input, "the test");
    if (!sftp) throw new Error("no sftp");
    const server = await connectSftp({ ...sftp, host });
    await server.close();
    return server.root;
  }

  test("that is registered logs in, the one before does no longer", async () => {
    const sandbox = await start();
    const next = makeKeyPair("next");
    expect(await login(sandbox, pair.privateKey)).toBe("/");
    expect((await failureOf(login(sandbox, next.privateKey))).code).toBe("login_refused");
    expect((await register(sandbox.api, `${next.publicKey}\n`)).data).toEqual({ updatePublicKeyForConnectUser: { publicKey: next.publicKey } });
    expect(await login(sandbox, next.privateKey)).toBe("/");
    expect((await failureOf(login(sandbox, pair.privateKey))).code).toBe("login_refused");
    expect((await ask(sandbox.api, "{ getConnectUser { userLogin publicKey } }")).data).toEqual({
      getConnectUser: { userLogin: sandbox.user, publicKey: next.publicKey },
    });
  });

  test.each([
    ["no key", "ssh-ed25519 nothing"],
    ["a private key", makeKeyPair().privateKey],
  ])("%s is refused and not repeated, and the key before stays", async (_, text) => {
    const sandbox = await start();
    const answer = await register(sandbox.api, text);
    expect(answer.error?.extensions?.code).toBe("INVALID_PUBLIC_KEY");
    expect(answer.text).not.toContain(text.split("\n")[1] ?? text);
    expect(await login(sandbox, pair.privateKey)).toBe("/");
  });
});

describe("start and close", () => {
  test("without options there is no API", async () => {
    const sandbox = await startSandbox({ folder, authorizedKeys: [] });
    ends.push(() => sandbox.close());
    expect(sandbox.api).toBeUndefined();
  });

  test("a taken port is an error, and gives the SFTP port back", async () => {
    const first = await start();
    const taken = Number(new URL(first.api.url).port);
    const { port } = await start();
    await ends.pop()?.();
    const failed = startSandbox({ folder, authorizedKeys: [], port, api: { port: taken } });
    expect((await failureOf(failed)).code).toBe("port_taken");
    const again = await startSandbox({ folder, authorizedKeys: [], port });
    await again.close();
  });

  test("close waits for what is being made, frees the port, and may be called again", async () => {
    const sandbox = await start({ rowsPerDay: 20_000 });
    const { api } = sandbox;
    await exportSignals(api);
    // A moment after the timer of the delay: the file is begun, and not there yet.
    await new Promise((resolve) => setTimeout(resolve, 5));
    await Promise.all([sandbox.close(), sandbox.close()]);
    expect(api.jobs).toMatchObject([{ status: "COMPLETED" }]);
    expect(served()).toHaveLength(1);
    expect(readdirSync(scratch)).toEqual(["served"]);
    await expect(exportSignals(api)).rejects.toThrow("fetch failed");
    await start({ port: Number(new URL(api.url).port) });
  });
});
