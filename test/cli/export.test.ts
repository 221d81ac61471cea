/** export, backfill and watch as a user runs them, against the sandbox, whose clock they have. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { placeOf } from "../../sinks/places.ts";
import { realClock } from "../../pipeline/common/clock.ts";
import { openWarehouse } from "../../sinks/warehouse.ts";
import { cli, startCli, writeConfig } from "../helpers/cli.ts";
import { apiServer, closedUrl } from "../helpers/api-server.ts";
import { type ConnectPlace, connectPlace, expected, found } from "../helpers/connect.ts";

const json = (text: string) => JSON.parse(text) as Record<string, unknown>;

const place = () => connectPlace({ exports: { pollSeconds: 0.05, lookMinutes: 0.01, deadlineHours: 0.01 } });
/** Where commands are that wait as long as the sandbox does. */
const within = ({ folder: cwd, clock }: ConnectPlace) => ({ cwd, clock });
const WINDOW = ["--types", "order,emailClick", "--from", "2025-07-01", "--to", "2025-07-03"];

async function expectWindow(at: ConnectPlace): Promise<void> {
  const truth = await at.truth(["order", "emailClick"], "2025-07-01T00:00:00Z", "2025-07-03T23:59:59.999Z");
  expect(truth.signals).toBeGreaterThan(10);
  expect(await at.look((scratch) => found(scratch))).toEqual(expected(truth));
}

