/** What a command takes from its World it takes from nowhere else, and what it leaves in the process is nothing. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { invocation } from "../../cli/invocation.ts";
import { cli, startCli, workplace } from "../helpers/cli.ts";
import { connectPlace } from "../helpers/connect.ts";
import { csv, pageView, scratchFolder } from "../helpers/warehouse.ts";

test.each<[string, Record<string, string>, string]>([
  ["/home/ana/.npm/_npx/1/node_modules/.bin/signalhouse", { npm_command: "exec" }, "npx signalhouse"],
  ["/usr/local/bin/signalhouse", {}, "signalhouse"],
  ["/home/ana/signalhouse/dist/cli/main.js", { npm_command: "run-script" }, "node ../signalhouse/dist/cli/main.js"],
  ["/srv/main.js", {}, "node /srv/main.js"],
])("called as %s, with %j, it is to be called as %s", (script, env, expected) => {
  expect(invocation({ script, env }, "/home/ana/demo")).toBe(expected);
});

test("commands that run at once have each their own folder, home and environment", async () => {
  const folders = [scratchFolder(), scratchFolder()];
  const doctors = folders.map(async (cwd, index) => {
    writeFileSync(
      join(cwd, "signalhouse.config.json"),
      '{ "api": { "endpoint": "http://127.0.0.1:9" }, "sftp": { "host": "127.0.0.1", "port": 9, "user": "ana", "keyFile": "~/key" } }',
    );
    const { stdout } = await cli(["doctor"], { cwd, env: { SIGNALHOUSE_API_KEY: index === 0 ? "key" : "no key" } });
    return stdout;
  });
  const [first = "", second = ""] = await Promise.all(doctors);
  for (const [stdout, folder] of [
    [first, folders[0]],
    [second, folders[1]],
  ] as const) {
    expect(stdout).toContain(`${folder}/key cannot be read`);
    expect(stdout).toContain(`${folder}/signals.duckdb is not there yet`);
  }
  expect(first).toMatch(/^ok +API key +from SIGNALHOUSE_API_KEY/m);
  expect(second).toMatch(/^failed +API key/m);
});

test("on a terminal a load has a bar, and its lines no time; elsewhere there is none", async () => {
  const { folder: cwd } = await workplace({ files: 1 });
  const elsewhere = await cli(["sync", "--warehouse", "elsewhere.duckdb"], { cwd });
  expect(elsewhere.stderr).toMatch(/^\d{4}-\S+Z connected to /);
  expect(elsewhere.stderr).not.toContain("records/s");
  const { code, stderr } = await cli(["sync"], { cwd, terminal: true });
  expect(code).toBe(0);
  expect(stderr).toMatch(/\[=* *\] +\d+%/);
  expect(stderr.startsWith("\u001b[1G\u001b[2Kconnected to ")).toBe(true);
});

/** What the process has that a command might change, or leave behind. */
const ofTheProcess = () => ({
  cwd: process.cwd(),
  env: { ...process.env },
  exitCode: process.exitCode,
  umask: process.umask(),
  listeners: Object.fromEntries(process.eventNames().map((name) => [name, process.listenerCount(name)])),
  streams: [process.stdin, process.stdout, process.stderr].map((stream) => stream.eventNames().map((name) => stream.listenerCount(name))),
  active: process.getActiveResourcesInfo().toSorted(),
});

test("commands leave nothing behind in the process, and nothing changed", async () => {
  // What the test runner is just about is soon over.
  const isPassing = (resource: string) => resource === "Timeout" || resource.startsWith("FSReq");
  const now = ofTheProcess();
  const before = { ...now, active: now.active.filter((resource) => !isPassing(resource)) };
  const at = await connectPlace();
  const options = { cwd: at.folder, clock: at.clock };
  const codeOf = async (...args: string[]) => (await cli(args, { ...options, input: csv([pageView("1")]) })).code;
  const window = ["--types", "order", "--from", "2025-07-01", "--to", "2025-07-01"];
  expect(await codeOf("export", ...window, "--sync")).toBe(0);
  expect(await codeOf("sync")).toBe(0);
  expect(await codeOf("load", "-")).toBe(0);
  // The sample exports are old: that wants a look.
  expect(await codeOf("doctor")).toBe(3);
  expect(await codeOf("query", "FROM range(2000)")).toBe(0);
  expect(await codeOf("refset", "push", "Orders", "--table", "orders", "--key", "signal_id", "--columns", "signal_id", "--wait")).toBe(0);
  expect(await codeOf("keys", "trust", "--fingerprint", `SHA256:${"w".repeat(43)}`)).toBe(1);
  for (const [args, says] of [
    [["sandbox"], /Ctrl-C ends/],
    [["watch", "--every", "1s"], /cycle of/],
    [["load", "-"], /reading standard input/],
    [["query", "--debug", "SELECT sum(hash(a.range, b.range)) FROM range(10000000) a, range(10000000) b"], / querying/],
  ] as const) {
    const { interrupt, said, ended } = startCli(args, { ...options, keepOpen: true });
    await said(says);
    interrupt("SIGINT");
    await ended;
  }
  await at.sandbox.close();
  // What is being closed is closed in the next rounds of the event loop.
  for (const end = Date.now() + 5000; Date.now() < end && JSON.stringify(ofTheProcess()) !== JSON.stringify(before);) await setImmediate();
  expect(ofTheProcess()).toEqual(before);
});