describe("export", () => {
  test("--sync asks, waits and loads; whole days in UTC", async () => {
    const at = await place();
    const { code, stdout, stderr } = await cli(
      ["export", ...WINDOW, "--job-name", "July", "--notify", "ana@example.com", "--sync", "--log-level", "debug"],
      within(at),
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/July +loaded +Export\/Signals\/signalhouse\/July_Signals_Export\.csv\.gz +\d+ records, \d+ new, 0 rejected/);
    expect(stdout + stderr).not.toContain(at.api.key);
    expect(at.api.jobs[0]?.request).toMatchObject({
      jobName: "July",
      export: {
        signals: { signalTypes: ["order", "emailClick"], timestampStart: "2025-07-01T00:00:00.000Z", timestampEnd: "2025-07-03T23:59:59.999Z" },
      },
      notifications: [{ destination: "ana@example.com" }],
    });
    await expectWindow(at);
    expect((await cli(["export", "--resume"], within(at))).stdout).toBe("No export is under way.\n");
  });

  test("waiting shows that it waits: once in a log, with the time on a terminal, where the load has a bar, too; not with --quiet", async () => {
    const at = await place();
    const says = /waiting for the file of export "(?:Log|Terminal)", until 2025-07-10 09:00 UTC at most; it is looked for every 0\.05 s/g;
    const ended = async (name: string, ...more: string[]) => {
      const { code, stderr } = await cli(["export", ...WINDOW, "--job-name", name, "--sync", ...more], {
        ...within(at),
        terminal: name === "Terminal",
      });
      expect({ code, stderr }).toMatchObject({ code: 0 });
      return stderr;
    };
    const log = await ended("Log");
    expect(log.match(says)).toHaveLength(1);
    expect(log).toMatch(/loaded Export\/Signals\/signalhouse\/Log_Signals_Export\.csv\.gz: \d+ records/);
    const shown = await ended("Terminal");
    expect(shown).toMatch(/0:00 {2}waiting for the file of export "Terminal", until /);
    expect(shown).toMatch(/\[=+ *\] +\d+%/);
    expect(await ended("Quiet", "--quiet")).toBe("");
  });

  test("asked for, and later --resume --sync, with --json", async () => {
    const at = await place();
    const asked = await cli(["export", ...WINDOW, "--json"], within(at));
    expect(json(asked.stdout)).toMatchObject({ jobs: [{ status: "asked", job_id: at.api.jobs[0]?.id }] });
    expect(asked.stderr).toContain("export --resume");
    expect(json((await cli(["status", "--json"], within(at))).stdout)).toMatchObject({
      quota: { used: { jobs: 1 }, left: { jobs: 19 } },
      exports: [{ status: "asked" }],
    });
    expect((await cli(["status"], within(at))).stdout).toMatch(/quota left today +19 exports/);
    const resumed = await cli(["export", "--resume", "--sync", "--json"], within(at));
    expect(json(resumed.stdout)).toMatchObject({ jobs: [{ status: "loaded", load: { status: "loaded", rejected: 0 } }] });
    await expectWindow(at);
  });

  test("a type that Connect does not list is asked for, with a warning; a backfill warns of it, too", async () => {
    const at = await place();
    const warning = /"removedFromCart" is not on Connect's list of signal types: it is asked for all the same/;
    const types = ["--types", "order,removedFromCart", "--from", "2025-07-01", "--to", "2025-07-03"];
    const { code, stderr } = await cli(["export", ...types], within(at));
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(warning) });
    expect(stderr).not.toContain('"order" is not');
    expect(at.api.jobs[0]?.request.export.signals.signalTypes).toEqual(["order", "removedFromCart"]);
    const span = ["--types", "order,removedFromCart", "--from", "2025-06-01", "--to", "2025-06-01"];
    const plan = await cli(["backfill", "plan", ...span, "--json"], within(at));
    expect({ code: plan.code, stderr: plan.stderr }).toEqual({ code: 0, stderr: expect.stringMatching(warning) });
    expect(plan.stdout).toContain("removedFromCart");
    const slip = await cli(["backfill", "plan", ...span.with(1, "order,emailClik")], within(at));
    expect(slip.stderr).toContain("Did you mean emailClick? ");
  });

  test("Ctrl-C while it waits; a later sync loads it", async () => {
    const at = await place();
    writeConfig(at.folder, { ...at.input, exports: { pollSeconds: 3600 } });
    const { interrupt, said, ended } = startCli(["export", ...WINDOW, "--sync"], {
      cwd: at.folder,
      clock: { ...realClock, now: () => at.clock.now() },
    });
    await said(/it is taken once it stays so|Connect took/);
    interrupt("SIGINT");
    // Run again it would be another export.
    const { code, stderr } = await ended;
    expect({ code, stderr }).toEqual({
      code: 130,
      stderr: expect.stringMatching(/-> Nothing is lost\. Go on with: signalhouse export --resume --sync\..*\[interrupted\]$/m),
    });
    expect(stderr).not.toContain("Run it again");
    await at.api.idle();
    expect((await cli(["sync"], within(at))).code).toBe(0);
    await expectWindow(at);
    expect((await cli(["export", "--resume"], within(at))).stdout).toContain("No export");
  });

  test.each<[string, string[], RegExp]>([
    ["nothing", [], /needs --types, --from, --to[^]*For example/],
    ["no end", ["--types", "order", "--from", "2025-07-01"], /needs --to/],
    ["a type in another spelling", ["--types", "emailclick", "--from", "2025-07-01", "--to", "2025-07-02"], /Connect spells it emailClick/],
    ["no type's name", ["--types", "order;drop", "--from", "2025-07-01", "--to", "2025-07-02"], /--types has "order;drop"[^]*emailClick,order/],
    ["a wrong time", ["--types", "order", "--from", "1.7.2025", "--to", "2025-07-02"], /--from is "1\.7\.2025"[^]*2025-07-01/],
    ["an end before its start", ["--types", "order", "--from", "2025-07-03", "--to", "2025-07-02"], /--from .* is not before --to/],
    ["a path beside a folder", [...WINDOW, "--path", "a.csv", "--folder", "Export/Signals/a"], /--path stands beside/],
    ["a path without .csv", [...WINDOW, "--path", "a.txt"], /--path is "a\.txt"[^]*\.csv/],
    ["a folder elsewhere", [...WINDOW, "--folder", "Reports"], /--folder is "Reports"[^]*Export\/Signals/],
    ["no address", [...WINDOW, "--notify", "ana"], /--notify is "ana"[^]*data-team@example\.com/],
    ["a window beside --resume", [...WINDOW, "--resume"], /--types stands beside --resume/],
  ])("%s is refused before anything is asked", async (_, args, says) => {
    const at = await place();
    const { code, stderr } = await cli(["export", ...args], within(at));
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(says) });
    expect(stderr).toContain("[usage]");
    expect(at.api.jobs).toEqual([]);
  });

  test.each<[string, (at: ConnectPlace) => Promise<Partial<ConnectPlace["input"]>> | Partial<ConnectPlace["input"]>, RegExp]>([
    ["no API key", (at) => ({ api: { endpoint: at.api.url } }), /there is no API key[^]*SIGNALHOUSE_API_KEY[^]*\[api_key_missing\]/],
    ["no endpoint", (at) => ({ api: { keyFile: join(at.folder, "api-key") } }), /neither region nor api\.endpoint[^]*\[config_invalid\]/],
    [
      "an API that is not there",
      async (at) => ({ api: { endpoint: await closedUrl(), keyFile: join(at.folder, "api-key"), retries: 0 } }),
      /cannot be reached[^]*\[api_unreachable\]/,
    ],
  ])("%s: what happened, and what to do", async (_, change, says) => {
    const at = await place();
    writeConfig(at.folder, { ...at.input, ...(await change(at)) });
    const { code, stdout, stderr } = await cli(["export", ...WINDOW, "--debug"], within(at));
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(says);
    expect(stdout + stderr).not.toContain(at.api.key);
  });

  test.each<[string, (at: ConnectPlace) => void, RegExp]>([
    ["a job that never arrives", (at) => (at.api.faults.neverArrives = 1), /has not arrived whole within 0\.0001 hours[^]*\[export_late\]/],
    ["a job that fails", (at) => (at.api.faults.failJobs = 1), /could not make the export[^]*Job monitoring[^]*\[export_failed\]/],
    ["an empty file", (at) => (at.api.faults.emptyFiles = 1), /has no bytes[^]*\[file_empty\]/],
    ["SFTP out of reach", (at) => (at.sandbox.faults.refuseLogins = 9), /Connect was asked for "July"[^]*export --resume[^]*\[login_refused\]/],
  ])("%s: exit code 1, and it says so", async (_, fault, says) => {
    const at = await place();
    writeConfig(at.folder, { ...at.input, exports: { pollSeconds: 0.05, deadlineHours: 0.0001 } });
    fault(at);
    const { code, stderr } = await cli(["export", ...WINDOW, "--job-name", "July", "--sync", "--debug"], within(at));
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(says) });
    expect(stderr).not.toContain(at.api.key);
  });
});

test("an API that never tells whether it took the export: --quiet does not wait for ever, and says why", async () => {
  const at = await place();
  const { url, asked } = await apiServer({ body: { errors: [{ message: "Execution timed out" }] } });
  const exports = { pollSeconds: 300, lookMinutes: 10, deadlineHours: 0.5 };
  writeConfig(at.folder, { ...at.input, api: { ...at.input.api, endpoint: url }, exports });
  const { code, stdout, stderr } = await cli(["export", ...WINDOW, "--job-name", "July", "--sync", "--quiet"], within(at));
  expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringMatching(/July +asking/) });
  expect(stderr).toMatch(
    /^signalhouse: the export "July" has not come within 0\.5 hours; it is not known[^\n]*Execution timed out[^\n]*\n {2}-> [^]*\[export_late\]\n$/,
  );
  expect(asked).toHaveLength(3);
});

test("an export that is put off for a moment says until when and why, and is asked for then", async () => {
  const at = await place();
  writeConfig(at.folder, { ...at.input, api: { ...at.input.api, retries: 0 } });
  at.api.faults.tooManyRequests = 1;
  const { code, stdout } = await cli(["export", ...WINDOW], within(at));
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/postponed.*put off to \S+ 09:00:20 UTC: .*asked too often/) });
  expect(at.api.jobs).toEqual([]);
  expect((await cli(["export", "--resume", "--sync"], within(at))).code).toBe(0);
  await expectWindow(at);
});

describe("backfill", () => {
  test("plan, run --once and status", async () => {
    const at = await place();
    const args = ["--from", "2025-06-01", "--to", "2025-06-10", "--types", "email,order"];
    const plan = await cli(["backfill", "plan", ...args], within(at));
    expect(plan).toMatchObject({ code: 0, stdout: expect.stringMatching(/2025-06-01 to 2025-06-07[^]*2 jobs on 1 day\.\nNothing is known yet of/) });
    expect(at.api.jobs).toEqual([]);
    const status = async () =>
      (json((await cli(["backfill", "status", ...args, "--json"], within(at))).stdout) as { totals: Record<string, number> }).totals;
    expect(await status()).toMatchObject({ missing: 70, loaded: 0 });
    const run = await cli(["backfill", "run", ...args, "--once"], within(at));
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining("Nothing is missing") });
    expect(await status()).toMatchObject({ missing: 0, loaded: 70 });
    expect((await cli(["backfill", "status", ...args], within(at))).stdout).toMatch(/2025-06-01 +LLLLLLL/);
    const truth = await at.truth(
      ["order", "emailSend", "emailDelivery", "emailOpen", "emailClick", "emailFailure", "emailInbound"],
      "2025-06-01T00:00:00Z",
      "2025-06-10T23:59:59.999Z",
    );
    expect(await at.look((scratch) => found(scratch, "2025-06-01", "2025-06-11"))).toEqual(expected(truth));
  });

  test("the margin's hour is not shown as a day with data", async () => {
    const at = await connectPlace({ rowsPerDay: 2000, exports: { pollSeconds: 0.05 } });
    const day = ["--from", "2025-07-05", "--to", "2025-07-05", "--types", "pageView"];
    const run = await cli(["backfill", "run", ...day, "--once", "--json"], within(at));
    expect(json(run.stdout)).toMatchObject({ jobs: [{ status: "loaded", from: "2025-07-05T00:00:00.000Z", to: "2025-07-05T23:59:59.999Z" }] });
    const rows = async (where: string) => Number(await at.look((scratch) => scratch.value(`SELECT count(*) FROM page_views WHERE ${where}`)));
    // It is there, before and after the day.
    expect(await rows("occurred_at < '2025-07-05'")).toBeGreaterThan(0);
    expect(await rows("occurred_at >= '2025-07-06'")).toBeGreaterThan(0);
    const whole = await rows("occurred_at >= '2025-07-05' AND occurred_at < '2025-07-06'");

    const status = json((await cli(["status", "--json"], within(at))).stdout);
    expect(status).toMatchObject({
      newest_signal: expect.stringMatching(/^2025-07-05T/) as string,
      signal_types: [{ signal_type: "pageView", newest: expect.stringMatching(/^2025-07-05T/) as string }],
    });
    expect((await cli(["status"], within(at))).stdout).not.toContain("2025-07-06");
    const days = await cli(["backfill", "status", "--from", "2025-07-04", "--to", "2025-07-06", "--types", "pageView"], within(at));
    expect(days.stdout).toMatch(/^2025-07-04 +\.$\n^2025-07-05 +L$\n^2025-07-06 +\.$/m);
    // A day like the one that is there is expected, and the two hours beside it: not a third of it.
    const plan = await cli(["backfill", "plan", "--from", "2025-07-06", "--to", "2025-07-06", "--types", "pageView", "--json"], within(at));
    const { calendar } = JSON.parse(plan.stdout) as { calendar: { rows: number }[] };
    expect(calendar[0]?.rows).toBeCloseTo((whole * 26) / 24, 0);
    // Once the day beside it is asked for as its own, all of it counts.
    await cli(["backfill", "run", "--from", "2025-07-06", "--to", "2025-07-06", "--types", "pageView", "--once"], within(at));
    expect(json((await cli(["status", "--json"], within(at))).stdout)).toMatchObject({
      newest_signal: expect.stringMatching(/^2025-07-06T2/) as string,
    });
  });

  test.each<[string[], RegExp]>([
    [["plan"], /no first day[^]*backfill\.from/],
    [["plan", "--from", "2025-06-01T00:00:00Z"], /not a day/],
    [["status", "--from", "June"], /--from is "June"/],
    [["run", "--from", "2025-06-10", "--to", "2025-06-01"], /after its last day 2025-06-01/],
  ])("%j is refused", async (args, says) => {
    const at = await place();
    expect(await cli(["backfill", ...args], within(at))).toMatchObject({ code: 2, stderr: expect.stringMatching(says) });
  });
});

test("a warehouse from before there were jobs: what only reads says so, what writes mends it", async () => {
  const at = await place();
  const sync = () => cli(["sync"], within(at));
  await sync();
  const warehouse = await openWarehouse(placeOf(at.config.warehouse));
  await warehouse.connection.run("ALTER TABLE signalhouse.jobs DROP COLUMN window_start");
  warehouse.close();
  for (const args of [["status"], ["sync", "--dry-run"], ["backfill", "status", "--from", "2025-06-01"]])
    expect(await cli(args, within(at))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/older signalhouse[^]*signalhouse sync[^]*\[warehouse_older\]/),
    });
  await sync();
  expect((await cli(["status"], within(at))).code).toBe(0);
});

describe("watch", () => {
  test("asks for the days that are missing, loads, tells a line a cycle, and ends well", async () => {
    const at = await place();
    const yesterday = new Date(at.clock.now() - 86_400_000).toISOString().slice(0, 10);
    writeConfig(at.folder, { ...at.input, backfill: { from: yesterday, types: "order,emailClick" } });
    const { interrupt, said, ended } = startCli(["watch", "--every", "1s", "--health", "health.json", "--metrics", "watch.prom"], within(at));
    await said(/cycle of .* 1 file loaded/);
    await said(/cycle of [^\n]*1 file loaded[^]*cycle of /);
    interrupt("SIGTERM");
    expect((await ended).code).toBe(0);
    const truth = await at.truth(["order", "emailClick"], `${yesterday}T00:00:00Z`, `${yesterday}T23:59:59.999Z`);
    const next = new Date(Date.parse(yesterday) + 86_400_000).toISOString().slice(0, 10);
    expect(await at.look((scratch) => found(scratch, yesterday, next))).toEqual(expected(truth));
    expect(at.api.jobs).toHaveLength(1);
    // Each cycle is a run, and what it loaded is known as its.
    const runs = await at.look((scratch) =>
      scratch.rows(
        "SELECT command, exit_code, error, (SELECT count(*) FROM signalhouse.loads l WHERE l.run_id = r.run_id)::INTEGER AS files FROM signalhouse.runs r ORDER BY run_id",
      ),
    );
    expect(new Set(runs.map(({ command }) => command))).toEqual(new Set(["watch"]));
    expect(runs.map(({ files }) => files).filter(Boolean)).toEqual([1]);
    expect(runs.slice(0, -1).filter(({ exit_code }) => exit_code !== 0)).toEqual([]);
    expect(json(readFileSync(join(at.folder, "health.json"), "utf8"))).toMatchObject({
      ok: true,
      failures_in_a_row: 0,
      exports_open: 0,
      error: null,
    });
    const metrics = readFileSync(join(at.folder, "watch.prom"), "utf8");
    expect(metrics).toMatch(
      /^# HELP signalhouse_files_loaded_total .+\n# TYPE signalhouse_files_loaded_total counter\nsignalhouse_files_loaded_total 1$/m,
    );
    expect(metrics).toMatch(/^signalhouse_quota_jobs_used 1$/m);
    expect(metrics.split("\n").every((line) => line === "" || line.startsWith("# ") || /^signalhouse_\w+ -?[\d.e+]+$/.test(line))).toBe(true);
  });

  test("files of health that cannot be written are told, and no reason to end", async () => {
    const at = await place();
    writeConfig(at.folder, { ...at.input, api: { endpoint: at.api.url } });
    const { interrupt, said, ended } = startCli(["watch", "--every", "1s", "--health", "missing/health.json"], within(at));
    await said(/the health of this watch is not told in full: .*missing[^]*check the files of --health and --metrics[^]*cycle of /);
    interrupt("SIGTERM");
    expect((await ended).code).toBe(0);
    // Nothing was loaded, and nothing failed: none of its cycles was a run.
    expect(await at.look((scratch) => scratch.values("SELECT command FROM signalhouse.runs"))).toEqual([]);
  });

  test("a cycle that fails is told, and the next one goes on; without an API key it only loads", async () => {
    const at = await place();
    writeConfig(at.folder, { ...at.input, api: { endpoint: at.api.url } });
    at.sandbox.faults.refuseLogins = 1;
    const { interrupt, said, ended } = startCli(["watch", "--every", "1s", "--health", "health.json"], within(at));
    await said(/there is no API key: exports are loaded, not asked for/);
    await said(/failed: .*\[login_refused\]/);
    await said(/failed: [^]*cycle of [^\n]* 0 files loaded/);
    interrupt("SIGINT");
    expect((await ended).code).toBe(0);
    expect(json(readFileSync(join(at.folder, "health.json"), "utf8"))).toMatchObject({ ok: true, error: null });
    const [first] = await at.look((scratch) => scratch.rows("SELECT command, exit_code, error FROM signalhouse.runs ORDER BY run_id"));
    expect(first).toMatchObject({ command: "watch", exit_code: 1, error: expect.stringContaining("does not let") as string });
  });

  test.each([
    ["--every", "often"],
    ["--every", "0m"],
    ["--every", "500"],
  ])("%s %s is refused", async (...args) => {
    const at = await place();
    expect(await cli(["watch", ...args], within(at))).toMatchObject({ code: 2, stderr: expect.stringMatching(/--every is .*[^]*15m/) });
  });
});
